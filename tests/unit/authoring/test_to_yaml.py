"""A question in the words of a case file: what is read from them is the question again."""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import asked

from conformance.authoring import to_yaml, yaml_writer
from conformance.cases import Case, load
from conformance.cases.fields import TOPICS
from conformance.cases.sampling import WIDE, draws
from conformance.question import OPS, OutputLength, Question
from conformance.runs.prepared_case import PreparedCase


def test_two_dtypes_and_numbers_that_are_not_finite_are_written(tmp_path: Path) -> None:
    kernel = np.array([[[1, np.inf]]])
    questions = [
        asked(x=np.array([[[1, np.nan, -np.inf]]], np.float32)),
        asked(kernel=kernel, dtype="float64", operand_dtypes=("float32", "float64")),
        asked(
            x=np.array([[[1 + 2j, 3, -0.5j]]], np.complex64),
            dtype="complex64",
            operand_dtypes=("complex64", "float32"),
        ),
    ]
    for q, case in zip(questions, read(questions, tmp_path), strict=True):
        again = case.question
        assert isinstance(again, Question)
        assert (again.dtype, again.operand_dtypes) == (q.dtype, q.operand_dtypes)
        np.testing.assert_array_equal(again.x, q.x)
        np.testing.assert_array_equal(again.kernel, q.kernel)
        assert (again.x.dtype, again.kernel.dtype) == (q.x.dtype, q.kernel.dtype)


def read(questions: list[Question], folder: Path) -> tuple[Case, ...]:
    """What the loader reads from the questions written down."""
    written = (
        yaml_writer.entry(
            {"id": f"case-{n}", "why": "It was.", "topics": to_yaml.topics(q)} | to_yaml.fields(q),
            {},
            2,
        )
        for n, q in enumerate(questions)
    )
    file = folder / "cases.yaml"
    file.write_text("cases:\n" + "\n".join(written), encoding="utf-8")
    loaded = load([file])
    assert loaded.problems == ()
    return loaded.cases


def content(case: Case, question: Question) -> str:
    fields = {**vars(case), "question": question}
    return PreparedCase(Case(**fields)).content


@pytest.mark.parametrize("op", OPS)
def test_a_question_comes_back_to_the_bit(op: Any, tmp_path: Path) -> None:
    questions = list(islice(draws(3, (op,), WIDE), 15))
    for case, question in zip(read(questions, tmp_path), questions, strict=True):
        assert content(case, case.question) == content(case, question)


def test_what_has_its_default_is_not_said() -> None:
    assert set(to_yaml.fields(asked())) == {"x", "kernel"}


def test_an_output_padding_of_0_is_said_where_it_was_given() -> None:
    assert to_yaml.fields(asked(zero_given=True))["output_padding"] == 0


def test_one_image_of_one_channel_is_bare() -> None:
    assert to_yaml.fields(asked())["x"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("length", [2, 3])
def test_a_bare_array_of_three_axes_says_its_rank(length: int, tmp_path: Path) -> None:
    """The longer one has enough equal numbers to be written as a rule."""
    cube = np.ones((1, 1, length, 2, 2), np.float32)
    q = asked(x=cube, kernel=cube, stride=(1, 1, 1), padding=((0, 0),) * 3)
    assert to_yaml.fields(q)["rank"] == 3
    (case,) = read([q], tmp_path)
    assert content(case, case.question) == content(case, q)


def test_one_number_stands_for_all_axes() -> None:
    square = np.ones((1, 1, 2, 2), np.float32)
    q = asked(x=square, kernel=square, stride=(2, 2), dilation=(1, 2), padding=((1, 1),) * 2)
    said = to_yaml.fields(q)
    assert (said["stride"], said["dilation"], said["padding"]) == (2, [1, 2], 1)


@pytest.mark.parametrize(
    ("padding", "said"), [(((0, 1),), [[0, 1]]), ("same", "same"), (((2, 2),), 2)]
)
def test_padding_is_said_as_people_do(padding: Any, said: Any) -> None:
    assert to_yaml.fields(asked(padding=padding))["padding"] == said


def test_an_empty_batch_is_a_rule() -> None:
    q = asked(x=np.zeros((0, 1, 3), np.float32))
    assert to_yaml.fields(q)["x"] == {"shape": [0, 1, 3], "fill": 0}


def test_many_equal_numbers_are_a_rule() -> None:
    q = asked(x=np.ones((1, 1, 500), np.float32))
    assert to_yaml.fields(q)["x"] == {"shape": [500], "fill": 1}


def test_topics_are_what_the_question_is_about() -> None:
    assert to_yaml.topics(asked()) == ("basic",)
    q = asked(stride=(2,), padding="same", dtype="float64", op="conv_transpose_input_gradient")
    assert set(to_yaml.topics(q)) == {"stride", "same", "dtype", "gradients"}


def test_topics_are_those_of_cases() -> None:
    assert {t for q in islice(draws(4, OPS, WIDE), 200) for t in to_yaml.topics(q)} <= set(TOPICS)


TWO = np.ones((1, 2, 3), np.float32)
"""One example of two channels."""


@pytest.mark.parametrize(
    "question",
    [
        asked(unbatched=True),
        asked(
            unbatched=True,
            op="conv_transpose_input_gradient",
            gradient=np.array([[[1, -2, 3, 4]]], np.float32),
        ),
        asked(x=TWO, kernel=TWO[0, :, None], unbatched=True),
        asked(length=OutputLength(space=(4,))),
        asked(length=OutputLength(space=(4,), padding=((0, 0),))),
        asked(length=OutputLength(space=(4,), padding="valid"), padding="valid"),
        asked(length=OutputLength(space=(4,), output_padding=(0,))),
        asked(length=OutputLength(space=(2,)), padding=((1, 1),)),
        asked(length=OutputLength(space=(2,), padding="same"), padding=((1, 1),)),
        asked(
            length=OutputLength(space=(5,), padding=((0, 1),)),
            padding=((0, 1),),
            output_padding=(2,),
        ),
    ],
)
def test_one_example_and_a_length_come_back(question: Question, tmp_path: Path) -> None:
    (case,) = read([question], tmp_path)
    assert content(case, case.question) == content(case, question)
