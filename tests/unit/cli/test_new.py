"""``conformance new``: from flags, prompts or a captured call to a case that holds up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from conformance.authoring.yaml_writer import content_of
from conformance.cases import Case, load
from conformance.cli import case_types
from conformance.cli import new as new_command
from conformance.cli.app import main
from conformance.question import Question, answer
from conformance.recorder import Calls
from conformance.utils import resources

FLAGS = (
    "--id", "my-crop", "--why", "More is cropped at the end than at the start.",
    "--x", "[1, 2, 3]", "--kernel", "[1, 10, 100]", "--padding", "0:1",
)  # fmt: skip
WRITTEN = """\
# Say here what these cases separate, and why people trip there.

cases:
  - id: my-crop
    why: More is cropped at the end than at the start.
    x: [1, 2, 3]
    kernel: [1, 10, 100]
    padding: [[0, 1]]
    # (3 - 1) 1 + 3 - 0 - 1 = 4 elements: the oracle's answer.
    expected: {numbers: [1, 12, 123, 230]}
"""


def new(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["new", *words], input=typed)


def without(flag: str, words: tuple[str, ...] = FLAGS) -> tuple[str, ...]:
    place = words.index(flag)
    return words[:place] + words[place + 2 :]


def question(file: Path) -> Question:
    loaded = load([file])
    assert list(map(str, loaded.problems)) == []
    asked = loaded.cases[-1].question
    assert isinstance(asked, Question)
    return asked


@pytest.fixture(autouse=True)
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of one case, which is read sooner than the whole."""
    folder = tmp_path / "clone" / "cases"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text("cases:\n  - {id: one, why: A., x: [1], kernel: [2]}\n")
    monkeypatch.setattr(resources, "CASES", folder)
    monkeypatch.setattr(new_command, "SCHEMA", folder / "schema.json")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "mine.yaml"


# From flags


def test_a_case_is_written_with_the_oracles_answer() -> None:
    made = new(*FLAGS)
    assert (made.exit_code, made.stdout) == (0, WRITTEN)


def test_it_is_said_beside_the_case_what_it_can_tell_apart() -> None:
    output = "answer layout; kernel flip; operator; padding; padding ends; padding split"
    assert f"my-crop: kills {output}; position; length; survivors: " in new(*FLAGS).stderr


def test_a_file_is_made_where_there_is_none(file: Path) -> None:
    made = new(*FLAGS, "--into", str(file))
    assert (made.exit_code, made.stdout) == (0, "")
    assert file.read_text() == WRITTEN


def test_a_second_case_leaves_the_first_as_it_is(file: Path) -> None:
    new(*FLAGS, "--into", str(file))
    text = file.read_text().replace("cases:", "cases:  # mine")
    file.write_text(text)
    new("--id", "another", *FLAGS[2:], "--into", str(file))
    assert file.read_text().startswith(text)
    assert [case.id for case in load([file]).cases] == ["my-crop", "another"]


def test_a_file_beside_the_schema_says_where_it_is(corpus: Path) -> None:
    new(*FLAGS, "--into", str(corpus / "semantics" / "mine.yaml"))
    text = (corpus / "semantics" / "mine.yaml").read_text()
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../schema.json"


@pytest.mark.parametrize(
    ("words", "key", "said"),
    [
        (("--stride", "2"), "stride", 2),
        (("--stride", "2,3", "--x", "[[1, 2], [3, 4]]", "--kernel", "[[1, 2]]"), "stride", [2, 3]),
        (("--padding", "SAME"), "padding", "same"),
        (("--padding", "1"), "padding", 1),
        (("--adj", "1", "--stride", "2"), "output_padding", 1),
        (("--dilation", "2"), "dilation", 2),
        (("--output-size", "4"), "output_size", 4),
        (("--output-shape", "1,1,4"), "output_size", [1, 1, 4]),
        (("--bias", "[7]"), "bias", [7]),
        (("--dtype", "float64"), "dtype", "float64"),
        (("--op", "conv", "--kernel", "[1, 10]"), "op", "conv"),
        (("--topic", "stride", "--topic", "padding"), "topics", ["stride", "padding"]),
        (("--claim", "D4"), "claims", ["D4"]),
        (("--section", "2.1"), "section", "2.1"),
        (("--x", "shape: [4], arange: 1"), "x", {"shape": [4], "arange": 1}),
        (("--x", "{shape: [4], fill: 2}"), "x", {"shape": [4], "fill": 2}),
    ],
)  # fmt: skip
def test_a_flag_is_a_key_of_the_case(words: tuple[str, ...], key: str, said: object) -> None:
    made = new(*without("--padding"), *words)
    assert made.exit_code == 0, made.output
    assert content_of(made.stdout)["cases"][0][key] == said


def test_a_new_file_may_be_from_a_document(file: Path) -> None:
    new(*FLAGS, "--document", "guide", "A guide", "chapter 2", "--into", str(file))
    (case,) = load([file]).cases
    assert case.document is not None
    assert case.document.source == "chapter 2"


def test_a_question_without_an_answer_can_be_a_case(file: Path) -> None:
    new(*without("--padding"), "--padding", "3", "--no-answer", "--into", str(file))
    assert load([file]).cases[0].expected.error is not None


# What is refused


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (without("--id"), "missing: --id"),
        (without("--kernel"), "missing: --kernel"),
        ((*FLAGS, "--id", "one"), "the id one is taken, at "),
        ((*FLAGS, "--why", "No stop"), "why must be a sentence that ends with a full stop"),
        ((*FLAGS, "--stride", "0"), "stride must be at least 1 per axis, got 0"),
        ((*FLAGS, "--padding", "3"), "at least 1 must remain"),
        ((*FLAGS, "--stride", "two"), "'two' is no number"),
        ((*FLAGS, "--x", "[1, 2"), "'[1, 2' is neither numbers as in"),
        ((*FLAGS, "--x", "5"), "'5' is neither numbers as in"),
        ((*FLAGS, "--x", "shape: [2], integer: [0, 1]"), "x must be a list of numbers, or"),
        ((*FLAGS, "--into", "mine.txt"), "a case file ends in .yaml or .yml, got mine.txt"),
        ((*FLAGS, "--topic", "strides"), "'strides'"),
    ],
)
def test_what_makes_no_case_is_refused_in_a_sentence(words: tuple[str, ...], why: str) -> None:
    made = new(*words)
    assert (made.exit_code, made.stdout) == (2, "")
    assert why in made.stderr
    assert "Traceback" not in made.stderr


def test_nothing_is_written_when_there_is_no_case(file: Path) -> None:
    new(*FLAGS, "--stride", "0", "--into", str(file))
    assert not file.exists()


def test_a_file_that_does_not_hold_up_is_left_alone(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("cases:\n  - id: one\n")
    made = new(*FLAGS, "--into", str(file))
    assert made.exit_code == 2
    assert "does not hold up as it is" in made.stderr
    assert file.read_text() == "cases:\n  - id: one\n"


def test_a_file_that_cannot_be_added_to_is_left_alone(file: Path) -> None:
    file.parent.mkdir()
    text = "cases: [{id: one, why: A., x: [1], kernel: [1]}]\n"
    file.write_text(text)
    made = new(*FLAGS, "--into", str(file))
    assert made.exit_code == 2
    assert "add the case by hand, or name another file" in made.stderr
    assert file.read_text() == text


def test_the_document_of_a_file_is_not_changed(file: Path) -> None:
    new(*FLAGS, "--into", str(file))
    made = new("--id", "two", *FLAGS[2:], "--document", "a", "B", "c", "--into", str(file))
    assert made.exit_code == 2
    assert "said at its head" in made.stderr


# From prompts


def test_nobody_is_asked_where_nobody_is() -> None:
    assert new(typed="my-crop\n").exit_code == 2


def test_what_is_missing_is_asked_for_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_types, "is_terminal", lambda: True)
    made = new(typed=f"my-crop\n{FLAGS[3]}\n[1, 2, 3]\n[1, 10, 100]\n\n0:1\n")
    assert (made.exit_code, made.stdout) == (0, WRITTEN)


def test_what_cannot_be_meant_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_types, "is_terminal", lambda: True)
    made = new(*without("--id"), typed="My Crop\nmy-crop\n\n")
    assert (made.exit_code, made.stdout) == (0, WRITTEN)
    assert "words of a-z and 0-9 joined by single '-'" in made.stderr


def test_what_was_said_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_types, "is_terminal", lambda: True)
    assert new(*FLAGS).stdout == WRITTEN


# From a captured call

Captured = Callable[..., Path]
NAMED = ("--id", "my-layer", "--why", "The layer that went wrong.")


@pytest.fixture
def captured(tmp_path: Path) -> Captured:
    def save(**arrays: object) -> Path:
        whole = {
            "x": np.array([[[1, 2, 3]]], np.float32),
            "kernel": np.array([[[1, 10]]], np.float32),
        }
        named = {name: array for name, array in {**whole, **arrays}.items() if array is not None}
        np.savez(tmp_path / "call.npz", **named)
        return tmp_path / "call.npz"

    return save


def test_a_captured_call_is_a_case(captured: Captured, file: Path) -> None:
    made = new(*NAMED, "--from-npz", str(captured()), "--stride", "2", "--into", str(file))
    assert made.exit_code == 0, made.output
    assert answer(question(file)).tolist() == [[[1, 10, 2, 20, 3, 30]]]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Two calls of a model, as ``conformance.capture`` writes them."""
    calls = Calls()
    x, kernel = np.float32([[[1, 2, 3]]]), np.float32([[[1, 10]]])
    for layer, stride in (("up", 1), ("out", 2)):
        arrays = {"input": x, "weight": kernel, "y": x}
        calls.add("torch.nn.functional.conv_transpose", arrays, {"stride": stride})
        calls.calls[-1]["layer"] = layer
    np.savez(tmp_path / "calls.npz", **calls.arrays())
    return tmp_path / "calls.npz"


@pytest.mark.parametrize("layer", ["001", "out", "001 out"])
def test_a_recorded_layer_is_a_case(recorded: Path, file: Path, layer: str) -> None:
    made = new(*NAMED, "--from-npz", str(recorded), "--layer", layer, "--into", str(file))
    assert made.exit_code == 0, made.output
    assert answer(question(file)).tolist() == [[[1, 10, 2, 20, 3, 30]]]


def test_one_of_several_recorded_layers_has_to_be_named(recorded: Path, captured: Captured) -> None:
    made = new(*NAMED, "--from-npz", str(recorded))
    assert made.exit_code == 2
    assert "has several calls; --layer names one of 000 up, 001 out" in made.stderr
    made = new(*NAMED, "--from-npz", str(captured()), "--layer", "up")
    assert "has one call, and no layers" in made.stderr


def test_the_case_says_what_it_was_captured_from(captured: Captured) -> None:
    said = new(*NAMED, "--from-npz", str(captured()), "--api", "torch.nn.ConvTranspose").stdout
    assert "  # Captured: x (1, 1, 3), kernel (1, 1, 2) of call.npz, a call of torch.nn." in said


def test_arguments_are_taken_from_the_file_too(captured: Captured, file: Path) -> None:
    npz = captured(stride=2, padding="SAME", dilation=[1])
    new(*NAMED, "--from-npz", str(npz), "--into", str(file))
    q = question(file)
    assert (q.stride, q.padding, q.dilation) == ((2,), "same", (1,))


def test_a_flag_has_the_last_word(captured: Captured, file: Path) -> None:
    npz = str(captured(stride=2))
    new(*NAMED, "--from-npz", npz, "--stride", "3", "--into", str(file))
    assert question(file).stride == (3,)


def test_an_output_padding_of_0_stays_one(captured: Captured, file: Path) -> None:
    npz = str(captured(output_padding=0))
    new(*NAMED, "--from-npz", npz, "--into", str(file))
    assert question(file).zero_given


@pytest.mark.parametrize(
    ("api", "arguments", "padding", "length"),
    [
        ((), {"output_size": 6}, None, 6),
        (("--api", "torch.nn.ConvTranspose"), {"output_size": [7]}, ((0, 0),), 7),
        (("--api", "torch.nn.ConvTranspose"), {"output_size": 6, "padding": 1}, ((1, 1),), 6),
        (("--api", "mxnet.npx.deconvolution"), {"target_shape": [4]}, None, 4),
    ],
)  # fmt: skip
def test_the_length_of_a_captured_call_is_kept(
    captured: Captured, file: Path, api: tuple[str, ...], arguments: Any, padding: Any, length: int
) -> None:
    stride = {"stride": 1 if api else 2}
    npz = str(captured(kernel=np.array([[[1, 10, 100]]], np.float32), **stride, **arguments))
    made = new(*NAMED, "--from-npz", npz, *api, "--into", str(file))
    assert made.exit_code == 0, made.output
    written = question(file).length
    assert written is not None
    assert (written.space, written.padding) == ((length,), padding)


def test_the_whole_shape_of_a_captured_call_has_the_layout_of_its_api(
    captured: Captured, file: Path
) -> None:
    kernel = np.ones((3, 2, 1), np.float32)
    npz = captured(
        x=np.ones((2, 3, 1), np.float32), kernel=kernel, strides=2, output_shape=[2, 6, 2]
    )
    api = ("--api", "tf.nn.conv_transpose")
    made = new(*NAMED, "--from-npz", str(npz), *api, "--into", str(file))
    assert made.exit_code == 0, made.output
    q = question(file)
    assert q.output_shape == (2, 2, 6)
    assert q.length is not None
    assert q.length.padding == "same"


def test_a_captured_call_is_not_cropped_where_it_says_its_length(captured: Captured) -> None:
    made = new(*NAMED, "--from-npz", str(captured(output_size=3)), "--crop", "2")
    assert made.exit_code == 2
    assert "--crop changes the length of the output, which the call says" in made.output


def test_what_nobody_gave_is_what_the_api_takes(captured: Captured, file: Path) -> None:
    kernel = np.array([[[1]], [[10]], [[100]]], np.float32)
    npz = captured(x=np.array([[[1], [2], [3]]], np.float32), kernel=kernel, strides=2)
    api = ("--api", "tf.nn.conv_transpose")
    new(*NAMED, "--from-npz", str(npz), *api, "--into", str(file))
    assert question(file).padding == "same"


def test_an_api_tells_how_the_arrays_lie(captured: Captured, file: Path) -> None:
    x = np.arange(8.0, dtype=np.float32).reshape(1, 2, 2, 2)
    kernel = np.arange(24.0, dtype=np.float32).reshape(2, 2, 3, 2)
    npz = captured(x=np.moveaxis(x, 1, -1), kernel=None, w=kernel)
    api = ("--api", "keras.ops.conv_transpose", "--kernel-name", "w")
    new(*NAMED, "--from-npz", str(npz), *api, "--into", str(file))
    q = question(file)
    assert np.array_equal(q.x, x)
    assert np.array_equal(q.kernel, kernel.transpose(3, 2, 0, 1))


def test_layouts_may_be_said_by_names_of_axes(captured: Captured, file: Path) -> None:
    kernel = np.arange(6.0, dtype=np.float32).reshape(2, 3, 1)
    npz = str(captured(kernel=kernel))
    new(*NAMED, "--from-npz", npz, "--kernel-layout", "*k out in", "--into", str(file))
    assert np.array_equal(question(file).kernel, kernel.transpose(2, 1, 0))


def test_a_convolution_has_its_own_kernel_axes(captured: Captured, file: Path) -> None:
    npz = captured(kernel=np.ones((4, 1, 2), np.float32))
    new(*NAMED, "--from-npz", str(npz), "--api", "torch.nn.Conv", "--into", str(file))
    q = question(file)
    assert (q.op, q.output_channels) == ("conv", 4)


def test_the_dtype_is_that_of_the_call(captured: Captured, file: Path) -> None:
    npz = captured(x=np.ones((1, 1, 3)), kernel=np.ones((1, 1, 2)))
    new(*NAMED, "--from-npz", str(npz), "--into", str(file))
    assert question(file).dtype == "float64"


def test_real_numbers_are_kept_when_that_is_said(captured: Captured, file: Path) -> None:
    npz = str(captured(kernel=np.array([[[0.1, 0.7]]], np.float32)))
    assert new(*NAMED, "--from-npz", npz).exit_code == 2
    new(*NAMED, "--from-npz", npz, "--real", "--into", str(file))
    (case,) = load([file]).cases
    assert not case.exact
    assert question(file).kernel.tobytes() == np.array([0.1, 0.7], np.float32).tobytes()


def test_numbers_are_drawn_that_sums_stay_exact_with(captured: Captured, file: Path) -> None:
    """Of 900 products up to 9 the sum may be beyond 2048, where float16 has gaps."""
    npz = captured(x=np.ones((1, 100, 9), np.float16), kernel=np.ones((100, 1, 9), np.float16))
    made = new(*NAMED, "--from-npz", str(npz), "--integers", "5", "--into", str(file))
    assert made.exit_code == 0, made.output
    assert content_of(file.read_text())["cases"][0]["x"]["integers"] == [-2, 2]


def test_a_large_call_is_cropped_when_that_is_said(captured: Captured, file: Path) -> None:
    npz = captured(x=np.ones((8, 64, 9, 9)), kernel=np.ones((64, 2, 3, 3)), groups=32)
    made = new(*NAMED, "--from-npz", str(npz), "--crop", "2", "--into", str(file))
    assert made.exit_code == 0, made.output
    q = question(file)
    assert (q.x.shape, q.kernel.shape, q.groups) == ((2, 4, 2, 2), (4, 2, 3, 3), 2)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--kernel-name", "w"), "the file has no 'w', it has x, kernel"),
        (("--api", "torch.nn.Linear"), "there is no API 'torch.nn.Linear'; near to it: "),
        (("--api", "torch.nn.Conv", "--op", "conv_transpose"), "asked for conv, not for"),
        (("--x", "[1]"), "--x is said, and --from-npz has arrays of its own"),
        (("--x-layout", "N C s"), "the axes of x are named 'N C *s' in some order"),
    ],
)
def test_a_capture_that_makes_no_case_is_refused(
    captured: Captured, words: tuple[str, ...], why: str
) -> None:
    made = new(*NAMED, "--from-npz", str(captured()), *words)
    assert made.exit_code == 2
    assert why in made.stderr


def test_a_case_says_its_reason(file: Path) -> None:
    new(*FLAGS, "--into", str(file))
    case: Case = load([file]).cases[0]
    assert case.why == FLAGS[3]
