"""The table of conventions: names that tell apart, sentences that can be read, and no idle axis."""

from __future__ import annotations

import re

import numpy as np
import pytest

from conformance.conventions.axes import AXES, CONVENTIONS, Axis, Convention
from conformance.conventions.axis import Transformed
from conformance.question import Question

AXIS_NAMES = [axis.name for axis in AXES]
EVERY_AXIS = pytest.mark.parametrize("axis", AXES, ids=AXIS_NAMES)


def plain(op: str = "conv_transpose", **changes: object) -> Question:
    """A kernel of one element on one channel of one number: there is only one way to mean it."""
    q = Question(
        op=op,
        x=np.ones((1, 1, 1), np.float32),
        kernel=np.ones((1, 1, 1), np.float32),
        padding="valid",
    )
    return q.but(**changes)


def test_axes_have_names_of_their_own() -> None:
    assert len(set(AXIS_NAMES)) == len(AXIS_NAMES)


def test_conventions_have_names_of_their_own() -> None:
    assert len(set(map(str, CONVENTIONS))) == len(CONVENTIONS)


def test_a_convention_is_named_after_its_axis_and_choice() -> None:
    axis = AXES[AXIS_NAMES.index("kernel flip")]
    assert str(Convention(axis, axis.choices[0])) == "kernel flip: flipped"


@EVERY_AXIS
def test_the_canonical_choice_is_none_of_the_others(axis: Axis) -> None:
    assert axis.canonical not in [choice.name for choice in axis.choices]


@EVERY_AXIS
def test_an_axis_has_a_choice(axis: Axis) -> None:
    assert axis.choices


@pytest.mark.parametrize(
    "sentence",
    [axis.sentence for axis in AXES] + [c.choice.sentence for c in CONVENTIONS],
)
def test_what_is_said_is_one_sentence(sentence: str) -> None:
    assert re.fullmatch(r"[A-Z`].*[^.]\.", sentence)


def test_no_two_choices_of_an_axis_are_said_to_do_the_same() -> None:
    said = [(c.axis.name, c.choice.sentence) for c in CONVENTIONS]
    assert len(set(said)) == len(said)


def test_a_question_that_can_be_meant_in_one_way_touches_only_rounding_and_the_place() -> None:
    names = {axis.name for axis in AXES if axis.concerns(plain())}
    assert names == {"accumulation", "position", "length"}


@pytest.mark.parametrize(
    ("axis", "changes"),
    [
        ("answer layout", {"kernel": np.ones((1, 1, 2))}),
        ("input layout", {"x": np.ones((1, 2, 2)), "kernel": np.ones((2, 1, 1))}),
        ("kernel layout", {"kernel": np.ones((1, 2, 2))}),
        ("kernel layout", {"x": np.ones((1, 1, 1, 1)), "kernel": np.ones((1, 1, 2, 3))}),
        ("kernel flip", {"kernel": np.ones((1, 1, 2))}),
        ("kernel channels", {"kernel": np.ones((1, 2, 1))}),
        ("kernel axes", {"x": np.ones((1, 1, 1, 1)), "kernel": np.ones((1, 1, 2, 2))}),
        ("operator", {"kernel": np.ones((1, 1, 2))}),
        ("operator", {"padding": ((1, 1),)}),
        ("input channels", {"x": np.ones((1, 2, 1)), "kernel": np.ones((2, 1, 1))}),
        ("output channels", {"kernel": np.ones((1, 2, 1))}),
        ("dilation with groups", {"dilation": (2,)}),
        ("dilation with groups", {"groups": 2}),
        ("groups", {"groups": 2}),
        ("stride order", {"stride": (1, 2)}),
        (
            "argument order",
            {"x": np.ones((1, 1, 1, 1)), "stride": (1, 2), "dilation": (1, 2)},
        ),
        ("dilation order", {"dilation": (1, 2)}),
        ("output padding order", {"output_padding": (1, 0)}),
        ("padding with dilation", {"dilation": (2,), "kernel": np.ones((1, 1, 2))}),
        ("stride with dilation", {"stride": (2,), "dilation": (2,)}),
        ("stride", {"stride": (2,)}),
        ("dilation", {"dilation": (2,)}),
        ("same: odd element", {"padding": "same", "kernel": np.ones((1, 1, 2))}),
        ("same: formula", {"padding": "same"}),
        ("same: output padding", {"padding": "same", "output_padding": (1,)}),
        ("same: output padding", {"padding": "same", "zero_given": True}),
        ("same: short kernel", {"padding": "same", "stride": (2,)}),
        ("valid", {"kernel": np.ones((1, 1, 2))}),
        ("infinity", {"x": np.full((1, 1, 1), np.inf)}),
        ("float16", {"dtype": "float16"}),
        ("output padding", {"zero_given": True}),
        ("valid: length", {"stride": (2,)}),
        ("padding order", {"padding": ((1, 1), (0, 0))}),
        ("padding", {"padding": ((1, 1),)}),
        ("padding ends", {"padding": ((1, 0),)}),
        ("padding with stride", {"stride": (2,), "kernel": np.ones((1, 1, 2))}),
        ("output padding", {"output_padding": (1,)}),
        ("padding split", {"padding": ((1, 1),)}),
        ("padding split", {"output_padding": (1,)}),
        ("bias", {"bias": np.ones(1)}),
        ("accumulation", {}),
        ("float16 accumulation", {"dtype": "float16", "x": np.full((1, 1, 1), 0.5)}),
        ("bfloat16 accumulation", {"dtype": "bfloat16", "x": np.full((1, 1, 1), 257.0)}),
        ("position", {}),
        ("length", {}),
    ],
)
def test_an_axis_concerns_the_questions_that_show_it(axis: str, changes: dict[str, object]) -> None:
    assert AXES[AXIS_NAMES.index(axis)].concerns(plain(**changes))


@EVERY_AXIS
@pytest.mark.parametrize("op", ["conv", "conv_transpose", "interpolate"])
def test_a_choice_of_an_axis_that_concerns_a_question_has_a_reading_of_it_or_none(
    axis: Axis, op: str
) -> None:
    q = plain(op, kernel=np.zeros(0)) if op == "interpolate" else plain(op)
    results = [Convention(axis, choice).apply(q) for choice in axis.choices]
    assert all(result is None or isinstance(result, Transformed) for result in results)
