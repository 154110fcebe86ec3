"""``conformance diagnose`` of a whole model: the calls that ``conformance.capture`` recorded."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import conformance
from conformance.answers.submission import submission_of
from conformance.cli.app import main
from conformance.conventions.axes import CONVENTIONS
from conformance.conventions.interpretations import answer_under
from conformance.question import Array
from conformance.recorder import Calls

TORCH, KERAS = "torch.nn.functional.conv_transpose", "keras.ops.conv_transpose"
PORTED: tuple[str | None, ...] = (
    None,
    "kernel flip: flipped",
    "kernel channels: exchanged",
    "kernel axes: reversed",
    "input layout: reshaped to channels last",
    "kernel layout: reshaped from space and then channels in reverse",
    None,
    "padding: ignored",
    "position: one later along the first",
    "stride: ignored",
    "output padding: zeros at the end",
    "operator: convolution",
    None,
)
"""What each layer of the ported model does, by the names of conventions."""
ARGUMENTS: dict[str, Any] = {"stride": 2, "padding": 1, "output_padding": 1}
BIAS = np.float32([1, 2, 3])
"""The bias of the layers in torch; a call of Keras' function has none."""


def layer(number: int) -> dict[str, Array]:
    r = np.random.default_rng(number)
    x = r.integers(-3, 4, (1, 3, 4, 5)).astype(np.float32)
    return {"input": x, "weight": r.integers(-3, 4, (3, 3, 3, 3)).astype(np.float32)}


def answered(number: int, name: str | None) -> tuple[Array, Array]:
    """The kernel and the answer of a ported layer."""
    arrays = layer(number)
    question = submission_of({**arrays, **ARGUMENTS, "y": 0}, TORCH).question
    conventions = tuple(c for c in CONVENTIONS if str(c) == name)
    y = answer_under(question, conventions)
    assert y is not None
    return arrays["weight"], y


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls of a model in torch, and of its port to Keras."""
    monkeypatch.chdir(tmp_path)
    original, port = Calls(), Calls()
    for number, name in enumerate(PORTED):
        kernel, right = answered(number, None)
        right = right + BIAS.reshape(-1, 1, 1)
        original.add(TORCH, {**layer(number), "bias": BIAS, "y": right}, ARGUMENTS)
        original.calls[-1]["layer"] = f"decoder.{number}"
        kernel, y = answered(number, name)
        arrays = {
            "inputs": layer(number)["input"].transpose(0, 2, 3, 1),
            "y": np.moveaxis(y, 1, -1),
        }
        port.add(KERAS, {**arrays, "kernel": kernel.transpose(2, 3, 1, 0)}, {"strides": 2})
    np.savez("torch.npz", **original.arrays())
    np.savez("keras.npz", **port.arrays())


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, ["diagnose", *words])


def test_every_layer_is_a_line() -> None:
    result = ran("torch.npz")
    assert result.exit_code == 0
    rows = [line.split() for line in result.output.splitlines()]
    assert rows[0] == ["layer", "answer", "what", "it", "did"]
    assert rows[2] == ["001", "decoder.1", "right"]
    assert len(rows) == 1 + len(PORTED)


def test_of_a_ported_model_every_mistake_is_named() -> None:
    result = ran("keras.npz", "--against", "torch.npz", "--json", "--seconds", "30")
    records = json.loads(result.stdout)
    assert result.exit_code == 1
    for record, name in zip(records, PORTED, strict=True):
        assert record["status"] == ("wrong" if name else "right"), record["layer"]
        assert name is None or [name] in record["conventions"], record["layer"]


def test_one_layer_is_shown_in_full_with_the_right_call() -> None:
    result = ran("keras.npz", "--against", "torch.npz", "--layer", "001")
    assert result.exit_code == 1
    assert "The kernel is read backwards along every axis." in result.output
    assert "y = keras.ops.conv_transpose(x, w" in result.output
    assert "The bias is left out, as keras.ops.conv_transpose has none." in result.output


@pytest.mark.parametrize("name", ["001", "decoder.1", "001 decoder.1"])
def test_a_layer_has_a_number_and_a_name(name: str) -> None:
    assert ran("torch.npz", "--layer", name).output.startswith("The answer is right\n")


def test_the_name_of_a_layer_moves_no_cursor() -> None:
    np.savez("odd.npz", **{"0/x": [1], "0/kernel": [1], "0/y": [1], "0/layer": "a\n\x1b[2J"})
    assert ran("odd.npz").output.splitlines()[1].split() == ["0", r"a\n\x1b[2J", "right"]


def test_a_layer_that_is_not_there_is_refused() -> None:
    result = ran("keras.npz", "--layer", "decoder.1")
    assert result.exit_code == 2
    assert "'decoder.1' is not one of the layers 000, 001, 002" in result.stderr


def test_a_layer_of_a_file_of_one_call_is_refused() -> None:
    np.savez("one.npz", x=[1], kernel=[1], y=[1])
    assert "one.npz has one call, and no layers" in ran("one.npz", "--layer", "1").stderr


@pytest.mark.parametrize(
    "words", [("--api", KERAS), ("-a", "stride=1"), ("--y-layout", "NCHW"), ("--x-name", "a")]
)
def test_an_option_of_one_call_is_refused_for_a_model(words: tuple[str, str]) -> None:
    result = ran("torch.npz", *words)
    assert (result.exit_code, "has no meaning for torch.npz" in result.stderr) == (2, True)


def test_models_of_two_lengths_are_refused() -> None:
    np.savez("short.npz", **{"000/x": [1], "000/kernel": [1], "000/y": [1]})
    result = ran("keras.npz", "--against", "short.npz")
    assert (result.exit_code, "short.npz has 1 calls, and not 13" in result.stderr) == (2, True)


def test_a_port_of_other_channels_is_refused() -> None:
    np.savez("one.npz", **{"000/x": [1], "000/kernel": [1], "000/y": [1]})
    x = np.ones((1, 2, 3))
    np.savez("two.npz", **{"000/x": x, "000/kernel": np.ones((2, 1, 1)), "000/y": [1]})
    result = ran("one.npz", "--against", "two.npz")
    assert "the layer takes (1, 1, 1), and the original (1, 2, 3)" in result.stderr


def test_an_error_names_the_layer() -> None:
    np.savez("wrong.npz", **{"000/x": [1], "000/kernel": [1], "000/y": [1], "000/strid": 1})
    assert "wrong.npz: layer 000: 'strid' is no array" in ran("wrong.npz").stderr


def test_what_capture_writes_is_read(tmp_path: Path) -> None:
    """Without a framework there is nothing to record."""
    with conformance.capture(tmp_path / "none.npz"):
        pass
    assert ran("none.npz").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"strides": 2, "padding": "same"}, "padding ((0, 1),), the original ((0, 0),)"),
        ({"strides": 2, "output_padding": 1}, "output padding (1,), the original (0,)"),
        ({"strides": 2, "dilation_rate": 2}, "dilation (2,), the original (1,)"),
    ],
)
def test_arguments_that_a_port_has_otherwise_are_named(
    arguments: dict[str, Any], words: str
) -> None:
    """A captured port says its arguments, so that nothing has to be guessed from its answer."""
    x, kernel = np.float32([[[1, 2, 3]]]), np.float32([[[1, 10, 100]]])
    original, port = Calls(), Calls()
    arrays = {"input": x, "weight": kernel, "y": conformance.conv_transpose(x, kernel, stride=2)}
    original.add(TORCH, arrays, {"stride": 2})
    y = np.zeros((1, 20, 1), np.float32)  # of no length that a known convention gives
    moved = {"inputs": x.transpose(0, 2, 1), "kernel": kernel.transpose(2, 1, 0)}
    port.add(KERAS, {**moved, "y": y}, arguments)
    np.savez("original.npz", **original.arrays())
    np.savez("port.npz", **port.arrays())
    result = ran("port.npz", "--against", "original.npz")
    assert f"The port has {words}." in " ".join(result.output.split())
