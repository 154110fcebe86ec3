"""Comparison with the oracle's answer: to the bit for integers, within a bound for real values.

The bound for real values is the forward error of a sum of products in any order, for both sides:
2 gamma_n sum|x||w| with n terms and unit roundoff u. A product of n factors 1 + d, |d| <= u, is off
by at most (1 + u)^n - 1 < e^(n u) - 1 = gamma_n (Higham, "Accuracy and Stability of Numerical
Algorithms", section 3.1, whose n u / (1 - n u) has no meaning for the 256 terms of a bfloat16).
"""

from __future__ import annotations

from math import expm1, prod

import numpy as np

from conformance import question
from conformance.question import Array, Asked, Chain, Pool, Question

UNIT_ROUNDOFF = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}


def difference(asked: Asked, wanted: Array, got: Array, *, exact: bool) -> str | None:
    """How ``got`` differs from the oracle's answer ``wanted``, in a sentence; None if it does not.

    A NaN differs from everything, and so does a number of another dtype.
    """
    if got.shape != wanted.shape:
        return f"shape {got.shape}, not {wanted.shape}"
    if got.dtype != wanted.dtype and not _counts(asked):
        return f"dtype {got.dtype}, not {wanted.dtype}"
    if exact:
        same = got == wanted
    else:
        with np.errstate(invalid="ignore"):
            same = np.abs(got.astype(np.float64) - wanted) <= bound(asked)
    if same.all():
        return None
    where = tuple(int(i) for i in np.argwhere(~np.atleast_1d(same))[0])
    return (
        f"{int(same.size - same.sum())} of {same.size} numbers differ, first at {list(where)}:"
        f" {np.atleast_1d(got)[where]}, not {np.atleast_1d(wanted)[where]}"
    )


def bound(asked: Asked) -> Array:
    """How far two right answers may be apart, element by element, in float64."""
    return gamma(terms(asked), asked) * question.answer(magnitude(asked))


def gamma(count: int, asked: Asked) -> float:
    """The relative error of ``count`` roundings on both sides, in the coarsest dtype asked."""
    questions = asked.questions if isinstance(asked, Chain) else (asked,)
    u = max(UNIT_ROUNDOFF.get(q.dtype, 0.0) for q in questions)
    return 2 * expm1(count * u)


def terms(asked: Asked) -> int:
    """The largest number of products that one number of the answer is the sum of, plus the bias."""
    if isinstance(asked, Chain):
        return sum(terms(q) for q in asked.questions)
    if asked.operator == "interpolate":
        # Two neighbours an axis, each with a weight that is itself rounded.
        return 2 << asked.rank
    if asked.wanted == "kernel_gradient":
        positions = max(prod(asked.space), prod(asked.output_space))
        return len(asked.x) * int(positions)
    return int(max(asked.kernel.shape[:2])) * prod(asked.window) + 1


def magnitude(asked: Asked) -> Asked:
    """The same question of the absolute values, in float64."""
    return _absolute_chain(asked) if isinstance(asked, Chain) else _absolute(asked)


def _absolute(asked: Question) -> Question:
    def absolute(array: Array | None) -> Array | None:
        return None if array is None else np.abs(array.astype(np.float64))

    return asked.but(
        dtype="float64",
        x=absolute(asked.x),
        kernel=absolute(asked.kernel),
        bias=absolute(asked.bias),
        gradient=absolute(asked.gradient),
    )


def _absolute_chain(asked: Chain) -> Chain:
    first = _absolute(asked.questions[0])
    steps = (step if isinstance(step, Pool) else _absolute(step) for step in asked.steps)
    return question.chained(first.x, steps)


def _counts(asked: Asked) -> bool:
    return isinstance(asked, Question) and asked.wanted == "parameters"
