"""Measure the t-way coverage of cases: which interactions of arguments' levels they ask about.

An interaction is one level for each of t factors. It is feasible if some question has it, and
covered if a question of the cases has it. Coverage of three and more factors leaves the levels out
of which two are enough (`Factor.pairwise`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from conformance.cases import Case
from conformance.quality.factors import CONSTRAINTS, FACTORS
from conformance.question import Question

Levels: TypeAlias = Mapping[str, str]
"""One level of each factor, by their names."""
Point: TypeAlias = tuple[int, ...]
"""One level of each factor, by their places."""
Interaction: TypeAlias = tuple[tuple[str, str], ...]
"""Some factors by name, each with one of its levels."""

PAIR = 2
"""The largest strength of interactions with a level that is ``pairwise``."""
_ALL_FACTORS = tuple(range(len(FACTORS)))


@dataclass(frozen=True)
class Coverage:
    """How many interactions of so many factors are covered, and how many are feasible."""

    strength: int
    covered: int
    feasible: int


def point_of(question: Question) -> Point | None:
    """Return a question's level of every factor; None for a question outside this space.

    Outside are questions about other operators.
    """
    if question.operator != "conv_transpose" or question.wanted == "parameters":
        return None
    return tuple(factor.levels.index(factor.level(question)) for factor in FACTORS)


def point(levels: Levels) -> Point:
    """Return the point with these levels."""
    return tuple(factor.levels.index(levels[factor.name]) for factor in FACTORS)


def levels_at(point: Point) -> Levels:
    """Return the levels of a point."""
    return {f.name: f.levels[level] for f, level in zip(FACTORS, point, strict=True)}


def points(cases: Iterable[Case]) -> set[Point]:
    """Return the points of the cases that have an answer and are in this space."""
    questions = (case.question for case in cases if not case.expected.error)
    points = (point_of(q) for q in questions if isinstance(q, Question))
    return {point for point in points if point is not None}


def coverage(points: Iterable[Point], strength: int) -> Coverage:
    """Return the coverage of the interactions of every ``strength`` factors."""
    rows = _rows(points)
    covered_count = feasible_count = 0
    for factors in _interacting_factors(strength):
        table = _required(factors)
        covered = np.zeros_like(table)
        covered[tuple(rows[:, factors].T)] = True
        covered_count += int((covered & table).sum())
        feasible_count += int(table.sum())
    return Coverage(strength, covered_count, feasible_count)


def missing(points: Iterable[Point], strength: int) -> Iterator[Interaction]:
    """Yield the interactions of ``strength`` factors that a point should have, and none has."""
    rows = _rows(points)
    for factors in _interacting_factors(strength):
        table = _required(factors)
        table[tuple(rows[:, factors].T)] = False
        for levels in np.argwhere(table):
            yield tuple(
                (FACTORS[f].name, FACTORS[f].levels[level])
                for f, level in zip(factors, levels, strict=True)
            )


@cache
def feasible(factors: tuple[int, ...] = _ALL_FACTORS) -> NDArray[np.bool_]:
    """Return which interactions of some factors are feasible.

    Parameters
    ----------
    factors
        By their places, in ascending order.
    """
    next_factor = next((f for f in _ALL_FACTORS if f not in factors), None)
    if next_factor is not None:
        more_factors = tuple(sorted((*factors, next_factor)))
        return np.asarray(feasible(more_factors).any(more_factors.index(next_factor)))
    mask = np.ones([len(factor.levels) for factor in FACTORS], bool)
    for constraint in CONSTRAINTS:
        levels = [
            [f.levels.index(level) for level in constraint.levels.get(f.name, f.levels)]
            for f in FACTORS
        ]
        mask[np.ix_(*levels)] = False
    return mask


def is_pairwise(interaction: Interaction) -> bool:
    """Return whether an interaction counts at a strength of two only."""
    pairwise = {(factor.name, level) for factor in FACTORS for level in factor.pairwise}
    return not pairwise.isdisjoint(interaction)


def _interacting_factors(strength: int) -> Iterator[tuple[int, ...]]:
    places = (place for place in _ALL_FACTORS if strength <= PAIR or not FACTORS[place].is_pairwise)
    return combinations(places, strength)


def _required(factors: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which interactions of some factors should be covered."""
    table = feasible(factors).copy()
    for axis, factor in enumerate(FACTORS[place] for place in factors):
        if len(factors) > PAIR and factor.pairwise:
            pairwise = [factor.levels.index(level) for level in factor.pairwise]
            np.moveaxis(table, axis, 0)[pairwise] = False
    return table


def _rows(points: Iterable[Point]) -> NDArray[Any]:
    return np.array(sorted(set(points)), int).reshape(-1, len(FACTORS))
