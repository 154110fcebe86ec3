"""Words of ONNX and of APIs that say the length of the output, the padding or a shape."""

from typing import Any

import numpy as np
import pytest

from conformance.adapters.registry import APIS
from conformance.answers.submission import submission_of
from conformance.answers.vocabulary import ONNX as OPERATORS
from conformance.answers.vocabulary import vocabulary_of
from conformance.authoring.call_files import CannotUse
from conformance.question import answer
from conformance.recipes.search import LENGTH

ONNX, TORCH = "onnx.ConvTranspose", "torch.nn.ConvTranspose"
TF, MXNET = "tf.nn.conv_transpose", "mxnet.npx.deconvolution"
KERAS = "keras.layers.ConvTranspose"
EQUINOX, FLAX, HAIKU = "equinox.nn.ConvTranspose", "flax.nnx.ConvTranspose", "haiku.ConvTranspose"
LINE: dict[str, Any] = {"x": [1, 2, 3], "kernel": [1, 10, 100], "y": [0]}
"""Stride 2 gives 1 10 102 20 203 30 300."""


def answered(api: str, **values: Any) -> list[float]:
    numbers = answer(submission_of({**LINE, **values}, api).question)
    assert numbers.shape[:2] == (1, 1)
    return numbers[0, 0].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [  # as onnxruntime 1.23 answers
        ({}, [1, 10, 102, 20, 203, 30, 300]),
        ({"auto_pad": "VALID"}, [1, 10, 102, 20, 203, 30, 300]),
        ({"auto_pad": "NOTSET", "pads": [0, 1]}, [1, 10, 102, 20, 203, 30]),
        ({"pads": [1, 0], "output_padding": [1]}, [10, 102, 20, 203, 30, 300, 0]),
        ({"pads": [1, 2], "dilations": [2]}, [0, 12, 0, 123, 0, 230]),
        ({"auto_pad": "SAME_UPPER"}, [1, 10, 102, 20, 203, 30]),
        ({"auto_pad": "SAME_LOWER"}, [10, 102, 20, 203, 30, 300]),
        ({"output_shape": [6]}, [10, 102, 20, 203, 30, 300]),
        ({"output_shape": [6], "auto_pad": "SAME_UPPER"}, [1, 10, 102, 20, 203, 30]),
        ({"output_shape": [6], "output_padding": [1]}, [10, 102, 20, 203, 30, 300]),
        ({"output_shape": [4]}, [102, 20, 203, 30]),
        ({"output_shape": [8]}, [1, 10, 102, 20, 203, 30, 300, 0]),
        ({"output_shape": [1, 1, 5]}, [10, 102, 20, 203, 30]),
        ({"kernel_shape": [3], "group": 1}, [1, 10, 102, 20, 203, 30, 300]),
    ],
)
def test_a_transposed_convolution_of_onnx(arguments: Any, numbers: list[float]) -> None:
    assert answered(ONNX, strides=[2], **arguments) == numbers


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ({"auto_pad": "SAME_UPPER"}, [321, 43]),
        ({"auto_pad": "SAME_LOWER"}, [210, 432]),
        ({"pads": [2, 0]}, [100, 321]),
    ],
)
def test_a_convolution_of_onnx(arguments: Any, numbers: list[float]) -> None:
    assert answered("onnx.Conv", x=[1, 2, 3, 4], strides=[2], **arguments) == numbers


def test_pads_of_two_axes_are_starts_and_then_ends() -> None:
    arrays = {"x": np.ones((3, 3)), "kernel": np.ones((2, 2)), "y": [0]}
    q = submission_of({**arrays, "pads": [1, 0, 0, 1]}, "onnx.ConvTranspose").question
    assert q.padding == ((1, 0), (0, 1))


@pytest.mark.parametrize(
    ("api", "arguments", "numbers"),
    [
        (TORCH, {"stride": 2, "output_size": [8]}, [1, 10, 102, 20, 203, 30, 300, 0]),
        (TORCH, {"stride": 2, "output_size": 7}, [1, 10, 102, 20, 203, 30, 300]),
        (TF, {"strides": 2, "output_shape": [1, 6, 1]}, [1, 10, 102, 20, 203, 30]),
        (TF, {"strides": 2, "output_shape": [1, 5, 1]}, [10, 102, 20, 203, 30]),
        (
            TF,
            {"strides": [1, 2, 1], "padding": "VALID", "output_shape": [1, 8, 1]},
            [1, 10, 102, 20, 203, 30, 300, 0],
        ),
        (MXNET, {"stride": [2], "target_shape": [6]}, [10, 102, 20, 203, 30, 300]),
        (
            MXNET,
            {"stride": [2], "target_shape": [6], "pad": [7], "adj": [1]},
            [10, 102, 20, 203, 30, 300],
        ),
    ],
)
def test_the_length_of_the_output_in_the_words_of_an_api(
    api: str, arguments: Any, numbers: list[float]
) -> None:
    assert answered(api, **arguments) == numbers


@pytest.mark.parametrize(
    ("api", "arguments", "numbers"),
    [  # 301 10 102 20 203 30 with both ends joined
        (FLAX, {"strides": 2, "padding": "CIRCULAR"}, [301, 10, 102, 20, 203, 30]),
        (
            EQUINOX,
            {"stride": 2, "padding": "SAME", "padding_mode": "CIRCULAR"},
            [301, 10, 102, 20, 203, 30],
        ),
        (EQUINOX, {"stride": 2, "padding_mode": "ZEROS"}, [1, 10, 102, 20, 203, 30, 300]),
        (HAIKU, {"stride": 2, "output_shape": [5]}, [10, 102, 20, 203, 30]),
    ],
)
def test_padding_in_the_words_of_the_libraries_of_jax(
    api: str, arguments: Any, numbers: list[float]
) -> None:
    assert answered(api, **arguments) == numbers


@pytest.mark.parametrize(
    ("api", "arguments", "sentence"),
    [
        (
            EQUINOX,
            {"padding_mode": "CIRCULAR"},
            "padding_mode must be ZEROS, or CIRCULAR with padding SAME, got 'CIRCULAR'",
        ),
        (ONNX, {"kernel_shape": [5]}, "kernel_shape is [5], and the arrays have [3]"),
        (ONNX, {"in_channels": 2}, "in_channels is 2, and the arrays have [1]"),
        (ONNX, {"pads": [1]}, "pads must be 2 numbers, the starts of all axes and"),
        (
            ONNX,
            {"pads": [1, 1], "auto_pad": "VALID"},
            "pads has no meaning with auto_pad VALID",
        ),
        (
            ONNX,
            {"auto_pad": "SAME"},
            "auto_pad must be one of NOTSET, VALID, SAME_UPPER, SAME_LOWER, got 'SAME'",
        ),
        (TORCH, {"output_size": [2]}, "output_size must be at least [5], got [2]"),
        (
            TF,
            {"output_shape": [2, 6, 1]},
            "the output has 1 batch entries and 1 channels, got the shape [2, 6, 1]",
        ),
        (KERAS, {"output_shape": [6]}, "'output_shape' is no array or argument of keras.layers"),
    ],
)
def test_what_contradicts_the_arrays_is_refused(
    api: str, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CannotUse) as error:
        submission_of({**LINE, **arguments}, api)
    assert sentence in str(error.value)


def test_an_api_may_be_named_as_its_class_of_that_rank() -> None:
    submission = submission_of({**LINE, "stride": 2, "padding": 1}, "torch.nn.ConvTranspose1d")
    assert submission.api == TORCH
    with pytest.raises(CannotUse, match="named with 2 spatial axes, and the kernel has 1"):
        submission_of({**LINE, "stride": 2}, "torch.nn.ConvTranspose2d")


def test_every_word_of_onnx_is_known() -> None:
    words = {
        "X", "W", "B", "Y", "auto_pad", "dilations", "group", "kernel_shape", "output_padding",
        "output_shape", "pads", "strides",
    }  # fmt: skip
    assert {*OPERATORS["onnx.ConvTranspose"].parameters} == words


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("torch.nn.ConvTranspos", "; did you mean 'torch.nn.ConvTranspose'?"),
        ("caffe", "; the APIs are onnx.ConvTranspose, onnx.Conv, torch."),
        ("tf.image.resize", "; the APIs are"),
    ],
)
def test_an_unknown_api_is_refused_with_those_that_are_known(name: str, hint: str) -> None:
    with pytest.raises(CannotUse) as error:
        vocabulary_of(name)
    assert f"there is no API {name!r} with a kernel{hint}" in str(error.value)


@pytest.mark.parametrize(
    "api", [api.id for api in APIS.values() if LENGTH in api.parameters.values()]
)
def test_every_api_with_a_word_for_the_length_has_its_meaning(api: str) -> None:
    vocabulary = vocabulary_of(api)
    (word,) = (word for word, key in APIS[api].parameters.items() if key == LENGTH)
    assert vocabulary.parameters[word] == LENGTH
    q = submission_of({**LINE, "stride": 2, "padding": "valid"}).question
    assert vocabulary.resolve(q, {LENGTH: (8,)}).output_space == (8,)
