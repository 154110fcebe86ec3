"""Define the axes of circular padding, whose numbers only say where it begins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from conformance.conventions.axis import Axis, Change, Transformed, extents, mapped, unchanged
from conformance.oracle.geometry import Axes
from conformance.question import Array, Question


def is_circular(q: Question) -> bool:
    """Return whether the padding is circular."""
    return q.padding == "circular"


CIRCULAR_ENDS = Axis(
    "circular: ends",
    "Padding",
    "joined",
    "With `circular` the two ends of the longer side of an operator are joined.",
    lambda q: is_circular(q) and any(max(pair) > 0 for pair in q.pairs),
)
CIRCULAR_ENDS.mistake("apart", "What `circular` pads is zeros, as with `same`.")(
    lambda q: q.but(padding="same")
)

CIRCULAR_START = Axis(
    "circular: start",
    "Padding",
    "as of `same`",
    "`circular` pads as many elements at the start as `same` does.",
    lambda q: is_circular(q) and q.wanted != "parameters",
)


def _begin_at(begins: Callable[[Question], Axes]) -> Change:
    """Pad another number of elements at the start, which turns the wide side around its axes."""

    def change(q: Question) -> Transformed | None:
        steps = tuple(new - old for new, (old, _) in zip(begins(q), q.pairs, strict=True))
        wide_side = q.space if q.operator == "conv" else q.output_space
        if not any(step % n for step, n in zip(steps, wide_side, strict=True)):
            return None
        later, earlier = (partial(_turned, steps=steps, sign=sign) for sign in (1, -1))
        if q.operator == "conv":
            return mapped(q, "x", later, earlier)
        gradient = None if q.gradient is None else later(q.gradient)
        after = earlier if q.answer_space == "output" else unchanged
        return Transformed(q.but(gradient=gradient), after)

    return change


def _turned(array: Array, *, steps: Axes, sign: int) -> Array:
    return np.roll(array, [sign * step for step in steps], tuple(range(2, array.ndim)))


def _rest_rounded_up(q: Question) -> Axes:
    rest = (max(r - s, 0) for r, s in zip(extents(q), q.stride, strict=True))
    return tuple((number + 1) // 2 for number in rest)


CIRCULAR_START.choice(
    "odd element at the start",
    "`circular` pads max(d (k - 1) + 1 - s, 0) elements, of an odd number one more at the start.",
)(lambda q: None if q.operator == "conv" else _begin_at(_rest_rounded_up)(q))
CIRCULAR_START.choice(
    "half a kernel",
    "`circular` pads half of a kernel, d (k - 1) // 2 elements, at the start, whatever the stride.",
)(_begin_at(lambda q: tuple((r - 1) // 2 for r in extents(q))))

AXES = (CIRCULAR_ENDS, CIRCULAR_START)
