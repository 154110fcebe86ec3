"""``conformance translate`` as a person types it: in an empty folder, and with interpreters."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gate_runs import seen, write

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main
from conformance.runs import lookup
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources

LAYER, KERAS, TF = "torch.nn.ConvTranspose", "keras.layers.ConvTranspose", "tf.nn.conv_transpose"
FUNCTION = "torch.nn.functional.conv_transpose"
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without any run, as after `pip install`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def translated(
    *words: str, source: str = LAYER, target: str = KERAS, channels: tuple[int, int] = (4, 6)
) -> Result:
    ends = ("--from", source, "--to", target, "--channels", *map(str, channels))
    if "--kernel-size" not in words:
        ends = (*ends, "--kernel-size", "3")
    return CliRunner().invoke(main, ["translate", *ends, *words])


def line(result: Result, name: str) -> str:
    (found,) = re.findall(rf"^{name}: +(.*)$", result.output, re.MULTILINE)
    return str(found)


# Proofs from what ships


def test_the_readme_s_example_is_proven_in_an_empty_folder() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (words,) = re.findall(r"^conformance (translate (?:.*\\\n)*.*)$", readme, re.MULTILINE)
    result = CliRunner().invoke(main, words.replace("\\\n", " ").split())
    assert result.exit_code == 0, result.output
    assert re.match(r"this recipe .* was run on \d+ case", line(result, "proof"))


def test_a_dilated_layer_is_proven_by_dilated_cases() -> None:
    result = translated("--dilation", "2", target=TF)
    assert result.exit_code == 0, result.output
    proven = int(re.findall(r"was run on (\d+) case", line(result, "proof"))[0])
    plain = int(re.findall(r"was run on (\d+) case", line(translated(target=TF), "proof"))[0])
    assert 0 < proven < plain
    assert "dilation above 1" in line(result, "these")


def test_what_no_case_has_all_arguments_of_is_not_proven() -> None:
    result = translated(
        "--kernel-size", "3,4,5", "--stride", "1,2,3", "--padding", "0,1,2", "--bias"
    )
    assert result.exit_code == 0, result.output
    assert line(result, "proof").startswith("none: no case with all of these arguments")
    assert "--verify runs it" in line(result, "proof")
    assert re.search(r"rank 3 on \d+ cases", line(result, "apart"))


def test_the_runtime_class_can_be_named() -> None:
    dilated = ("--dilation", "2", "--to-class")
    with_onednn = translated(*dilated, "onednn-avx512", target=TF).output
    without = translated(*dilated, "eigen", target=TF).output
    assert "dilations=2" in with_onednn
    assert "zeros put into the kernel" in without


# The length of the output


@pytest.mark.parametrize(
    ("source", "words", "written", "meaning"),
    [
        (
            LAYER,
            ("--padding", "1", "--output-size", "8,10"),
            "y = layer(x, output_size=(8, 10))",
            "padding=1, output_padding=1)",
        ),
        (
            TF,
            ("--output-shape", "8,9"),
            "output_shape=(2, 8, 9, 6), strides=2, padding='SAME')",
            "y = y[:, :, :-1, 1:-1]",
        ),
        (
            "mxnet.npx.deconvolution",
            ("--target-shape", "8,9"),
            "target_shape=(8, 9), num_filter=6",
            "padding=1, output_padding=(1, 0))",
        ),
    ],
)
def test_a_length_is_translated_as_the_first_api_takes_it(
    source: str, words: tuple[str, ...], written: str, meaning: str
) -> None:
    target = "torch.nn.functional.conv_transpose"
    result = translated("--stride", "2", "--size", "4,5", *words, source=source, target=target)
    assert result.exit_code == 0, result.output
    before, after = result.output.split("The same numbers from the other")
    assert written in before
    assert meaning in after


@pytest.mark.parametrize(
    ("source", "words", "sentence"),
    [
        (KERAS, ("--output-size", "8"), "keras.layers.ConvTranspose has no parameter for the leng"),
        (LAYER, ("--output-size", "4"), "output_size must be at least [7, 8], got [4, 4]"),
        (LAYER, ("--output-size", "7,8,9"), "size must be one number or one for each of 3"),
        (LAYER, ("--output-size", "0"), "output-size must be at least 1 per axis, got 0"),
        (LAYER, ("--output-size", "9999999"), "the output of shape 2 x 6 x 9999999 x 9999999"),
        (
            LAYER,
            ("--output-size", "8", "--output-padding", "0"),
            "--output-padding has no meaning beside --output-size",
        ),
    ],
)
def test_a_length_that_cannot_be_is_refused(
    source: str, words: tuple[str, ...], sentence: str
) -> None:
    result = translated("--size", "5,6", *words, source=source, target=TF)
    assert result.exit_code == 2
    assert sentence in result.output.replace("\n", " ")


# What the first API refuses


def test_a_call_that_the_first_api_refuses_is_said_to_be() -> None:
    result = translated("--output-padding", "1")
    assert result.exit_code == 1
    assert result.output.startswith("refused: torch.nn.ConvTranspose")
    assert "output padding must be smaller" in result.output


def test_a_call_that_may_be_refused_is_said_to_be_before_it_is_translated() -> None:
    """Keras counts another length for it, and refuses so long an output padding, or does not."""
    words = ("--padding", "same", "--stride", "2", "--output-padding", "2")
    result = translated(*words, source=KERAS, target=LAYER)
    assert result.exit_code == 0, result.output
    assert re.match(r"maybe: +keras.*output padding must be smaller.*--from-python", result.output)


def test_a_call_that_is_known_to_be_answered_wrongly_is_said_to_be() -> None:
    result = translated("--padding=-1:1", source="jax.lax.conv_transpose", target=LAYER)
    assert result.exit_code == 0, result.output
    assert "answers such calls wrongly: cropped at the start" in line(result, "known")
    assert result.output.index("known: ") < result.output.index("As it was written")


def test_the_refusal_comes_before_what_the_other_cannot_be_asked() -> None:
    result = translated("--padding=-1", "--output-padding", "1", target="jax.lax.conv_transpose")
    assert result.exit_code == 1
    assert result.output.startswith("refused: ")


# What cannot be meant


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--kernel-size", "100000"), "would have 240000000000 numbers; at most 4294967296"),
        (("--size", "100000"), "the input of shape 2 x 4 x 100000 x 100000"),
        (("--stride", "1000000"), "the output of shape"),
        (("--dilation", "1000000"), "the dilated kernel of shape"),
        (("--output-padding", "1000000"), "the output of shape"),
        (("--padding=-1000000",), "the output of shape"),
        (("--padding", "same", "--stride", "1000000"), "the output of shape"),
        (("--stride", "1" + "0" * 30), "at most 4294967296 are allowed"),
        (("--rank", "4"), "4 is not in the range 1<=x<=3: the APIs have 1, 2 or 3 spatial axes"),
        (("--kernel-size", "3,3,3,3"), "--kernel-size has 4 numbers, and the APIs have 1, 2 or 3"),
        (("--padding", "1,1,1,1"), "--padding has 4 numbers"),
        (("--size", "1,2,3,4,5"), "--size has 5 numbers"),
        (("--rank", "2", "--stride", "1,2,3"), "stride must be one number or one for each of 2"),
        (("--groups", "3"), "channels in must be a multiple of groups 3, got 4"),
        (("--from-backend", "jax"), "PyTorch has no backends to choose from, got 'jax'"),
        (("--to-backend", "theano"), "--to-backend: the backend of Keras must be one of jax"),
        (("--to-class", "none"), "in the runtime class 'none', only in eigen"),
        (("--to-class", "eigen", "--to-python", "python"), "--to-class is for no interpreter"),
        (("--run", "none.jsonl"), "none.jsonl: cannot be read"),
        (("--startup", "nan"), "nan is no number of seconds"),
    ],
)
def test_a_sentence_refuses_what_cannot_be_meant(words: tuple[str, ...], sentence: str) -> None:
    result = translated(*words)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr


@pytest.mark.parametrize("channels", [(100_000_000, 1), (1, 10_000_000_000)])
def test_too_many_channels_are_refused(channels: tuple[int, int]) -> None:
    result = translated(channels=channels)
    assert result.exit_code == 2
    assert "at most 4294967296 are allowed" in result.stderr


def test_numbers_for_the_padding_say_how_many_axes_there_are() -> None:
    assert "torch.nn.ConvTranspose3d(" in translated("--padding", "1,0,1").output


def test_a_large_layer_takes_no_memory() -> None:
    """The kernel of 2 GiB is nowhere made."""
    result = translated("--kernel-size", "16", channels=(1024, 2048))
    assert result.exit_code == 0, result.output
    assert line(result, "kernel") == "w = w.transpose(2, 3, 1, 0)"


# What is not known


def test_what_no_case_tells_cannot_be_told(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From one plain case nothing follows for the others."""
    monkeypatch.setattr(resources, "BASELINE", empty / "none")
    case = lookup.case_named("d2l-basic", [])
    one = seen(case.id, api=FUNCTION, content=PreparedCase(case).content)
    of = {"framework": "torch", "backend": None, "apis": {FUNCTION: True}}
    write(empty / "one.jsonl", one, replace(one, mode="recipe"), **of)
    result = translated("--run", "one.jsonl", "--stride", "2", source=FUNCTION, target=FUNCTION)
    assert result.exit_code == 2, result.output
    assert "it cannot be told: torch.nn.functional.conv_transpose" in result.stderr


def test_an_api_that_no_run_observed_cannot_be_told(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "BASELINE", empty / "none")
    result = translated()
    assert result.exit_code == 2
    assert "no run has observed torch.nn.ConvTranspose" in result.stderr


# With interpreters

STUB = """
import os
from types import SimpleNamespace as Names
import numpy as np
from conformance import oracle

__version__ = "9.9"

class Tensor:
    def __init__(self, array): self.array = array
    def numpy(self, force): return self.array

def conv_transpose(x, w, b=None, **arguments):
    x, w, b = (v and v.array for v in (x, w, b))
    y = oracle.conv_transpose(x, w, bias=b, **arguments)
    {change}
    return Tensor(y)

tensor = Tensor
nn = Names(functional=Names(conv_transpose1d=conv_transpose, conv_transpose2d=conv_transpose))
"""


def stub(folder: Path, monkeypatch: pytest.MonkeyPatch, change: str = "") -> str:
    """Puts a PyTorch that asks the oracle, and changes its answer, where this interpreter is."""
    (folder / "stub").mkdir()
    (folder / "stub" / "torch.py").write_text(STUB.replace("{change}", change))
    paths = os.pathsep.join((str(folder / "stub"), str(ROOT)))
    framework = replace(FRAMEWORKS["torch"], variables={"PYTHONPATH": paths})
    monkeypatch.setitem(FRAMEWORKS, "torch", framework)
    return sys.executable


def run_with(python: str, *words: str, options: tuple[str, ...] = ("--to-python",)) -> Result:
    given = [word for option in options for word in (option, python)]
    return translated(*given, *words, source=FUNCTION, target=FUNCTION)


def test_an_interpreter_is_run_where_it_is_named(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_with(stub(empty, monkeypatch), "--bias", "--stride", "2")
    assert result.exit_code == 0, result.output
    assert line(result, "proof") == "none: there is no run of torch 9.9, native"
    assert line(result, "verified").endswith(f"{FUNCTION} (9.9, native) against the oracle")


def test_a_meaning_from_another_version_is_said_to_be(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is what that version refused held against this one, which answers."""
    python = stub(empty, monkeypatch)
    result = run_with(python, "--output-padding", "1", options=("--from-python",))
    assert result.exit_code == 0, result.output
    assert line(result, "meaning").endswith("because there is no run of 9.9, native")


def test_both_are_run_to_verify(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(empty, monkeypatch)
    result = translated("--verify", source=FUNCTION, target=FUNCTION)
    assert result.exit_code == 0, result.output
    assert line(result, "verified").endswith("by running both")


@pytest.mark.parametrize("change", ["y = y + 1", "y = y.astype('float64')", "y = y[:, ::-1]"])
@pytest.mark.parametrize("option", ["--from-python", "--to-python"])
def test_another_answer_is_no_proof(
    empty: Path, monkeypatch: pytest.MonkeyPatch, option: str, change: str
) -> None:
    result = run_with(stub(empty, monkeypatch, change), options=(option,))
    assert result.exit_code == 2
    assert "not verified" in result.stderr


REFUSE = "raise RuntimeError('not today')"


def test_a_refusal_by_the_first_comes_before_anything_is_written(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_with(stub(empty, monkeypatch, REFUSE), options=("--from-python",))
    assert result.exit_code == 1
    assert result.output.startswith(f"refused: {FUNCTION} (9.9, native) refuses this call itself")
    assert "not today" in result.output


def test_a_refusal_by_the_second_is_no_proof(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_with(stub(empty, monkeypatch, REFUSE))
    assert result.exit_code == 2
    assert "not today" in result.stderr


def test_an_api_that_is_missing_there_cannot_be_asked(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = stub(empty, monkeypatch, "pass")
    result = translated("--to-python", python, source=FUNCTION, target=LAYER)
    assert result.exit_code == 2
    assert f"PyTorch 9.9 has no {LAYER}" in result.stderr


def test_what_is_too_large_is_not_run(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_with(stub(empty, monkeypatch), "--kernel-size", "10000")
    assert result.exit_code == 2
    assert "cannot verify: it takes" in result.stderr


@pytest.mark.parametrize("end", ["from", "to"])
def test_a_backend_is_asked_for(empty: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """By whoever runs the interpreter, too."""
    (empty / "keras.py").write_text(
        "import os\nraise ImportError('asked for ' + os.environ['KERAS_BACKEND'])"
    )
    framework = replace(FRAMEWORKS["keras"], variables={"PYTHONPATH": str(empty)})
    monkeypatch.setitem(FRAMEWORKS, "keras", framework)
    words = (f"--{end}-backend", "jax", f"--{end}-python", sys.executable)
    result = translated(*words, source=KERAS, target=KERAS)
    assert result.exit_code == 2
    assert "asked for jax" in result.stderr


def test_a_start_is_not_waited_for_longer_than_is_said(empty: Path) -> None:
    slow = empty / "python"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    result = translated("--to-python", str(slow), "--startup", "0.2")
    assert result.exit_code == 2
    assert "Keras: " in result.stderr
