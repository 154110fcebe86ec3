"""Coverage: bugs sit where arguments meet, so which meetings of them do the cases ask about?

The space of questions about transposed convolution is declared once, as factors with a few levels
each and as sentences on which levels cannot meet. Of every t factors each meeting of their levels
that some question has is feasible; a corpus covers those that one of its questions has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from conformance.cases import Case
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes
from conformance.question import Question

Levels: TypeAlias = Mapping[str, str]
"""One level of each factor, by their names."""
Point: TypeAlias = tuple[int, ...]
"""The same by their places."""
Interaction: TypeAlias = tuple[tuple[str, str], ...]
"""Some factors by name, each with one of its levels."""


@dataclass(frozen=True)
class Factor:
    """One thing that questions differ in.

    levels  the plainest first
    level   which of them a question has
    """

    name: str
    levels: tuple[str, ...]
    level: Callable[[Question], str]


@dataclass(frozen=True)
class Constraint:
    """Levels of which no question has one for each of these factors, and why."""

    reason: str
    levels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Covered:
    """How many meetings of so many factors there can be, and how many there are."""

    strength: int
    covered: int
    feasible: int


def _several(values: Axes) -> str:
    """One number for all axes, if it is not 1, or another on some of them."""
    if len(set(values)) > 1:
        return "differing"
    return "1" if values[0] == 1 else "equal"


def _kernel(q: Question) -> str:
    """What the kernel covers against the stride, on the axis where that is the most peculiar."""
    pairs = list(zip(geometry.effective_kernel_size(q.window, q.dilation), q.stride, strict=True))
    if any(r < s for r, s in pairs):
        return "shorter"
    if any(r % s for r, s in pairs):
        return "not divisible"
    return "divisible" if any(r > s for r, s in pairs) else "equal"


def _padding(q: Question) -> str:
    """What is peculiar about the padding, on the axis where that is the most."""
    if q.padding == "same":
        return "same, odd" if any((e - b) % 2 for b, e in _totals(q)) else "same, even"
    numbers = [(n, r) for pair, r in zip(q.pairs, _reach(q), strict=True) for n in pair]
    if any(n < 0 for n, _ in numbers):
        return "negative"
    if any(n >= r for n, r in numbers):
        return "beyond"
    if any(begin != end for begin, end in q.pairs):
        return "uneven"
    return "even" if any(n for n, _ in numbers) else "none"


def _reach(q: Question) -> Axes:
    return geometry.effective_kernel_size(q.window, q.dilation)


def _totals(q: Question) -> Iterator[tuple[int, int]]:
    """What `same` crops at both ends; less than nothing where the kernel is shorter, which is 0."""
    for begin, end in q.pairs:
        yield begin, max(end, 0)


def _output_padding(q: Question) -> str:
    """What is peculiar about the output padding, on the axis where that is the most."""
    pairs = [(p, s) for p, s in zip(q.output_padding, q.stride, strict=True) if p]
    if not pairs:
        return "0"
    if any(p >= s for p, s in pairs):
        return "beyond"
    return "largest" if any(p == s - 1 for p, s in pairs) else "some"


def _groups(q: Question) -> str:
    if q.groups == 1:
        return "1"
    if q.x.shape[1] > q.groups:
        return "several"
    return "depthwise" if q.output_channels == q.groups else "multiplied"


def _channels(q: Question) -> str:
    if q.x.shape[1] != q.output_channels:
        return "differing"
    return "one" if q.output_channels == 1 else "as many"


FORWARD, GRADIENTS = "forward", ("input gradient", "kernel gradient")

FACTORS: tuple[Factor, ...] = (
    Factor(
        "operator",
        (FORWARD, *GRADIENTS),
        lambda q: FORWARD if q.wanted == "output" else q.wanted.replace("_", " "),
    ),
    Factor("rank", ("1", "2", "3"), lambda q: str(q.rank)),
    Factor("stride", ("1", "equal", "differing"), lambda q: _several(q.stride)),
    Factor("kernel", ("divisible", "equal", "shorter", "not divisible"), _kernel),
    Factor("dilation", ("1", "equal", "differing"), lambda q: _several(q.dilation)),
    Factor(
        "padding",
        ("none", "even", "uneven", "beyond", "negative", "same, even", "same, odd"),
        _padding,
    ),
    Factor("output padding", ("0", "some", "largest", "beyond"), _output_padding),
    Factor("groups", ("1", "several", "depthwise", "multiplied"), _groups),
    Factor("channels", ("one", "as many", "differing"), _channels),
    Factor("bias", ("no", "yes"), lambda q: "no" if q.bias is None else "yes"),
    Factor(
        "dtype",
        ("float32", "float64", "float16", "bfloat16", "integer"),
        lambda q: "integer" if q.dtype.startswith("int") else q.dtype,
    ),
)

CONSTRAINTS: tuple[Constraint, ...] = (
    Constraint("a bias has no part in a gradient", {"operator": GRADIENTS, "bias": ("yes",)}),
    Constraint("whole numbers have no gradient", {"operator": GRADIENTS, "dtype": ("integer",)}),
    Constraint("a single axis differs from no other", {"rank": ("1",), "stride": ("differing",)}),
    Constraint("a single axis differs from no other", {"rank": ("1",), "dilation": ("differing",)}),
    Constraint(
        "every length is at least 1, and divisible by it",
        {"stride": ("1",), "kernel": ("shorter", "not divisible")},
    ),
    Constraint(
        "one element has none that a crop could leave of it",
        {"stride": ("1",), "kernel": ("equal",), "padding": ("even", "uneven")},
    ),
    Constraint(
        "a kernel as long as its stride leaves `same` nothing to crop",
        {"kernel": ("equal",), "padding": ("same, odd",)},
    ),
    Constraint(
        "a kernel shorter than its stride leaves `same` nothing to crop, unless on another axis",
        {"rank": ("1",), "kernel": ("shorter",), "padding": ("same, odd",)},
    ),
    Constraint(
        "below a stride of 1 there is no output padding but 0",
        {"stride": ("1",), "output padding": ("some", "largest")},
    ),
    Constraint(
        "one channel is one group",
        {"groups": ("several", "depthwise", "multiplied"), "channels": ("one",)},
    ),
    Constraint(
        "depthwise has as many outputs", {"groups": ("depthwise",), "channels": ("differing",)}
    ),
    Constraint(
        "a multiplier has more outputs", {"groups": ("multiplied",), "channels": ("as many",)}
    ),
)

_EVERYTHING = tuple(range(len(FACTORS)))
_PLACES = {factor.name: place for place, factor in enumerate(FACTORS)}


def level(question: Question, factor: str) -> str:
    """The level that a question of this space has of a factor, by its name."""
    return FACTORS[_PLACES[factor]].level(question)


def point_of(question: Question) -> Point | None:
    """The level that a question has of every factor; None for one that is not in this space."""
    if question.operator != "conv_transpose" or question.wanted == "parameters":
        return None
    return tuple(factor.levels.index(factor.level(question)) for factor in FACTORS)


def point(levels: Levels) -> Point:
    """The point that has these levels, one for each factor by its name."""
    return tuple(factor.levels.index(levels[factor.name]) for factor in FACTORS)


def points(cases: Iterable[Case]) -> set[Point]:
    """Where the cases are that have an answer and ask about one operator of this space."""
    asked = (case.question for case in cases if not case.expected.error)
    found = (point_of(q) for q in asked if isinstance(q, Question))
    return {point for point in found if point is not None}


def named(point: Point) -> Levels:
    """The levels of a point by their names."""
    return {f.name: f.levels[level] for f, level in zip(FACTORS, point, strict=True)}


def covered(points: Iterable[Point], strength: int) -> Covered:
    """Of the meetings of every ``strength`` factors, how many there are and can be."""
    rows = _rows(points)
    got = wanted = 0
    for factors in combinations(_EVERYTHING, strength):
        table = feasible(factors)
        got += len(np.unique(np.ravel_multi_index(rows[:, factors].T, table.shape)))
        wanted += int(table.sum())
    return Covered(strength, got, wanted)


def missing(points: Iterable[Point], strength: int) -> Iterator[Interaction]:
    """The feasible meetings of ``strength`` factors that no point has."""
    rows = _rows(points)
    for factors in combinations(_EVERYTHING, strength):
        left = feasible(factors).copy()
        left[tuple(rows[:, factors].T)] = False
        for levels in np.argwhere(left):
            yield tuple(
                (FACTORS[f].name, FACTORS[f].levels[level])
                for f, level in zip(factors, levels, strict=True)
            )


@cache
def feasible(factors: tuple[int, ...] = _EVERYTHING) -> NDArray[np.bool_]:
    """For every meeting of some factors' levels whether a question has it: an axis for each."""
    further = next((f for f in _EVERYTHING if f not in factors), None)
    if further is not None:
        more = tuple(sorted((*factors, further)))
        return np.asarray(feasible(more).any(more.index(further)))
    mask = np.ones([len(factor.levels) for factor in FACTORS], bool)
    for never in CONSTRAINTS:
        chosen = [[f.levels.index(n) for n in never.levels.get(f.name, f.levels)] for f in FACTORS]
        mask[np.ix_(*chosen)] = False
    return mask


def _rows(points: Iterable[Point]) -> NDArray[Any]:
    return np.array(sorted(set(points)), int).reshape(-1, len(FACTORS))
