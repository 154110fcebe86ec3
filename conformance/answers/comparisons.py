"""Compare an answer with the oracle's, in the dtype of the question and in its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from conformance import question as questions
from conformance.answers import decimals
from conformance.answers.submission import Submission
from conformance.cases import exactness
from conformance.cases.arrays import first_changed, first_real, to_dtype
from conformance.comparison import (
    HALVES,
    UNIT_ROUNDOFF,
    Reference,
    difference,
    equal,
    is_certainly_right,
    reference,
)
from conformance.question import DTYPES, Array, Dtype, Question, is_complex, is_finite
from conformance.utils.text import count

T = TypeVar("T")

_EXACT: Mapping[Dtype, str] = {
    **dict.fromkeys((*HALVES, "float32"), "float32"),
    "complex64": "complex64",
    "complex128": "complex128",
}
"""The dtype that computes exact sums fastest, where that is not float64."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """An answer beside the oracle's, both in one dtype.

    Attributes
    ----------
    remark
        A sentence about what was converted.
    sums
        A dtype that every sum may be rounded to, if it is narrower than that of the question.
    slack
        How much wider than rounding the bounds are, as of numbers that were printed.
    """

    question: Question
    answer: Array
    remark: str = ""
    sums: Dtype | None = None
    slack: float = 0.0

    def loosened(self, slack: float) -> Comparison:
        """Return the comparison of numbers that were printed with few decimals."""
        places = decimals.count_decimals(self.answer)
        remark = (
            f"The answer has {count(places or 0, 'decimal')}, and is compared as far as they tell."
        )
        return replace(self, slack=slack, remark=f"{self.remark} {remark}".strip())

    @cached_property
    def expected(self) -> Array | None:
        """The oracle's answer; None if the question has none."""
        return self._unless_none(questions.answer)

    @cached_property
    def exact(self) -> bool:
        """Whether equal numbers are required."""
        return self.sums is None and not self.slack and is_exact(self.question)

    @cached_property
    def within(self) -> Reference | None:
        """The bounds of rounding, where there is an answer and equal numbers are not required."""
        if self.exact:
            return None
        bounds = self._unless_none(partial(reference, sums=self.sums))
        return bounds.loosened(self.slack) if bounds is not None and self.slack else bounds

    def _unless_none(self, function: Callable[[Question], T]) -> T | None:
        """Return what a function makes of the question; None if the question has no answer."""
        try:
            return function(self.question)
        except ValueError:
            return None

    @cached_property
    def agrees(self) -> Array | None:
        """Where the numbers are right; None for two shapes, and where there are no such numbers."""
        numbers = self.expected if self.within is None else self.within.numbers
        is_comparable = self.answer.dtype.kind in _kinds(self.question)
        if numbers is None or not is_comparable or self.answer.shape != numbers.shape:
            return None
        agrees = (
            equal(self.answer, numbers) if self.within is None else self.within.holds(self.answer)
        )
        # A NaN is right only where numbers that are not finite lead to it.
        return agrees & (self.answer == self.answer) if is_finite(self.question) else agrees

    @cached_property
    def is_close(self) -> bool:
        """Whether the answer is the oracle's up to rounding."""
        is_comparable = self.answer.dtype.kind in _kinds(self.question)
        if is_comparable and self._unless_none(self._is_certainly_close):
            return True
        return self.agrees is not None and bool(self.agrees.all())

    def _is_certainly_close(self, q: Question) -> bool:
        """Return whether one answer of the oracle, and no bound, shows that the answer is right."""
        if self.sums is not None or self.slack:
            return False
        q, answer = q.map_arrays(_unhalved), _unhalved(self.answer)  # NumPy is slow at float16
        is_whole = _is_whole(q)
        if is_whole and exactness.is_plainly_exact(q):
            exact = q.map_arrays(lambda array: array.astype(_EXACT.get(q.dtype, np.float64)))
            return np.array_equal(questions.answer(exact), answer)
        most = exactness.limit(q, exact=True) if is_whole else None
        return is_certainly_right(q, answer, most_exact=most)

    @property
    def difference(self) -> str | None:
        """How the answer differs, in a sentence; None where it does not."""
        if self.is_close:
            return None
        if self.expected is None:
            return "the question has no answer"
        return difference(
            self.question, self.expected, self.answer, exact=self.exact, within=self.within
        )


def comparisons(submission: Submission) -> Iterator[Comparison]:
    """Yield an answer and its question in one dtype: that of the question, and then its own.

    Yields one that shows the answer to be right if any of them does.
    """
    q, y, own = submission.question, submission.answer, submission.answer_dtype
    if own == q.dtype or y.dtype.kind not in _kinds(q):
        yield Comparison(q, y)
        if own == "float32":
            yield from _in_halves(q, y)
        return
    sentence = f"The answer is {own} and the question {q.dtype}; both are compared as"
    is_float = y.dtype.kind in "fc"
    asks_floats = not q.dtype.startswith("int")
    if asks_floats or first_changed(y, q.dtype) is None:
        yield Comparison(q, to_dtype(y, q.dtype), f"{sentence} {q.dtype}." if is_float else "")
    if is_float and own in DTYPES and not _holds(own, q.dtype):
        narrow: Dtype = own
        remark = f"{sentence} {narrow}."
        if asks_floats:
            yield Comparison(q, to_dtype(y, q.dtype), remark, narrow)
        asked = q.map_arrays(lambda array: to_dtype(array, narrow), dtype=narrow)
        yield Comparison(asked, y, remark)


def _unhalved(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _kinds(q: Question) -> str:
    """Return the kinds of NumPy's dtypes whose numbers are compared with the oracle's."""
    return "fiuc" if is_complex(q.dtype) else "fiu"


def _in_halves(q: Question, y: Array) -> Iterator[Comparison]:
    """Yield float32 as a half whose numbers all of them are, as programs store a bfloat16."""
    arrays = [*q.arrays.values(), y]
    for half in HALVES:
        if first_real(y) is not None and all(first_changed(a, half) is None for a in arrays):
            remark = f"All numbers are those of {half}, and are compared as such."
            asked = q.map_arrays(partial(to_dtype, dtype=half), dtype=half)
            yield Comparison(asked, to_dtype(y, half), remark)


def _holds(wide: str, narrow: Dtype) -> bool:
    """Return whether a dtype of floats has at least the precision of another one."""
    return UNIT_ROUNDOFF[wide] <= UNIT_ROUNDOFF.get(narrow, 0)


def is_exact(q: Question) -> bool:
    """Return whether all numbers are whole and all sums exact, so that equal ones are required.

    ``q`` is a question; one without an answer is exact if its numbers are whole.
    """
    if not _is_whole(q):
        return False
    try:
        return exactness.has_exact_sums(q)
    except ValueError:
        return True


def _is_whole(q: Question) -> bool:
    return all(first_real(array) is None for array in q.arrays.values())
