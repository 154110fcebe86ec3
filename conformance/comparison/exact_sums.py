"""Compute a float64 answer almost without rounding, by products that float64 holds exactly.

Every array is split into a few slices of whole multiples of a power of two, so short that each sum
of products of two slices is exact in any order (Ozaki, Ogita, Oishi and Rump, "Error-free
transformations of matrix multiplication by using fast routines of matrix multiplication and its
applications", 2012). The exact sums are then added in doubled precision (Dekker, "A floating-point
technique for extending the available precision", 1971).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import frexp

import numpy as np

from conformance import question as questions
from conformance.question import Array, Question, Wanted

_MANTISSA = 53
"""Bits of a float64."""
_PRECISION = 100
"""Bits below the largest product that are computed."""
_LEFT_OUT = 6
"""Bits of the number of slices that are left out, and of additions that round."""
_MODERATE = 256
"""The largest exponent of an array, up or down, whose slices' products are normal numbers."""
FACTORS: dict[Wanted, tuple[str, str]] = {
    "output": ("x", "kernel"),
    "input_gradient": ("gradient", "kernel"),
    "kernel_gradient": ("x", "gradient"),
}
"""The two arrays whose products are summed."""


@dataclass(frozen=True, eq=False)
class ExactSums:
    """An answer as the unevaluated sum of two float64 arrays.

    Attributes
    ----------
    numbers
        The answer, rounded to float64.
    rest
        What rounding took away: the answer is ``numbers + rest``.
    error
        How far that sum is at most from the exact one.
    """

    numbers: Array
    rest: Array
    error: float


def is_moderate(q: Question) -> bool:
    """Return whether float64 holds every product of the question's slices."""
    arrays = (getattr(s, name) for s in questions.summands(q) for name in FACTORS[s.wanted])
    return all(np.isfinite(a).all() and abs(_exponent(a)) <= _MODERATE for a in arrays)


def exact_sums(q: Question, count: int) -> ExactSums:
    """Return the answer to a float64 question with twice the precision of float64.

    ``q`` is a question about a convolution or a derivative, whose arrays are float64 of moderate
    size (`is_moderate`). Raises ``ValueError`` if the question has no answer.
    """
    bits = (_MANTISSA - count.bit_length()) // 2
    numbers = rest = np.zeros(questions.shape(q))
    error = 0.0
    for summand in questions.summands(q):
        first, second = (getattr(summand, name) for name in FACTORS[summand.wanted])
        largest = _exponent(first) + _exponent(second)
        for part in _products(summand, bits, largest - _PRECISION):
            numbers, rest = _add(numbers, rest, part.reshape(numbers.shape))
        error += count * 2.0 ** (largest - _PRECISION + _LEFT_OUT)
    if q.broadcast_bias is not None:
        numbers, rest = _add(numbers, rest, q.broadcast_bias)
    return ExactSums(numbers, rest, error)


def _products(q: Question, bits: int, lowest: int) -> Iterator[Array]:
    """Yield exact answers for slices of the two arrays, which add up to that for the arrays."""
    first, second = FACTORS[q.wanted]
    second_slices = list(_slices(getattr(q, second), bits))
    for exponent, first_slice in _slices(getattr(q, first), bits):
        for other_exponent, second_slice in second_slices:
            if exponent + other_exponent < lowest:
                break
            yield questions.answer(q.but(**{first: first_slice, second: second_slice}, bias=None))


def _slices(array: Array, bits: int) -> Iterator[tuple[int, Array]]:
    """Yield arrays that add up to the given one, each with the exponent of its largest number."""
    lowest = _exponent(array) - _PRECISION
    while array.any() and (exponent := _exponent(array)) >= lowest:
        step = 2.0 ** (exponent - bits)
        part = np.rint(array / step) * step
        yield exponent, part
        array = array - part


def _exponent(array: Array) -> int:
    """Return the smallest e with all numbers at most 2^e."""
    return frexp(float(np.abs(array).max(initial=0.0)))[1]


def _add(numbers: Array, rest: Array, part: Array) -> tuple[Array, Array]:
    """Add an array to an unevaluated sum of two, which stays normalised."""
    total = numbers + part
    grown = total - numbers
    rest = rest + ((numbers - (total - grown)) + (part - grown))
    normalised = total + rest
    return normalised, rest - (normalised - total)
