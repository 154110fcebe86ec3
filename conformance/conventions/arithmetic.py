"""Define the axes of bias, dtype, rounding and position."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from conformance import question
from conformance.cases.arrays import to_dtype
from conformance.cases.exactness import rounds
from conformance.comparison import HALVES
from conformance.conventions.axis import (
    SOME_AXES,
    Axis,
    Change,
    Transformed,
    cropped,
    images,
    mapped,
)
from conformance.conventions.numbers import converted
from conformance.oracle.geometry import Axes
from conformance.question import Array, Dtype, Question

FLOATS: tuple[Dtype, ...] = ("float32", *HALVES)
"""The dtypes to which sums of wider numbers may be rounded."""
NARROWER: dict[Dtype, Dtype] = {
    "float64": "float32",
    "int64": "int32",
    "complex128": "complex64",
}
"""The dtypes of numbers of 64 bits, each with that of half the bits."""

OTHER_AXES = {
    -1: "the last axis",
    2: "the first spatial axis",
    3: "the second spatial axis",
    0: "the batch axis",
}
"""The axes of an output, in words, along which a bias of its channels may go by mistake."""


def round_to(y: Array, dtype: Dtype) -> Array:
    """Return numbers rounded to ``dtype``, in the dtype that they have."""
    return to_dtype(y, dtype).astype(y.dtype)


BIAS = Axis(
    "bias",
    "Channels and groups",
    "added once",
    "The bias is added once to every position.",
    lambda q: q.uses_bias and q.wanted != "parameters",
)


def _scale_bias(times: int) -> Change:
    def scale(bias: Array) -> Array:
        return np.asarray(bias * bias.dtype.type(times) if times else np.zeros_like(bias))

    return lambda q: mapped(q, "bias", scale, scale)


def _bias_along(axis: int) -> Change:
    """Add the bias along another axis of the output, if it has as many elements."""

    def change(q: Question) -> Transformed | None:
        if q.bias is None or not q.has_output or axis > q.rank:
            return None  # the last axis has a choice of its own
        if q.output_shape[axis] != len(q.bias) or len(q.bias) == 1:
            return None
        shape = [1] * (q.rank + 2)
        shape[axis] = -1
        return mapped(q, "bias", lambda bias: bias.reshape(shape), np.ravel)

    return change


BIAS.choice("dropped", "The bias is not added.")(_scale_bias(0))
BIAS.choice("doubled", "The bias is added twice.")(_scale_bias(2))
for axis, which in OTHER_AXES.items():
    BIAS.mistake(f"along {which}", f"The bias is added along {which} of the output.")(
        _bias_along(axis)
    )


@BIAS.mistake("along the input channels")
def _bias_to_input(q: Question) -> Question | None:
    """The bias is added to the input, along its channels."""
    if q.bias is None or q.x.shape[1] != len(q.bias) or q.is_derivative:
        return None
    return q.but(x=q.x + q.broadcast_bias, bias=None)


DTYPE = Axis(
    "dtype",
    "Dtype and accumulation",
    "kept",
    "The answer has the dtype of the question.",
    lambda q: q.dtype in NARROWER and q.wanted != "parameters",
)
DTYPE.choice(
    "narrowed to 32 bits", "Numbers of 64 bits are made numbers of 32, and so is the answer."
)(lambda q: converted(q, NARROWER[q.dtype]))

FLOAT16 = Axis(
    "float16",
    "Dtype and accumulation",
    "kept",
    "The answer to numbers of 16 bits has 16 bits.",
    lambda q: q.dtype == "float16" and q.wanted != "parameters",
    incidental=True,
)
FLOAT16.choice(
    "widened to 32 bits", "Numbers of 16 bits are made numbers of 32, and so is the answer."
)(lambda q: converted(q, "float32"))

ACCUMULATION = Axis(
    "accumulation",
    "Dtype and accumulation",
    "in the dtype or wider",
    "Sums are rounded to the dtype of the question or not at all.",
    lambda q: q.dtype in ("float32", "float64") and q.wanted != "parameters",
    rounds=True,
)


def _rounded(dtype: Dtype) -> Change:
    """Round the answer to a narrower dtype, as a sum kept in it would be at its end."""
    return lambda q: (
        None if q.dtype == dtype else Transformed(q, lambda y: round_to(y, dtype), sums=dtype)
    )


for dtype in FLOATS:
    ACCUMULATION.choice(f"in {dtype}", f"Sums are rounded to {dtype}.")(_rounded(dtype))

POSITION = Axis(
    "position",
    "Output",
    "in place",
    "The output begins where the padding says.",
    lambda q: q.operator != "interpolate",
)


def _move(axes: Sequence[int], begin: int, end: int) -> Change:
    """Move the start and the end of the output in what it is part of, by elements.

    Along all axes if none is named.
    """

    def change(q: Question) -> Question | None:
        moved = axes or range(q.rank)
        if max(moved) >= q.rank or len(axes) == q.rank:
            return None
        # An output that starts earlier has a smaller crop there, and a larger padding.
        steps = q.stride if q.operator == "conv" else (-1,) * q.rank
        pairs = list(q.pairs)
        for axis in moved:
            (b, e), step = pairs[axis], steps[axis]
            pairs[axis] = b - begin * step, e + end * step
        other = cropped(q, pairs)
        return other if other is not None and other.has_output else None

    return change


for axes, which in {(): "every axis", **SOME_AXES}.items():
    for by, late in ((-1, "later"), (1, "earlier")):
        POSITION.choice(
            f"one {late} along {which}", f"The output is one element {late} along {which}."
        )(_move(axes, by, by))

LENGTH = Axis(
    "length",
    "Output",
    "by the arguments",
    "The output ends where the padding says.",
    lambda q: q.operator != "interpolate",
)
for axes, which in {(): "every axis", **SOME_AXES}.items():
    if len(axes) < 2:
        for by, more in ((1, "more"), (-1, "fewer")):
            LENGTH.mistake(
                f"one {more} along {which}",
                f"The output has one element {more} at its end along {which}.",
            )(_move(axes, 0, by))


def is_rounded(q: Question, dtype: Dtype) -> bool:
    """Return whether the question is in ``dtype`` and rounds one of its sums."""
    return q.dtype == dtype and rounds(q, dtype)


def _summed_in(dtype: Dtype) -> Change:
    """Round every sum to ``dtype``, that of the question, after each offset of the kernel."""
    return lambda q: Transformed(q, lambda _: _sum_by_offsets(q, dtype), sums=dtype)


def _sum_by_offsets(q: Question, dtype: Dtype) -> Array:
    """Return the answer, rounded after each kernel offset.

    A gradient by the kernel or by the bias has no sum over these, and is rounded at its end.
    """
    if q.answer_space in ("kernel", "bias") or q.operator == "interpolate":
        return round_to(question.answer(q), dtype)
    total: Array | None = None
    with np.errstate(all="ignore"):  # infinities and overflow are answers
        for offset in np.ndindex(*q.window):
            partial_sum = round_to(question.answer(_at_offset(q, offset)), dtype)
            total = partial_sum if total is None else round_to(total + partial_sum, dtype)
        assert total is not None  # a kernel has an offset
        bias = q.broadcast_bias
        return total if bias is None else round_to(total + bias, dtype)


def _at_offset(q: Question, offset: Axes) -> Question:
    """Return the question with one element of the kernel, and no zeros in place of the others."""
    places = zip(offset, q.pairs, q.window, q.dilation, strict=True)
    element = (slice(None), slice(None), *(slice(a, a + 1) for a in offset))
    tangent = None if q.bias_tangent is None else np.zeros_like(q.bias_tangent)
    return q.but(
        **images(q, lambda kernel: kernel[element], "kernel"),
        padding=tuple((b - a * d, e - (k - 1 - a) * d) for a, (b, e), k, d in places),
        bias=q.bias if q.is_derivative else None,
        bias_tangent=tangent,
    )


HALF_ACCUMULATION = tuple(
    Axis(
        f"{half} accumulation",
        "Dtype and accumulation",
        "in float32 or wider",
        f"Sums of {half} are formed in float32 or wider and rounded once.",
        partial(is_rounded, dtype=half),
        rounds=True,
    )
    for half in HALVES
)
for half_axis, half in zip(HALF_ACCUMULATION, HALVES, strict=True):
    half_axis.choice(f"in {half}", f"Sums of {half} are rounded to {half} as they are formed.")(
        _summed_in(half)
    )

# The last axes depend on the whole question whose sums are rounded.
AXES = (BIAS, DTYPE, FLOAT16, ACCUMULATION, POSITION, LENGTH, *HALF_ACCUMULATION)
