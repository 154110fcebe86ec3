"""The length of an output: what follows from it, and which lengths there are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from case_files import HEAD, MINIMAL, cases, problems

from conformance import oracle
from conformance.cases.output_lengths import as_asked
from conformance.oracle.geometry import Axes, Pairs
from conformance.question import Question, answer

STRIDED = f"{HEAD}    x: [1, 2, 3]\n    kernel: [1, 10, 100]\n    stride: 2\n"
"""Seven elements, if nothing more is said; what a test adds begins on line 7."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lengths.yaml"


def asked(file: Path, *lines: str, start: str = STRIDED) -> Question:
    (case,) = cases(file, start + "".join(f"    {line}\n" for line in lines))
    assert isinstance(case.question, Question)
    return case.question


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        (("padding: 1", "output_size: 5"), [10, 102, 20, 203, 30]),
        (("padding: 1", "output_size: 6"), [10, 102, 20, 203, 30, 300]),
        (("padding: 1", "output_shape: [1, 1, 6]"), [10, 102, 20, 203, 30, 300]),
        (("padding: valid", "output_size: 8"), [1, 10, 102, 20, 203, 30, 300, 0]),
        (("padding: 0", "output_size: 7"), [1, 10, 102, 20, 203, 30, 300]),
        (("output_size: 7",), [1, 10, 102, 20, 203, 30, 300]),
        (("output_size: 6",), [1, 10, 102, 20, 203, 30]),
        (("output_shape: [5]",), [10, 102, 20, 203, 30]),
        (("output_size: 4",), [10, 102, 20, 203]),
        (("output_size: 9",), [1, 10, 102, 20, 203, 30, 300, 0, 0]),
        (("padding: same", "output_size: 5"), [10, 102, 20, 203, 30]),
        (("output_padding: 1", "output_size: 6"), [10, 102, 20, 203, 30, 300]),
        (
            ("padding: [[1, 0]]", "output_padding: 1", "output_size: 7"),
            [10, 102, 20, 203, 30, 300, 0],
        ),
    ],
)  # fmt: skip
def test_a_length_gives_the_arguments_that_are_left_out(
    file: Path, lines: tuple[str, ...], numbers: list[int]
) -> None:
    assert answer(asked(file, *lines)).ravel().tolist() == numbers


@pytest.mark.parametrize("length", range(7, 10))
@pytest.mark.parametrize("k", range(1, 6))
def test_beside_same_it_is_the_adjoint_of_a_same_convolution_of_that_length(
    file: Path, k: int, length: int
) -> None:
    kernel = [3**i for i in range(k)]
    text = f"{HEAD}    x: [1, -2, 3]\n    kernel: {kernel}\n    stride: 3\n"
    for padding in ("", "padding: same\n    "):
        q = asked(file, f"{padding}output_size: {length}", start=text)
        expected = oracle.conv_input_gradient(
            (1, 1, length), q.kernel, q.x, stride=3, padding="same"
        )
        np.testing.assert_array_equal(answer(q), expected)


@pytest.mark.parametrize("value", ["[5, 8]", "[3, 2, 5, 8]"])
def test_a_length_may_be_one_for_each_axis_or_the_whole_shape(file: Path, value: str) -> None:
    x, kernel = "{shape: [3, 1, 2, 3], fill: 1}", "{shape: [1, 2, 2, 3], fill: 1}"
    start = f"{HEAD}    x: {x}\n    kernel: {kernel}\n"
    q = asked(
        file, "stride: [3, 2]", "padding: [[0, 1], [0, 0]]", f"output_size: {value}", start=start
    )
    assert (q.output_shape, q.output_padding) == ((3, 2, 5, 8), (1, 1))


def test_a_question_knows_what_was_written(file: Path) -> None:
    written = asked(file, "padding: 1", "output_size: 6").length
    assert written is not None
    assert (written.space, written.padding, written.output_padding) == ((6,), ((1, 1),), None)
    alone = asked(file, "output_size: 6", "output_padding: 0").length
    assert alone is not None
    assert (alone.padding, alone.output_padding) == (None, (0,))


@pytest.mark.parametrize(
    ("default", "padding"), [(((0, 0),), ((0, 0),)), ("same", "same")], ids=["numbers", "word"]
)
def test_what_was_left_out_has_the_meaning_of_who_is_asked(
    file: Path, default: Any, padding: Pairs
) -> None:
    q = asked(file, "output_size: 6", "output_padding: 0").as_written(default)
    assert (q.padding, q.output_padding, q.zero_given) == (padding, (0,), True)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("padding: 1", "output_size: 6"),
        ("padding: 1", "output_size: 4"),
        ("padding: same", "output_size: 5"),
        ("output_size: 5",),
        ("padding: [[1, 0]]", "output_padding: 1", "output_size: 7"),
    ],
    ids=str,
)
def test_what_was_written_beside_a_length_is_the_question_again(
    file: Path, lines: tuple[str, ...]
) -> None:
    lines = (*lines, 'expected: {error: "output_size must be at least [5], got [4]"}')
    q = asked(file, *(lines if "output_size: 4" in lines else lines[:-1]))
    again = as_asked(q.as_written(((0, 0),)))
    names = ("padding", "output_padding", "zero_given", "length")
    assert [getattr(again, name) for name in names] == [getattr(q, name) for name in names]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ("padding: 1", "output_size: 4"),
            "8:18: one: output_size must be at least [5], got [4]; padding leaves so many",
        ),
        (
            ("padding: 4", "output_shape: 0"),
            "8:19: one: output_shape must be at least 1 per axis, got 0",
        ),
        (
            ("padding: 1", "output_padding: 1", "output_size: 5"),
            "9:18: one: output_size must be [6], got [5]; padding and output_padding give that",
        ),
        (
            ("output_size: [2, 1, 6]",),
            "7:18: one: output_size must begin with [1, 1], batch and channels of the output, where"
            " it is a whole shape, got [2, 1, 6]",
        ),
        (
            ("output_size: [6, 6]",),
            "7:18: one: output_size must be one number or one for each of 1 axes, got 2 numbers",
        ),
        (
            ("output_size: 6", "output_shape: 6"),
            "8:19: one: output_size and output_shape are two words for one thing; leave one of them"
            " out",
        ),
        (
            ("output_size: 9999999999",),
            "7:18: one: output_size must be at most 2147483647, got 9999999999",
        ),
        (
            ("output_size: 99999999",),
            "2:5: one: the padded array would have 99999999 elements; at most 4194304 are allowed",
        ),
        (("output_size: six",), "7:18: one: output_size must be a whole number or a list of them,"),
        (
            ("op: conv", "output_size: 3"),
            "8:18: one: output_size has no meaning for op conv",
        ),
    ],
)
def test_a_length_that_cannot_be_is_refused_with_those_that_can(
    file: Path, lines: tuple[str, ...], sentence: str
) -> None:
    (wrong,) = problems(file, STRIDED + "".join(f"    {line}\n" for line in lines))
    assert wrong.startswith(sentence)


@pytest.mark.parametrize("length", [4, 3])
def test_a_case_may_expect_that_there_is_no_such_output(file: Path, length: int) -> None:
    error = 'expected: {error: "output_size must be at least [5]"}'
    q = asked(file, "padding: 1", f"output_size: {length}", error)
    with pytest.raises(ValueError, match="must be at least"):
        answer(q)


def test_a_case_whose_length_there_is_expects_no_error(file: Path) -> None:
    text = f"{STRIDED}    padding: 1\n    output_size: 5\n    expected: {{error: at least}}\n"
    (wrong,) = problems(file, text)
    assert "states that the question has no answer" in wrong


def test_the_step_of_a_chain_has_a_length_too(file: Path) -> None:
    step = "{kernel: [1, 10, 100], stride: 2, output_size: 5}"
    (case,) = cases(file, f"{HEAD}    op: chain\n    x: [1, 2, 3]\n    steps: [{step}]\n")
    assert answer(case.question).ravel().tolist() == [10, 102, 20, 203, 30]


def test_lengths_may_vary(file: Path) -> None:
    lengths: list[Axes] = []
    for case in cases(file, f"{STRIDED}    vary: {{output_size: [5, 6, 7]}}\n"):
        assert isinstance(case.question, Question)
        lengths.append(case.question.output_space)
    assert lengths == [(5,), (6,), (7,)]


def test_without_a_length_nothing_was_written(file: Path) -> None:
    assert asked(file, start=MINIMAL).length is None
