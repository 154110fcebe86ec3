"""``conformance translate --recorded``: a line for each layer of a model, or one in full."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from conformance.adapters.call_source import Inexpressible
from conformance.cli.app import main
from conformance.recorder import Calls
from conformance.translate import translation

TORCH, KERAS = "torch.nn.functional.conv_transpose", "keras.ops.conv_transpose"
LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "a": (TORCH, {"stride": 2, "padding": 1, "output_padding": 1}),
    "b": (TORCH, {"stride": 3, "padding": 0}),
    "c": (KERAS, {"strides": 2, "padding": "same"}),
}


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written = Calls()
    for name, (api, arguments) in LAYERS.items():
        ones = np.ones((1, 2, 2, 2), np.float32)
        arrays = (
            {"input": ones, "weight": np.ones((2, 2, 3, 3), np.float32)}
            if api == TORCH
            else {"inputs": ones, "kernel": np.ones((3, 3, 2, 2), np.float32)}
        )
        written.add(api, {**arrays, "y": np.ones((1, 2, 4, 4), np.float32)}, arguments)
        written.calls[-1]["layer"] = name
    np.savez("calls.npz", **written.arrays())


def translated(*words: str, target: str = KERAS, recorded: str = "calls.npz") -> Result:
    return CliRunner().invoke(
        main, ["translate", "--recorded", recorded, "--to", target, *words], env={"COLUMNS": "200"}
    )


def test_every_layer_is_a_line_with_its_proof() -> None:
    result = translated()
    assert result.exit_code == 0, result.output
    head, *rows = (re.split(" {2,}", line.strip()) for line in result.output.splitlines())
    assert head[0] == "layer"
    assert [row[0].split()[1] for row in rows] == list(LAYERS)
    for row in rows[:2]:
        assert any("w = w.transpose(2, 3, 1, 0)" in cell for cell in row)
    assert all(row[-1].endswith(("case", "cases")) for row in rows)
    assert any("as it is" in cell for cell in rows[2])


def test_a_layer_without_a_translation_says_why_and_the_status_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(translation, "translate", lambda *_: Inexpressible("there are no strides"))
    result = translated()
    assert result.exit_code == 1
    assert result.output.count("none: there are no strides") == len(LAYERS)


def test_one_layer_is_the_call_that_is_typed() -> None:
    one = translated("--layer", "a").output
    words = ["--kernel-size", "3", "--stride", "2", "--padding", "1", "--output-padding", "1"]
    ends = ["--from", TORCH, "--to", KERAS, "--channels", "2", "2"]
    typed = CliRunner().invoke(main, ["translate", *ends, *words])
    assert typed.exit_code == 0
    assert one.replace("(1, 4, 4, 2)", "") == typed.output.replace("(1, 4, 4, 2)", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--stride", "2"), "--stride has no meaning beside --recorded"),
        (("--from", TORCH), "--from has no meaning beside --recorded"),
        (("--verify",), "--verify has no meaning beside --recorded"),
        (("--layer", "d"), "'d' is not one of the layers 000 a, 001 b, 002 c"),
    ],
)
def test_what_has_no_meaning_is_refused(words: tuple[str, ...], sentence: str) -> None:
    result = translated(*words)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_file_of_one_call_is_refused() -> None:
    np.savez("one.npz", x=[1], kernel=[1], y=[1])
    assert "one.npz has one call" in translated(recorded="one.npz").stderr


def test_a_call_of_another_api_is_refused_at_its_layer() -> None:
    np.savez("odd.npz", **{"0/x": [1], "0/kernel": [1], "0/y": [1], "0/layer": "up"})
    result = translated(recorded="odd.npz")
    assert result.exit_code == 2
    assert "odd.npz: layer 0 up: calls of None cannot be translated" in result.stderr


def test_without_a_file_the_arguments_are_needed() -> None:
    result = CliRunner().invoke(main, ["translate", "--to", KERAS])
    assert result.exit_code == 2
    assert "Missing option '--from'" in result.stderr
    assert (
        "--layer is for"
        in CliRunner().invoke(main, ["translate", "--to", KERAS, "--layer", "a"]).stderr
    )
