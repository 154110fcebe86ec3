"""Translations between made-up APIs whose meaning is known: what is asked of the other is right."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from small_layers import TORCH, layer

from conformance import question as asking
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases.sampling import draws
from conformance.conventions.axes import AXES, CONVENTIONS
from conformance.question import Array
from conformance.runs.profiles import Finding, Profile
from conformance.translate import translation
from conformance.translate.translation import Place

JAX = Place(FRAMEWORKS["jax"], ANY, APIS["jax.lax.conv_transpose"])
KERAS = Place(
    FRAMEWORKS["keras"], Runtime(backend="tensorflow"), APIS["keras.layers.ConvTranspose"]
)


def profile(api: str, *conventions: str, refused: tuple[str, ...] = ()) -> Profile:
    """An API that follows the oracle but for these conventions, and refuses these axes."""
    others = {str(c): c for c in CONVENTIONS}
    chosen = {others[name].axis.name: others[name].choice.name for name in conventions}
    return Profile(
        api,
        tuple(
            Finding(axis, "refused")
            if axis.name in refused
            else Finding(axis, "observed", chosen.get(axis.name, axis.canonical), ("some-case",))
            for axis in AXES
        ),
        (),
    )


PLAIN = profile(TORCH.api.id)
JAX_PROFILE = profile(
    JAX.api.id, "kernel flip: flipped", "padding: pads the input", "valid: length: whole strides"
)


def kernel_by(lines: tuple[str, ...], w: Array) -> Array:
    names = {"np": np, "w": w}
    exec("\n".join(lines), names)
    moved: Array = names["w"]
    return moved


def test_a_kernel_goes_from_one_layout_to_another_in_one_line() -> None:
    found = translation.translate(layer(), TORCH, KERAS, PLAIN)
    assert not isinstance(found, Inexpressible)
    assert found.kernel == ("w = w.transpose(2, 3, 1, 0)",)


def test_a_kernel_read_backwards_is_turned_round() -> None:
    found = translation.translate(layer(), JAX, TORCH, JAX_PROFILE)
    assert not isinstance(found, Inexpressible)
    w = np.arange(36.0).reshape(2, 3, 3, 2)
    assert np.array_equal(kernel_by(found.kernel, w), w[:, :, ::-1, ::-1])
    assert [str(c) for c in found.meaning] == ["kernel flip: flipped"]


def test_an_api_that_flips_twice_leaves_the_kernel_alone() -> None:
    found = translation.translate(layer(), JAX, JAX, JAX_PROFILE)
    assert not isinstance(found, Inexpressible)
    assert found.kernel == ()


def test_padding_of_the_stretched_input_becomes_a_crop() -> None:
    found = translation.translate(layer(padding=((1, 1), (1, 1))), JAX, TORCH, JAX_PROFILE)
    assert not isinstance(found, Inexpressible)
    # reach 3 and 2: of the 2 and 1 elements a full output needs, 1 is there on each side.
    assert found.question.pairs == ((1, 1), (0, 0))


def test_valid_of_whole_strides_becomes_output_padding() -> None:
    asked = layer(stride=(4, 4), padding="valid")
    found = translation.translate(asked, JAX, TORCH, JAX_PROFILE)
    assert not isinstance(found, Inexpressible)
    assert found.question.output_padding == (1, 2)
    assert "output_padding=(1, 2)" in found.call.source


def test_groups_are_one_call_for_an_api_without_them() -> None:
    grouped = layer(kernel=np.zeros((2, 1, 3, 2), np.float32), groups=2)
    found = translation.translate(grouped, TORCH, KERAS, PLAIN)
    assert not isinstance(found, Inexpressible)
    w = np.arange(1.0, 13.0).reshape(2, 1, 3, 2)
    blocks = kernel_by(found.kernel, w)
    assert np.array_equal(blocks[:, :, [0, 1], [0, 1]], np.moveaxis(w[:, 0], 0, -1))
    assert not blocks[:, :, [0, 1], [1, 0]].any()


def test_a_kernel_with_channels_in_its_groups_goes_to_another_function() -> None:
    grouped = layer(
        x=np.zeros((1, 4, 4, 5), np.float32), kernel=np.zeros((4, 3, 3, 2), np.float32), groups=2
    )
    found = translation.translate(grouped, TORCH, JAX, PLAIN)
    assert not isinstance(found, Inexpressible)
    assert "feature_group_count=2" in found.call.source
    w = np.arange(72.0).reshape(4, 3, 3, 2)
    swapped = w.reshape(2, 2, 3, 3, 2).swapaxes(1, 2).reshape(6, 2, 3, 2)
    assert np.array_equal(kernel_by(found.kernel, w), swapped[:, :, ::-1, ::-1])


KERAS_PROFILE = profile(
    KERAS.api.id,
    "same: output padding: half a kernel, centred",
    "valid: length: whole strides",
)


@pytest.mark.parametrize(
    ("changes", "length"),
    [
        # x 1 2 3, w 1 10 100: 1 10 102 20 203 30 300 is cropped by one, or by one at each end.
        ({"padding": "same"}, 6),
        ({"padding": "same", "zero_given": True}, 5),
        # Whole strides, or to the end of the kernel.
        ({"padding": "valid", "stride": (4,)}, 12),
        ({"padding": "valid", "stride": (4,), "zero_given": True}, 11),
    ],
)
def test_0_and_none_are_what_the_first_api_takes_them_for(
    changes: dict[str, object], length: int
) -> None:
    line = layer(
        x=np.zeros((1, 1, 3), np.float32),
        kernel=np.zeros((1, 1, 3), np.float32),
        **{"stride": (2,), "output_padding": (0,), "dilation": (1,), **changes},
    )
    found = translation.translate(line, KERAS, TORCH, KERAS_PROFILE)
    assert not isinstance(found, Inexpressible)
    assert found.question.output_space == (length,)
    assert ("output_padding=0" in found.native.source) == ("zero_given" in changes)


def test_what_the_first_api_refuses_has_no_translation() -> None:
    known = profile(KERAS.api.id, refused=("stride with dilation",))
    asked = layer(stride=(2, 2), dilation=(2, 2), padding="valid")
    found = translation.translate(asked, KERAS, TORCH, known)
    assert found == Inexpressible(
        "keras.layers.ConvTranspose, stride with dilation: it refuses every case of this"
    )


def test_what_the_first_api_has_no_words_for_has_no_translation() -> None:
    found = translation.translate(layer(padding=((1, 1), (1, 1))), KERAS, TORCH, PLAIN)
    assert isinstance(found, Inexpressible)
    assert "padding is 'valid' or 'same'" in found.reason


def test_what_was_not_observed_is_not_guessed() -> None:
    silent = replace(PLAIN, findings=tuple(replace(f, known="no case") for f in PLAIN.findings))
    found = translation.translate(layer(), TORCH, KERAS, silent)
    assert isinstance(found, Inexpressible)
    assert "has not been observed" in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_what_is_meant_has_the_first_apis_answer(seed: int) -> None:
    """Under its conventions the oracle answers the native question as it answers what is meant."""
    for question in islice(draws(seed, ("conv_transpose",)), 100):
        found = translation.translate(question, JAX, TORCH, JAX_PROFILE)
        if isinstance(found, Inexpressible):
            continue
        assert found.question.output_space == asking.answer(found.question).shape[2:]
        assert {name: a.shape for name, a in found.native.arrays.items()} == {
            name: a.shape for name, a in found.call.arrays.items()
        }
