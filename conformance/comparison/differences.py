"""Decide whether an answer is the oracle's: to the bit if it is exact, and else within rounding."""

from __future__ import annotations

import numpy as np

from conformance import question as questions
from conformance.comparison.references import Reference, equal, reference
from conformance.comparison.rounding import wide
from conformance.question import AnyQuestion, Array


def difference(
    question: AnyQuestion,
    expected: Array,
    answer: Array,
    *,
    exact: bool,
    within: Reference | None = None,
) -> str | None:
    """Describe how an answer differs from the oracle's.

    A NaN differs from everything, unless numbers of the question are not finite: then it equals a
    NaN. A number of another dtype differs from everything.

    Returns a sentence, or None if the answers agree.

    Parameters
    ----------
    answer
        The answer to compare, of any shape and dtype.
    exact
        Whether the numbers have to be equal; otherwise they have to be within rounding.
    within
        The reference of an answer that is not exact; by default it is computed.
    """
    if answer.shape != expected.shape:
        shapes = [questions.as_passed(question, array).shape for array in (answer, expected)]
        return f"shape {shapes[0]}, not {shapes[1]}"
    if answer.dtype != expected.dtype and question.questions[0].wanted != "parameters":
        return f"dtype {answer.dtype}, not {expected.dtype}"
    agrees = agreement(question, expected, answer, exact=exact, within=within)
    if agrees.all():
        return None
    place = tuple(int(i) for i in np.argwhere(~np.atleast_1d(agrees))[0])
    return (
        f"{int((~agrees).sum())} of {agrees.size} numbers differ, first at {list(place)}:"
        f" {np.atleast_1d(answer)[place]}, not {np.atleast_1d(expected)[place]}"
    )


def agreement(
    question: AnyQuestion,
    expected: Array,
    answer: Array,
    *,
    exact: bool,
    within: Reference | None = None,
) -> Array:
    """Return where two answers of one shape agree; the arguments are as of `difference`."""
    agrees = equal(answer, expected) if exact else (within or reference(question)).holds(answer)
    return agrees & (answer == answer) if questions.is_finite(question) else agrees


def is_same(first: Array, second: Array) -> bool:
    """Return whether two arrays have one shape and dtype, and equal numbers, NaN with NaN."""
    is_alike = first.shape == second.shape and first.dtype == second.dtype
    return is_alike and bool(equal(first, second).all())


def is_within(first: Array, second: Array, tolerance: Array | float) -> Array:
    """Return where two arrays of one shape differ by at most ``tolerance``; NaN equals NaN."""
    with np.errstate(all="ignore"):
        return np.asarray((np.abs(wide(first) - wide(second)) <= tolerance) | equal(first, second))
