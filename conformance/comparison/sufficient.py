"""Accept most right answers for about one answer of the oracle, before any bound is computed.

The bounds of a `Reference` grow with sum|t| and sqrt(sum t^2) over the products t of a sum S, and
each of the two costs as much as S. The conditions here are sufficient ones: they put smaller
numbers in the place of both. First these are |S| and 0. Where an answer is further off, as beside a
sum whose products cancel each other, sum t^2 is computed in float32 of some products, then of all,
and lessened by what it may be off. No answer is accepted that `Reference` rejects; what is left
open, `Reference` decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from conformance import question as questions
from conformance.comparison.exact_sums import FACTORS
from conformance.comparison.references import LIKELY, rounded_sums, rounding
from conformance.comparison.rounding import (
    NORMAL,
    SMALLEST,
    UNIT_ROUNDOFF,
    absolute,
    map_wide,
    summed_in,
    terms,
    wide,
)
from conformance.question import Array, Question

_SAFETY = 1 - 2.0**-16
"""The part of a bound that is used, as float64 rounds the bound itself."""
_BLOCK = 2**15
"""The number of elements that are compared at a time, so that they stay in cache."""
_PARTS = (8, 1)
"""By what the number of channels or examples is divided whose products are squared first, and then.

An eighth gives a third of sqrt(sum t^2), which is enough for nearly every answer.
"""
_OWN_ROUNDINGS = 16
"""Roundings of a product of two scaled squares in float32, and some to spare."""


def largest_sum(q: Question) -> float:
    """Return a number that sum |x||w| + |b| does not exceed, from the largest elements alone.

    ``q`` is a question about a convolution or a derivative. The number is NaN if one of the
    question is.
    """
    total = 0.0 if q.broadcast_bias is None else _largest(q.broadcast_bias)
    for summand in questions.summands(q):
        first, second = (getattr(summand, name) for name in FACTORS[summand.wanted])
        total += terms(summand) * _largest(first) * _largest(second)
    return total


def is_certainly_right(q: Question, answer: Array, *, most_exact: float | None) -> bool:
    """Return whether an answer is right by the conditions that are sufficient.

    Raises ``ValueError`` if the question has no answer.

    Parameters
    ----------
    q
        A question about a convolution or a derivative.
    answer
        The answer to compare, of any shape, of a dtype whose numbers the question may have.
    most_exact
        Up to which sum its dtype holds whole numbers, if all numbers of the question are whole;
        else None. An answer that is not exact is right only beyond.
    """
    if q.dtype not in UNIT_ROUNDOFF:
        return False
    with np.errstate(all="ignore"):
        numbers = questions.answer(map_wide(q, np.asarray))
        if answer.shape != numbers.shape:
            return False
        n = terms(q) * (2 if questions.is_complex(q.dtype) else 1)
        u, u_sum = UNIT_ROUNDOFF[q.dtype], UNIT_ROUNDOFF[summed_in(q.dtype)]
        likely = partial(rounding, n, u_sum, likely=LIKELY)
        # Both bounds on the sum's rounding are in proportion to the size, if that is all there is.
        factor = _SAFETY * (u + float(likely(np.ones(()), np.ones(()))[1]))
        least = _SAFETY * (SMALLEST[q.dtype] + n * NORMAL[summed_in(q.dtype)])
        partial_sums = [sums.ravel() for sums in rounded_sums(q, numbers)]
        numbers, answer = numbers.ravel(), answer.ravel()
        places, bounds, distances = [], [], []
        may_round, is_equal = most_exact is None, True
        for start in range(0, numbers.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            distance, size = np.abs(answer[block] - numbers[block]), np.abs(numbers[block])
            distance[np.isinf(distance)] = np.nan  # as an infinite bound would hold any answer
            bound = size * factor + least
            for sums in partial_sums:
                bound += (_SAFETY * u) * np.abs(sums[block])
            is_open = np.flatnonzero(~(distance <= bound))
            places.append(start + is_open)
            bounds.append(bound[is_open])
            distances.append(distance[is_open])
            is_equal = is_equal and not distance.any()
            may_round = may_round or bool((size > most_exact).any())
        if is_equal or not may_round:
            return is_equal
        open_places = np.concatenate(places)
        if not open_places.size:
            return True
        bound, distance = np.concatenate(bounds), np.concatenate(distances)
        size = np.abs(numbers[open_places])
        rest = likely(size, size)[1]
        for root in least_roots_of_squares(q, n, open_places):
            more = likely(np.maximum(size, root), size + root)[1] - rest
            if (distance <= bound + _SAFETY * more).all():
                return True
        return False


def least_roots_of_squares(q: Question, n: int, places: Array) -> Iterator[Array]:
    """Yield at most sqrt(sum t^2) at flat indices of the answer, of some products and of all.

    There are none where sums are added.
    """
    (summand, *others) = questions.summands(q)
    slack = (n + _OWN_ROUNDINGS) * UNIT_ROUNDOFF["float32"]
    if others or slack > 0.5:
        return
    for part in _PARTS if summand.groups == 1 else (1,):
        scale, squares = 1.0, dict[str, Array]()
        for name, axis in _summed_axes(summand).items():
            array = getattr(summand, name)
            array = absolute(array[(slice(None),) * axis + (slice(-(-array.shape[axis] // part)),)])
            largest = _largest(array) or 1.0
            scale *= largest
            squares[name] = np.square((array / largest).astype(np.float32))
        squared = summand.but(**squares, bias=None, dtype="float32", operand_dtypes=None)
        sums = questions.answer(squared).ravel()[places]
        yield scale * np.sqrt((1 - slack) * wide(sums))


def _summed_axes(q: Question) -> dict[str, int]:
    """Return the axis of channels, or of examples, over which each factor's products are summed."""
    first, second = FACTORS[q.wanted]
    if q.wanted == "kernel_gradient":
        return {first: 0, second: 0}
    return {first: 1, second: int((q.operator == "conv_transpose") != (q.wanted == "output"))}


def _largest(array: Array) -> float:
    return float(absolute(array).max(initial=0))
