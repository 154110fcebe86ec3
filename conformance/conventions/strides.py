"""Define the axes of stride and dilation, and of the order of arguments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conformance.conventions.axis import Axis, Change, images
from conformance.question import Array, Question


def _numbers(q: Question) -> dict[str, Sequence[object]]:
    """Return the arguments that have numbers for each spatial axis."""
    numbers = {name: getattr(q, name) for name in ("stride", "output_padding", "dilation")}
    return numbers if isinstance(q.padding, str) else {**numbers, "padding": q.padding}


ARGUMENT_ORDER = Axis(
    "argument order",
    "Stride and dilation",
    "in order",
    "The numbers of all arguments stand in the order of the spatial axes.",
    lambda q: sum(len(set(numbers)) > 1 for numbers in _numbers(q).values()) > 1,
)


@ARGUMENT_ORDER.mistake("reversed")
def _reverse_arguments(q: Question) -> Question | None:
    """The numbers of all arguments are read from the last axis."""
    changed = {name: value[::-1] for name, value in _numbers(q).items() if value != value[::-1]}
    return q.but(**changed) if len(changed) > 1 else None


STRIDE_ORDER = Axis(
    "stride order",
    "Stride and dilation",
    "in order",
    "The strides stand in the order of the spatial axes.",
    lambda q: q.stride != q.stride[::-1],
)
STRIDE_ORDER.choice("reversed", "The strides are read from the last axis.")(
    lambda q: q.but(stride=q.stride[::-1])
)
STRIDE_ORDER.mistake("first for all", "The first stride is taken for all axes.")(
    lambda q: q.but(stride=q.stride[:1] * q.rank)
)

DILATION_ORDER = Axis(
    "dilation order",
    "Stride and dilation",
    "in order",
    "The dilations stand in the order of the spatial axes.",
    lambda q: q.dilation != q.dilation[::-1],
)
DILATION_ORDER.mistake("reversed", "The dilations are read from the last axis.")(
    lambda q: q.but(dilation=q.dilation[::-1])
)
DILATION_ORDER.mistake("first for all", "The first dilation is taken for all axes.")(
    lambda q: q.but(dilation=q.dilation[:1] * q.rank)
)

STRIDE_WITH_DILATION = Axis(
    "stride with dilation",
    "Stride and dilation",
    "both as asked",
    "Stride spreads the input and dilation spreads the kernel.",
    lambda q: max(q.stride) > 1 and max(q.dilation) > 1,
    part_of="dilation",
)
STRIDE_WITH_DILATION.choice("exchanged", "Stride and dilation are exchanged.")(
    lambda q: None if q.stride == q.dilation else q.but(stride=q.dilation, dilation=q.stride)
)

STRIDE = Axis(
    "stride",
    "Stride and dilation",
    "zeros between",
    "Stride puts zeros between the elements of the input.",
    lambda q: q.operator != "interpolate" and max(q.stride) > 1,
)


def _repeat_input(*, last: bool) -> Change:
    """Repeat each input element as many times as the stride, perhaps not the last of an axis."""

    def change(q: Question) -> Question | None:
        if q.operator != "conv_transpose" or q.answer_space == "x":
            return None  # its gradient is a sum of elements, and an answer is only moved

        def repeat(x: Array) -> Array:
            for axis, (n, s) in enumerate(zip(q.space, q.stride, strict=True), 2):
                length = n * s if last else max((n - 1) * s + 1, 0)
                x = np.repeat(x, s, axis)[(slice(None),) * axis + (slice(length),)]
            return x

        return q.but(**images(q, repeat, "x"), stride=(1,) * q.rank)

    return change


STRIDE.mistake("ignored", "Stride is ignored.")(lambda q: q.but(stride=(1,) * q.rank))
STRIDE.mistake("repeats the input", "Stride repeats every element of the input.")(
    _repeat_input(last=True)
)
STRIDE.mistake(
    "repeats all but the last", "Stride repeats every element of the input but the last one."
)(_repeat_input(last=False))

DILATION = Axis(
    "dilation",
    "Stride and dilation",
    "of the kernel",
    "Dilation spreads the kernel.",
    lambda q: max(q.dilation) > 1,
)
DILATION.choice("ignored", "Dilation is ignored.")(lambda q: q.but(dilation=(1,) * q.rank))


@DILATION.choice("of the input")
def _dilate_input(q: Question) -> Question | None:
    """Dilation spreads the input."""
    if q.operator != "conv_transpose":
        return None
    stride = tuple(s * d for s, d in zip(q.stride, q.dilation, strict=True))
    return q.but(stride=stride, dilation=(1,) * q.rank)


AXES = (ARGUMENT_ORDER, STRIDE_ORDER, DILATION_ORDER, STRIDE_WITH_DILATION, STRIDE, DILATION)
