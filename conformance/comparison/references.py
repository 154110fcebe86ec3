"""Bound the effect of rounding on real-valued answers, so that these can be compared.

A `Reference` is the sum in float64, with two bounds on the effect of rounding on a sum S of n
products t, where A = sum|t| and Q = sqrt(sum t^2):

    far    gamma_n A, which no order of the sum exceeds; gamma_n = e^(n u) - 1 (Higham, "Accuracy
           and Stability of Numerical Algorithms", 2002, section 3.1)
    near   `LIKELY` sqrt(n) u (|S| + Q), or ``far`` where that is smaller: n independent roundings
           add up to about sqrt(n) (Higham and Mary, "A New Approach to Probabilistic Rounding
           Error Analysis", 2019), and a partial sum is seldom larger than |S| + Q

Here u is the unit roundoff of the dtype in which sums are formed, which is float32 for the halves.
An answer is then rounded once to its own dtype, and once more where a bias is added to the rounded
sum. A sum beyond the dtype's range is rounded to infinity.

An answer within ``near`` is right and one beyond ``far`` is wrong; between them the comparison
decides nothing. Of 10,000 answers of torch, TensorFlow, Keras, JAX and MXNet with 1 to 2,048
channels, none that is summed in float32 or float64 needs more than 1.4 in the place of `LIKELY`.

Where data holds NaN or infinities, so do the answers that they reach, the same in every order of
the sum: there an answer has to hold the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import expm1, sqrt
from typing import Any

import numpy as np

from conformance import question as questions
from conformance.comparison.exact_sums import exact_sums, is_moderate
from conformance.comparison.rounding import (
    NORMAL,
    OVERFLOW,
    SMALLEST,
    UNIT_ROUNDOFF,
    absolute,
    map_wide,
    summed_in,
    terms,
    ulp,
    wide,
)
from conformance.question import AnyQuestion, Array, ArrayStep, Chain, Dtype, Pad, Question

LIKELY = 8.0
COARSE = 2.0
"""The value in the place of `LIKELY` for sums that are rounded to a coarser dtype than necessary.

No answer is called right for it. Frameworks' answers of this kind need less than 0.8.
"""


@dataclass(frozen=True, eq=False)
class Reference:
    """The oracle's answer in float64, and how far rounding takes an answer from it.

    All arrays are float64 of one shape; the numbers may be complex128.

    Attributes
    ----------
    numbers
        The answer, rounded to float64 at most.
    rest
        What that rounding took away, as far as it is known.
    noise
        The possible error of ``numbers + rest``, below which nothing is distinguished.
    rounded_once
        The bound for an answer that is rounded once, from a sum that is not formed in a half.
    near
        The same bound where a bias or another sum is added to the rounded sum, which rounds again.
    far
        The bound that no such answer exceeds.
    partial_sum
        What partial sums may reach in ``sums``, beyond whose range anything may come of them.
    sums
        The dtype in which sums are formed.
    dtype
        The dtype of the question, which sets the step between numbers.
    """

    numbers: Array
    rest: Array
    noise: Array
    rounded_once: Array
    near: Array
    far: Array
    partial_sum: Array
    sums: Dtype
    dtype: Dtype

    def distance(self, answer: Array) -> Array:
        """Return how far each number of an answer of this shape is from the oracle's."""
        with np.errstate(all="ignore"):
            return np.asarray(np.abs((wide(answer) - self.numbers) - self.rest))

    def holds(self, answer: Array) -> Array:
        """Return where an answer of this shape is right within rounding."""
        return self._is_within(answer, self.near)

    def allows(self, answer: Array) -> bool:
        """Return whether some order of the sums could give this answer."""
        return answer.shape == self.numbers.shape and bool(self._is_within(answer, self.far).all())

    def _is_within(self, answer: Array, bound: Array) -> Array:
        within: Array = np.isfinite(self.numbers) & (self.distance(answer) <= bound)
        if within.all():
            return within
        within |= equal(answer, self.numbers)
        if np.iscomplexobj(answer):
            return within
        # What is beyond the range is infinite, with the sign that it has.
        is_beyond = np.abs(self.numbers) + bound >= OVERFLOW.get(self.dtype, np.inf)
        within |= is_beyond & (answer == np.copysign(np.inf, self.numbers))
        is_lost = self.partial_sum >= OVERFLOW.get(self.sums, np.inf)
        return within | (is_lost & ~np.isfinite(answer))

    def moved(self, function: questions.ArrayMap) -> Reference:
        """Return the reference with ``function`` applied to its numbers and bounds, which moves
        elements.
        """
        fields: dict[str, Any] = vars(self)
        arrays = {n: function(v) for n, v in fields.items() if isinstance(v, np.ndarray)}
        return Reference(**{**fields, **arrays})

    def loosened(self, slack: float) -> Reference:
        """Return the reference with bounds that are wider by ``slack``."""
        return replace(
            self,
            rounded_once=self.rounded_once + slack,
            near=self.near + slack,
            far=self.far + slack,
        )

    def is_apart(self, other: Reference) -> Array:
        """Return where the other answer is more than one rounding away from this one."""
        largest = np.maximum(np.abs(self.numbers), np.abs(other.numbers))
        with np.errstate(all="ignore"):
            distance = np.abs((self.numbers - other.numbers) + (self.rest - other.rest))
            rounding = ulp(largest, self.dtype) / 2
            is_near: Array = np.isfinite(distance) & (
                distance <= rounding + self.noise + other.noise
            )
            return ~(is_near | equal(self.numbers, other.numbers))


def reference(
    question: AnyQuestion, sums: Dtype | None = None, *, precise: bool = False
) -> Reference:
    """Return the answer in float64 with bounds on rounding.

    ``sums`` is the dtype to which every step of a sum is rounded. By default it is the dtype of the
    question, and float32 for float16 and bfloat16. ``precise`` says whether float64 sums are
    computed beyond float64, which takes about 20 times as long. Raises ``ValueError`` if the
    question has no answer.
    """
    return (
        _reference_of_chain(question, sums, precise)
        if isinstance(question, Chain)
        else _reference_of_question(question, sums, precise)
    )


def equal(first: Array, second: Array) -> Array:
    """Return where two arrays of one shape are equal, NaN with NaN."""
    agrees: Array = np.asarray(first == second)
    if agrees.all() or not (is_nan := first != first).any():
        return agrees
    return np.asarray(agrees | (is_nan & (second != second)))


def bound(question: AnyQuestion) -> Array:
    """Return how far a right answer is at most from the oracle's, element by element."""
    return reference(question).near


def _reference_of_question(q: Question, sums: Dtype | None, precise: bool) -> Reference:
    numbers = questions.answer(map_wide(q, np.asarray))
    sum_dtype = sums or summed_in(q.dtype)
    zeros = np.zeros(numbers.shape)
    if q.dtype not in UNIT_ROUNDOFF or q.wanted == "parameters":
        numbers = numbers.astype(np.float64)
        return Reference(numbers, zeros, zeros, zeros, zeros, zeros, zeros, sum_dtype, q.dtype)
    u = max(UNIT_ROUNDOFF[q.dtype], UNIT_ROUNDOFF[sums] if sums else 0.0)
    n = terms(q) * (2 if questions.is_complex(q.dtype) else 1)
    with np.errstate(all="ignore"):
        absolute_sum = questions.answer(map_wide(q, absolute))
        typical_sum = np.abs(numbers) + np.sqrt(
            questions.answer(map_wide(q, lambda array: np.square(absolute(array))))
        )
        worst, likely = rounding(
            n, UNIT_ROUNDOFF[sum_dtype], absolute_sum, typical_sum, COARSE if sums else LIKELY
        )
        _, noise = rounding(n, UNIT_ROUNDOFF["float64"], absolute_sum, typical_sum, LIKELY)
        rest = zeros
        if precise and sum_dtype == "float64" and q.operator != "interpolate" and is_moderate(q):
            sums_of_slices = exact_sums(q, n)
            numbers, rest = sums_of_slices.numbers, sums_of_slices.rest
            noise = np.full(numbers.shape, sums_of_slices.error)
        final_rounding = u * np.abs(numbers) + SMALLEST[q.dtype] + n * NORMAL[sum_dtype]
        sum_rounding = zeros
        for partial_sum in rounded_sums(q, numbers):
            sum_rounding = sum_rounding + u * np.abs(partial_sum)
        slack = 1 + 2 * u  # the number that is rounded last is already slightly off
        return Reference(
            numbers,
            rest,
            noise,
            rounded_once=noise + slack * (likely + final_rounding),
            near=noise + slack * (likely + final_rounding + sum_rounding),
            far=noise + slack * (worst + final_rounding + sum_rounding),
            partial_sum=absolute_sum if sums else zeros,
            sums=sum_dtype,
            dtype=q.dtype,
        )


def rounding(
    n: int, u: float, absolute_sum: Array, typical_sum: Array, likely: float
) -> tuple[Array, Array]:
    """Return the largest effect of n roundings on a sum, and the likely one."""
    gamma = expm1(n * u) if n * u < 700 else np.inf
    worst = np.where(absolute_sum > 0, gamma * absolute_sum, 0.0)
    return worst, np.fmin(worst, likely * sqrt(n) * u * typical_sum)


def _reference_of_chain(chain: Chain, sums: Dtype | None, precise: bool) -> Reference:
    """Apply every step to the unrounded numbers of the one before, and propagate the bounds."""
    total: Reference | None = None
    for step in chain.steps:
        if not isinstance(step, Question):
            if total is not None:  # else it is part of the first question's x
                total = _after_array_step(total, step)
        elif total is None:
            total = _reference_of_question(step, sums, precise)
        else:
            step_reference = _reference_of_question(step.but(x=total.numbers), sums, precise)
            propagate = _propagation(step)
            total = Reference(
                step_reference.numbers,
                step_reference.rest,
                step_reference.noise + propagate(total.noise + np.abs(total.rest)),
                step_reference.rounded_once + propagate(total.rounded_once),
                step_reference.near + propagate(total.near),
                step_reference.far + propagate(total.far),
                step_reference.partial_sum,
                step_reference.sums,
                step.dtype,
            )
    assert total is not None
    return total


def _after_array_step(total: Reference, step: ArrayStep) -> Reference:
    """Apply a step that rounds nothing; the elements that it adds have no error."""
    bounds = replace(step, value=0) if isinstance(step, Pad) else step
    return replace(total.moved(bounds.apply), numbers=step.apply(total.numbers))


def _propagation(step: Question) -> questions.ArrayMap:
    """Return the function that takes a bound of a step's input to a bound of its output."""
    linear = map_wide(step, absolute).but(bias=None)
    return lambda bound: questions.answer(linear.but(x=bound))


def rounded_sums(q: Question, numbers: Array) -> Iterator[Array]:
    """Yield the wide sums that may be rounded before more is added to them.

    That is the sum of all products, before a bias is added, and each of several answers that are
    added. ``numbers`` is the whole answer.
    """
    if q.broadcast_bias is not None:
        yield numbers - wide(q.broadcast_bias)
    summands = questions.summands(q)
    for summand in summands if len(summands) > 1 else ():
        yield questions.answer(map_wide(summand.but(bias=None), np.asarray))
