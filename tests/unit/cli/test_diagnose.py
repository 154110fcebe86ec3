"""``conformance diagnose`` as a person types it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from conformance.cli.app import main

FLIPPED = "x: [1, 2, 3]\nkernel: [1, 10, 100]\nstride: 2\npadding: 1\ny: [10, 201, 20, 302, 30]\n"
RIGHT = FLIPPED.replace("201", "102").replace("302", "203")
JAX = (
    "api: jax.lax.conv_transpose\nlhs: [1, 2, 3]\nrhs: [1, 10, 100]\nstrides: 2\npadding: 1\n"
    "y: [10, 201, 20, 302, 30]\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some answers."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"flipped": FLIPPED, "right": RIGHT, "jax": JAX}.items():
        Path(f"{name}.yaml").write_text(text)
    return tmp_path


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, ["diagnose", *words])


def test_a_wrong_answer_is_explained() -> None:
    result = ran("flipped.yaml")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "The answer is wrong",
        "  Asked: conv_transpose of x (1, 1, 3) with kernel (1, 1, 3), stride 2, padding",
        "  1, float32.",
        "    answer (1, 1, 5)          |   oracle (1, 1, 5)",
        "     10  201*  20  302*  30   |    10  102*  20  203*  30",
        "    2 of 5 numbers differ (*)",
        "  The kernel is read backwards along every axis.",
        "  convention: kernel flip: flipped",
    ]


def test_a_right_answer_ends_with_0() -> None:
    result = ran("right.yaml")
    assert result.exit_code == 0
    assert result.output.startswith("The answer is right\n")


def test_of_an_api_the_right_call_is_written_with_its_proof() -> None:
    result = ran("jax.yaml")
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert "jax.lax.conv_transpose (0.10.2, xla) answers so when it is called so:" in words
    assert "w = w[:, :, ::-1].copy()" in words
    assert "proof: this recipe (kernel flipped) was run on" in words


def test_a_right_answer_of_an_api_needs_no_other_call() -> None:
    result = ran("right.yaml", "--api", "jax.lax.conv_transpose")
    assert result.exit_code == 0
    assert "write" not in result.output


def test_where_no_naive_call_can_be_written_the_right_one_reads_canonical_axes() -> None:
    """Keras takes no numbers of padding."""
    result = ran("flipped.yaml", "--api", "keras.layers.ConvTranspose")
    words = " ".join(result.output.split())
    assert result.exit_code == 1
    assert "The right answer of keras.layers.ConvTranspose" in words
    assert "from arrays in canonical axes: x = x.transpose(0, 2, 1)" in words


def test_a_call_that_cannot_be_written_has_its_reason() -> None:
    result = ran("flipped.yaml", "--api", "torch.nn.functional.conv_transpose(channels_last)")
    words = "There is no call to write instead: there is no memory format for one spatial axis."
    assert result.exit_code == 1
    assert words in " ".join(result.output.split())


def test_of_a_call_that_the_api_itself_refuses_that_is_said() -> None:
    text = "api: torch.nn.ConvTranspose1d\nx: [1]\nkernel: [1, 10]\nstride: 2\ndilation: 3\n"
    Path("longer.yaml").write_text(f"{text}output_size: 6\ny: [1, 0, 0, 10, 0, 0]\n")
    result = ran("longer.yaml")
    assert result.exit_code == 0
    assert "refuses this call: output_size must be less than a stride" in " ".join(
        result.output.split()
    )
    Path("long.yaml").write_text(f"{text}output_size: 5\ny: [1, 0, 0, 10, 0]\n")
    assert "refuses" not in ran("long.yaml").output
    assert json.loads(ran("longer.yaml", "--json").stdout)["refusal"]


def test_of_a_question_without_an_answer_there_is_no_call() -> None:
    Path("none.yaml").write_text("x: [1]\nkernel: [1, 2]\npadding: 3\ny: [7]\n")
    result = ran("none.yaml", "--api", "torch.nn.ConvTranspose")
    assert result.exit_code == 1
    assert "call" not in result.output.partition("It answered:")[2]


def test_of_onnx_it_is_said_that_the_specification_has_other_numbers() -> None:
    text = "X: [1, 2, 3]\nW: [1, 10, 100]\nstrides: [2]\npads: [1, 1]\nY: [10, 201, 20, 302, 30]\n"
    Path("onnx.yaml").write_text(text)
    result = ran("onnx.yaml", "--api", "onnx.ConvTranspose")
    assert result.exit_code == 1
    assert "The specification of ONNX has the oracle's numbers" in result.output


def test_an_npz_file_takes_arguments_names_and_layouts_from_the_command() -> None:
    x, kernel = np.float32([1, 2, 3]).reshape(1, 3, 1), np.float32([1, 10]).reshape(2, 1, 1)
    y = np.float32([1, 10, 2, 20, 3, 30]).reshape(1, 6, 1)
    np.savez("a.npz", input=x, w=kernel, y=y, when=5)
    names = ("--x-name", "input", "--kernel-name", "w", "--ignore", "when")
    layouts = ("--x-layout", "NWC", "--kernel-layout", "WOI")
    assert ran("a.npz", *names, *layouts, "-a", "stride=2").exit_code == 0
    wrong = ran("a.npz", *names, *layouts)
    assert (wrong.exit_code, "convention: " in wrong.output) == (1, False)


def test_a_program_reads_json() -> None:
    result = ran("jax.yaml", "--json")
    record = json.loads(result.stdout)
    assert (result.exit_code, record["status"]) == (1, "wrong")
    assert record["conventions"] == [["kernel flip: flipped"]]
    assert record["question"]["padding"] == [[1, 1]]
    assert record["correction"]["source"].startswith("w = w[:, :, ::-1].copy()\n")
    assert record["correction"]["proof"][0].startswith("proof:")


def test_json_of_a_right_answer_has_no_correction() -> None:
    record = json.loads(ran("right.yaml", "--api", "jax.lax.conv_transpose", "--json").stdout)
    assert (record["status"], "correction" in record) == ("right", False)


# Against another answer


def test_one_answer_is_explained_by_another() -> None:
    result = ran("flipped.yaml", "--against", "right.yaml")
    assert result.exit_code == 1
    assert "  only in flipped.yaml: kernel flip: flipped" in result.output.splitlines()


def test_two_answers_that_are_the_same_end_with_0() -> None:
    assert ran("flipped.yaml", "--against", "jax.yaml").exit_code == 0


def test_the_other_file_may_have_the_answer_alone() -> None:
    Path("other.yaml").write_text("y: [1, 10, 102, 20, 203, 30, 300]\n")
    record = json.loads(ran("flipped.yaml", "--against", "other.yaml", "--json").stdout)
    assert record["only_here"] == ["kernel flip: flipped"]
    assert record["only_there"] == ["padding: ignored"]
    assert not record["same"]


# What cannot be asked


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("none.npz",), "none.npz: cannot be read: No such file or directory"),
        (("a.pt",), "a.pt must end in .npz, .safetensors or .yaml or .yml"),
        (("flipped.yaml", "--api", "caffe"), "there is no API 'caffe' with a kernel"),
        (("flipped.yaml", "-a", "stride=1"), "has 'stride' already; --ignore stride leaves it out"),
        (("flipped.yaml", "-a", "strid=1"), "flipped.yaml:1:1: 'strid' is no array or argument"),
        (("flipped.yaml", "-a", "stride"), "--argument is NAME=VALUE, got 'stride'"),
        (("flipped.yaml", "-a", "bias=[1"), "'[1' is no number, word or list"),
        (("flipped.yaml", "--ignore", "y"), "there is no y; the names are x, kernel, stride, padd"),
        (
            ("flipped.yaml", "--y-name", "z"),
            "the file has no 'z', it has x, kernel, stride, padding",
        ),
        (("flipped.yaml", "--x-layout", "HWC"), "the layout of x must be a name such as NHWC"),
        (("flipped.yaml", "--against", "none.yaml"), "none.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    result = ran(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("conformance diagnose: ")
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("line", "place"), [("strid: 2", "6:1"), ("dilation: 0", "6:1"), ("groups: 2", "1:1")]
)
def test_an_error_has_its_place_in_the_file(line: str, place: str) -> None:
    Path("wrong.yaml").write_text(f"{FLIPPED}{line}\n")
    assert ran("wrong.yaml").stderr.startswith(f"conformance diagnose: wrong.yaml:{place}: ")


def test_answers_to_two_questions_are_refused() -> None:
    Path("other.yaml").write_text(RIGHT.replace("stride: 2", "stride: 1"))
    result = ran("flipped.yaml", "--against", "other.yaml")
    assert (result.exit_code, "two questions: stride is" in result.stderr) == (2, True)


def test_the_search_is_limited_by_the_time_that_is_asked_for() -> None:
    random: Any = np.random.default_rng(0)
    x, kernel = random.integers(-3, 4, (2, 4, 5, 5, 5)), random.integers(-3, 4, (4, 3, 3, 3, 3))
    np.savez("a.npz", x=x, kernel=kernel, y=random.integers(-9, 9, (2, 3, 11, 11, 11)))
    result = ran("a.npz", "-a", "stride=2", "--seconds", "0.000001")
    assert "The search was cut after" in result.output
