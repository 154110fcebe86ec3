"""Recognise numbers that were printed with few decimals, as people copy them from a terminal."""

import numpy as np

from conformance import comparison
from conformance.question import Array, Question

MOST_DECIMALS = 6
"""Decimals of printed numbers; more are as exact as float32."""


def count_decimals(array: Array | None) -> int | None:
    """Return how many decimals all numbers of an array have, if they are few.

    Parameters
    ----------
    array
        Numbers of any shape and dtype, or None.

    Returns
    -------
    int or None
        At most `MOST_DECIMALS`; 0 for whole numbers, and None for more.
    """
    if array is None or array.dtype.kind != "f" or not np.isfinite(array).all():
        return 0 if array is None or array.dtype.kind in "iu" else None
    numbers = array.astype(np.float64)
    for places in range(MOST_DECIMALS + 1):
        if np.array_equal(np.round(numbers, places).astype(array.dtype), array):
            return places
    return None


def printing_error(q: Question, y: Array) -> float:
    """Return how far an answer may be off because numbers were printed.

    Returns
    -------
    float
        Half of the last decimal of the answer, and what half of the last decimals of the operands
        come to in a sum; 0 if the answer was not printed, or is in half precision.
    """
    if q.wanted != "output" or q.dtype not in ("float32", "float64") or not count_decimals(y):
        return 0.0
    x, kernel, bias, answer = map(_error, (q.x, q.kernel, q.bias, y))
    products = x * _largest(q.kernel) + kernel * _largest(q.x) + x * kernel
    return comparison.terms(q) * products + bias + answer


def _error(array: Array | None) -> float:
    """Return half of the last decimal; 0 for whole numbers and for those with all their digits."""
    places = count_decimals(array)
    return 0.5 * 10.0**-places if places else 0.0


def _largest(array: Array) -> float:
    return float(np.abs(array).max(initial=0))
