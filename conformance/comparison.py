"""Compare answers with the oracle's: bit by bit for whole numbers, within rounding for others.

A real-valued answer is compared with a `Reference`: the sum in float64, with two bounds on the
effect of rounding on a sum S of n products t, where A = sum|t| and Q = sqrt(sum t^2):

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
the sum: there an answer has to hold the same. A bound on the products of complex numbers is that of
their parts, |re| + |im|, which also covers products that are formed of three multiplications.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import expm1, gcd, prod, sqrt
from typing import Any

import numpy as np

from conformance import question as questions
from conformance.exact_sums import exact_sums, is_moderate
from conformance.question import AnyQuestion, Array, ArrayStep, Chain, Dtype, Pad, Question, Step

HALVES: tuple[Dtype, ...] = ("float16", "bfloat16")
"""The dtypes of 16 bits, whose sums are formed in float32."""
_PARTS = {"complex64": "float32", "complex128": "float64"}
"""The dtype of the real and the imaginary part of a complex number."""


def _with_complex(values: dict[str, float]) -> dict[str, float]:
    return values | {dtype: values[part] for dtype, part in _PARTS.items()}


UNIT_ROUNDOFF = _with_complex(
    {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
)
SMALLEST = _with_complex(
    {"float16": 2.0**-24, "bfloat16": 2.0**-133, "float32": 2.0**-149, "float64": 2.0**-1074}
)
"""The smallest number above zero of each dtype."""
NORMAL = _with_complex(
    {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
)
"""The smallest number of full precision; a product below it may be flushed to zero."""
OVERFLOW = {
    "float16": (2 - 2.0**-11) * 2.0**15,
    "bfloat16": (2 - 2.0**-8) * 2.0**127,
    "float32": (2 - 2.0**-24) * 2.0**127,
}
"""The smallest number that each dtype rounds to infinity; float64 does that as it is computed."""
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


def wide(array: Array) -> Array:
    """Return an array in float64, or in complex128 if it is complex."""
    return np.asarray(array, np.result_type(array.dtype, np.float64))


def equal(first: Array, second: Array) -> Array:
    """Return where two arrays of one shape are equal, NaN with NaN."""
    agrees = np.asarray(first == second)
    return agrees if agrees.all() else np.where((first != first) & (second != second), True, agrees)


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
    if answer.dtype != expected.dtype and not _is_parameter_count(question):
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


def bound(question: AnyQuestion) -> Array:
    """Return how far a right answer is at most from the oracle's, element by element."""
    return reference(question).near


def gamma(count: int, question: AnyQuestion) -> float:
    """Return the relative error of ``count`` roundings of a sum and one of its answer, twice."""
    steps = question.questions if isinstance(question, Chain) else (question,)
    dtypes = [q.dtype for q in steps if q.dtype in UNIT_ROUNDOFF]
    sums = max((UNIT_ROUNDOFF[_summed_in(dtype)] for dtype in dtypes), default=0.0)
    return 2 * (expm1(count * sums) + max((UNIT_ROUNDOFF[dtype] for dtype in dtypes), default=0.0))


def ulp(numbers: Array, dtype: Dtype) -> Array:
    """Return the float64 step from each number to the next in ``dtype``; 0 for whole numbers."""
    if dtype not in UNIT_ROUNDOFF:
        return np.zeros(np.shape(numbers))
    _, exponent = np.frexp(np.asarray(numbers, np.float64))
    steps = np.where(numbers == 0, 0, np.ldexp(2 * UNIT_ROUNDOFF[dtype], exponent - 1))
    return np.maximum(steps, SMALLEST[dtype])


def terms(question: AnyQuestion) -> int:
    """Return the largest number of products in one sum of the answer, plus the bias."""
    if isinstance(question, Chain):
        return sum(terms(q) for q in question.questions)
    if question.operator == "interpolate":
        # There are two neighbours on each axis, each with a weight that is itself rounded.
        return 2 << question.rank
    if question.wanted == "bias_gradient":
        return len(question.x) * int(prod(question.output_space))
    summands = questions.summands(question)
    if summands != (question,):
        return sum(map(terms, summands))
    if question.wanted == "kernel_gradient":
        narrow_side = question.output_space if question.operator == "conv" else question.space
        return len(question.x) * int(prod(narrow_side))
    bias = question.bias is not None and question.wanted == "output"
    return _channels(question) * _offsets(question) + bias


def magnitude(question: AnyQuestion) -> AnyQuestion:
    """Return the same question with the absolute values of its arrays, in float64.

    Numbers that are not finite are zero: what they reach does not depend on how it is summed.
    """
    if isinstance(question, Question):
        return finite(question, _absolute)
    x = _finite_part(_absolute(wide(question.x)))
    return questions.chained(x, map(_absolute_step, question.steps))


def _absolute_step(step: Step) -> Step:
    if isinstance(step, Question):
        return finite(step, _absolute)
    return replace(step, value=abs(step.value)) if isinstance(step, Pad) else step


def finite(question: Question, function: questions.ArrayMap = np.asarray) -> Question:
    """Return a question in float64 with zeros for numbers that are not finite.

    ``function`` is a function of the arrays, which is applied before.
    """
    return _map_wide(question, lambda array: _finite_part(function(array)))


def _finite_part(array: Array) -> Array:
    is_finite = np.isfinite(array)
    return array if is_finite.all() else np.where(is_finite, array, 0)


def _absolute(array: Array) -> Array:
    """Return absolute values; of a complex number the sum of those of its parts."""
    return np.abs(array) if np.isrealobj(array) else np.abs(array.real) + np.abs(array.imag)


def _reference_of_question(q: Question, sums: Dtype | None, precise: bool) -> Reference:
    numbers = questions.answer(_map_wide(q, np.asarray))
    summed_in = sums or _summed_in(q.dtype)
    zeros = np.zeros(numbers.shape)
    if q.dtype not in UNIT_ROUNDOFF or q.wanted == "parameters":
        numbers = numbers.astype(np.float64)
        return Reference(numbers, zeros, zeros, zeros, zeros, zeros, zeros, summed_in, q.dtype)
    u = max(UNIT_ROUNDOFF[q.dtype], UNIT_ROUNDOFF[sums] if sums else 0.0)
    n = terms(q) * (2 if questions.is_complex(q.dtype) else 1)
    with np.errstate(all="ignore"):
        absolute_sum = questions.answer(_map_wide(q, _absolute))
        typical_sum = np.abs(numbers) + np.sqrt(
            questions.answer(_map_wide(q, lambda array: np.square(_absolute(array))))
        )
        worst, likely = _rounding(
            n, UNIT_ROUNDOFF[summed_in], absolute_sum, typical_sum, COARSE if sums else LIKELY
        )
        _, noise = _rounding(n, UNIT_ROUNDOFF["float64"], absolute_sum, typical_sum, LIKELY)
        rest = zeros
        if precise and summed_in == "float64" and q.operator != "interpolate" and is_moderate(q):
            sums_of_slices = exact_sums(q, n)
            numbers, rest = sums_of_slices.numbers, sums_of_slices.rest
            noise = np.full(numbers.shape, sums_of_slices.error)
        final_rounding = u * np.abs(numbers) + SMALLEST[q.dtype] + n * NORMAL[summed_in]
        sum_rounding = zeros
        for partial_sum in _rounded_sums(q, numbers):
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
            sums=summed_in,
            dtype=q.dtype,
        )


def _summed_in(dtype: Dtype) -> Dtype:
    """Return the narrowest dtype in which sums are formed."""
    return "float32" if dtype in HALVES else dtype


def _rounding(
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
    linear = _map_wide(step, _absolute).but(bias=None)
    return lambda bound: questions.answer(linear.but(x=bound))


def _channels(q: Question) -> int:
    """Return the number of channels over which an output, or a gradient by the input, is summed."""
    reads_narrow_side = (q.operator == "conv_transpose") == (q.wanted == "output")
    return int(q.kernel.shape[0]) // q.groups if reads_narrow_side else int(q.kernel.shape[1])


def _offsets(q: Question) -> int:
    """Return the number of kernel offsets that overlap in one place; a stride keeps some apart."""
    is_gathered = (q.operator == "conv_transpose") != (q.wanted == "output")
    if is_gathered or q.padding == "circular":
        return int(prod(q.window))
    steps = (s // gcd(s, d) for s, d in zip(q.stride, q.dilation, strict=True))
    return prod(-(-k // step) for k, step in zip(q.window, steps, strict=True))


def _map_wide(q: Question, function: questions.ArrayMap) -> Question:
    """Return the question in float64 or complex128 with ``function`` applied to every array."""
    dtype: Dtype = "complex128" if questions.is_complex(q.dtype) else "float64"
    return q.map_arrays(lambda array: function(wide(array)), dtype=dtype)


def _rounded_sums(q: Question, numbers: Array) -> Iterator[Array]:
    """Yield the wide sums that may be rounded before more is added to them.

    That is the sum of all products, before a bias is added, and each of several answers that are
    added. ``numbers`` is the whole answer.
    """
    if q.broadcast_bias is not None:
        yield numbers - wide(q.broadcast_bias)
    summands = questions.summands(q)
    for summand in summands if len(summands) > 1 else ():
        yield questions.answer(_map_wide(summand.but(bias=None), np.asarray))


def _is_parameter_count(question: AnyQuestion) -> bool:
    return isinstance(question, Question) and question.wanted == "parameters"
