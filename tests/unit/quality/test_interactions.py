"""The space of questions: every level has its questions, and none is said to be impossible."""

from itertools import islice
from math import comb, prod
from typing import Any

import numpy as np
import pytest

from conformance.cases import load
from conformance.cases.sampling import draws
from conformance.quality import factors, interactions
from conformance.quality.factors import CONSTRAINTS, FACTORS, Constraint
from conformance.quality.interactions import Point
from conformance.question import OutputLength, Question
from conformance.utils import resources
from tools.samples import draw

NAMES = [factor.name for factor in FACTORS]
PLAINEST: Point = (0,) * len(FACTORS)
SEED = 7


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def plain(**changes: Any) -> Question:
    """One axis, one channel, a kernel of two elements at stride 1: the plainest of all levels."""
    arrays = {"x": zeros(1, 1, 4), "kernel": zeros(1, 1, 2)}
    return Question(**{"op": "conv_transpose", **arrays, **changes})


def square(**changes: Any) -> Question:
    """The same over two axes."""
    return plain(**{"x": zeros(1, 1, 4, 4), "kernel": zeros(1, 1, 2, 2), **changes})


def possible(**levels: str) -> bool:
    """Whether a question has these levels, by names with _ in place of spaces."""
    named = {name.replace("_", " "): level for name, level in levels.items()}
    places = tuple(sorted(NAMES.index(name) for name in named))
    at = tuple(FACTORS[p].levels.index(named[FACTORS[p].name]) for p in places)
    return bool(interactions.feasible(places)[at])


# Levels


def test_a_plain_question_has_the_first_level_of_every_factor() -> None:
    assert interactions.point_of(plain()) == PLAINEST


@pytest.mark.parametrize(
    ("factor", "level", "q"),
    [
        ("operator", "input gradient", plain(op="conv_transpose_input_gradient")),
        ("operator", "kernel gradient", plain(op="conv_transpose_kernel_gradient")),
        ("rank", "2", square()),
        ("stride", "equal", plain(stride=(2,))),
        ("stride", "equal", square(stride=(2, 2))),
        ("stride", "differing", square(stride=(1, 2))),
        ("kernel", "equal", plain(stride=(2,))),
        ("kernel", "shorter", plain(stride=(3,))),
        ("kernel", "equal", plain(stride=(3,), dilation=(2,))),
        ("kernel", "not divisible", plain(stride=(2,), dilation=(2,))),
        ("kernel", "shorter", square(stride=(3, 1))),
        ("kernel", "divisible", square(stride=(2, 1))),
        ("dilation", "equal", square(dilation=(2, 2))),
        ("dilation", "differing", square(dilation=(1, 2))),
        ("padding", "none", plain(padding="valid")),
        ("padding", "even", plain(padding=((1, 1),))),
        ("padding", "even", square(padding=((1, 1), (0, 0)))),
        ("padding", "uneven", square(padding=((1, 1), (0, 1)))),
        ("padding", "beyond", plain(padding=((0, 2),))),
        ("padding", "even", plain(padding=((2, 2),), dilation=(2,))),
        ("padding", "negative", plain(padding=((-1, 5),))),
        ("padding", "same, odd", plain(padding="same")),
        ("padding", "same, even", plain(padding="same", dilation=(2,))),
        ("padding", "same, even", plain(padding="same", stride=(3,))),
        ("padding", "same, odd", square(padding="same", stride=(1, 2))),
        ("output padding", "some", plain(stride=(3,), output_padding=(1,))),
        ("output padding", "largest", plain(stride=(3,), output_padding=(2,))),
        ("output padding", "beyond", plain(stride=(3,), output_padding=(3,))),
        ("output padding", "largest", square(stride=(2, 3), output_padding=(1, 1))),
        ("groups", "several", plain(x=zeros(1, 4, 3), kernel=zeros(4, 1, 2), groups=2)),
        ("groups", "depthwise", plain(x=zeros(1, 2, 3), kernel=zeros(2, 1, 2), groups=2)),
        ("groups", "multiplied", plain(x=zeros(1, 2, 3), kernel=zeros(2, 3, 2), groups=2)),
        ("channels", "as many", plain(x=zeros(1, 2, 3), kernel=zeros(2, 2, 2))),
        ("channels", "differing", plain(x=zeros(1, 2, 3), kernel=zeros(2, 1, 2))),
        ("bias", "yes", plain(bias=zeros(1))),
        ("dtype", "bfloat16", plain(dtype="bfloat16")),
        ("dtype", "integer", plain(dtype="int64")),
        ("batch", "one example", plain(unbatched=True)),
        ("output size", "given", plain(length=OutputLength(space=(5,)))),
    ],
)  # fmt: skip
def test_a_question_has_the_level_that_is_most_peculiar_about_it(
    factor: str, level: str, q: Question
) -> None:
    assert factors.level(q, factor) == level


@pytest.mark.parametrize("op", ["conv", "conv_kernel_gradient", "conv_transpose_parameters"])
def test_other_operators_are_not_in_this_space(op: str) -> None:
    assert interactions.point_of(plain(op=op)) is None


@pytest.mark.parametrize(
    ("level", "changes"),
    [
        ("complex", {"dtype": "complex64"}),
        ("two dtypes", {"operand_dtypes": ("float32", "float16")}),
        ("two dtypes", {"operand_dtypes": ("complex64", "float32"), "dtype": "complex64"}),
    ],
)
def test_complex_numbers_and_two_dtypes_meet_every_level_of_the_other_factors(
    level: str, changes: dict[str, Any]
) -> None:
    point = interactions.point_of(plain(**changes))
    assert point is not None
    assert interactions.levels_at(point)["dtype"] == level
    missing = {frozenset(pair) for pair in interactions.missing([PLAINEST], 2)}
    assert frozenset({("dtype", level), ("padding", "circular")}) in missing
    assert not any(("dtype", level) in triple for triple in interactions.missing([PLAINEST], 3))


def test_a_point_has_a_level_of_every_factor_by_name() -> None:
    named = interactions.levels_at(PLAINEST)
    assert list(named) == NAMES
    assert interactions.point(named) == PLAINEST


# What can be


@pytest.mark.parametrize("never", CONSTRAINTS, ids=[never.reason for never in CONSTRAINTS])
def test_what_never_meets_is_said_of_levels_that_there_are(never: Constraint) -> None:
    for name, levels in never.levels.items():
        assert set(levels) < set(FACTORS[NAMES.index(name)].levels)


@pytest.mark.parametrize(
    "levels",
    [
        {"operator": "input gradient", "bias": "yes"},
        {"operator": "kernel gradient", "dtype": "integer"},
        {"rank": "1", "stride": "differing"},
        {"stride": "1", "kernel": "shorter"},
        {"kernel": "equal", "padding": "same, odd"},
        {"rank": "1", "kernel": "shorter", "padding": "same, odd"},
        {"stride": "1", "output_padding": "largest"},
        {"groups": "depthwise", "channels": "differing"},
        {"groups": "multiplied", "channels": "one"},
        {"output_size": "given", "padding": "same, even"},
    ],
    ids=lambda levels: " ".join(levels.values()),
)
def test_levels_that_exclude_each_other_are_not_feasible(levels: dict[str, str]) -> None:
    assert not possible(**levels)


@pytest.mark.parametrize(
    "levels",
    [
        {"operator": "input gradient", "bias": "no"},
        {"rank": "2", "kernel": "shorter", "padding": "same, odd"},
        {"stride": "1", "output_padding": "beyond"},
        {"groups": "several", "channels": "differing"},
    ],
    ids=lambda levels: " ".join(levels.values()),
)
def test_levels_that_go_together_are_feasible(levels: dict[str, str]) -> None:
    assert possible(**levels)


def test_no_question_is_where_none_can_be() -> None:
    ops = ("conv_transpose", "conv_transpose_input_gradient", "conv_transpose_kernel_gradient")
    points = [interactions.point_of(q) for q in islice(draws(SEED, ops), 300)]
    assert all(point is not None and interactions.feasible()[point] for point in points)


def test_there_is_a_question_wherever_one_can_be() -> None:
    """At points that luck picks: that every one has a question takes too long to show here."""
    random = np.random.Generator(np.random.PCG64(SEED))
    somewhere = np.argwhere(interactions.feasible())
    for place in random.choice(len(somewhere), 60, replace=False):
        levels = interactions.levels_at(tuple(map(int, somewhere[place])))
        found = (draw(levels, random) for _ in range(2000))
        q = next(q for q in found if q is not None)
        assert interactions.levels_at(interactions.point_of(q)) == levels


# Counting


@pytest.mark.parametrize("strength", [1, 2, 3])
def test_a_single_question_has_one_meeting_of_any_factors(strength: int) -> None:
    count = sum(strength < 3 or not factor.is_pairwise for factor in FACTORS)
    assert interactions.coverage([PLAINEST], strength).covered == comb(count, strength)


def test_a_question_that_is_asked_twice_counts_once() -> None:
    assert interactions.coverage([PLAINEST] * 2, 2) == interactions.coverage([PLAINEST], 2)


def test_every_level_is_feasible() -> None:
    assert interactions.coverage([], 1).feasible == sum(len(factor.levels) for factor in FACTORS)


def test_fewer_points_are_feasible_than_levels_could_make() -> None:
    feasible = interactions.feasible().sum()
    assert 0 < feasible < prod(len(factor.levels) for factor in FACTORS)


@pytest.mark.parametrize("points", [[], [PLAINEST]])
def test_what_is_missing_is_what_is_feasible_and_not_covered(points: list[Point]) -> None:
    counted = interactions.coverage(points, 2)
    missing = set(interactions.missing(points, 2))
    assert len(missing) == counted.feasible - counted.covered


def test_a_missing_meeting_is_told_by_names() -> None:
    told = set(interactions.missing([PLAINEST], 2))
    assert (("rank", "2"), ("bias", "yes")) in told
    assert (("rank", "1"), ("bias", "no")) not in told


def test_the_cases_ask_about_every_meeting_of_three_factors() -> None:
    points = interactions.points(load([resources.CASES], check=False).cases)
    assert list(interactions.missing(points, 3)) == []
