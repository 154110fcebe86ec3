"""Define the axes of the operator, its channels and groups, its stride and its dilation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conformance.conventions.axis import (
    Axis,
    Change,
    Choice,
    Transformed,
    extents,
    images,
    is_padded,
    mapped,
    mistake,
    unchanged,
)
from conformance.question import Array, ArrayMap, Question


def is_sparse(q: Question) -> bool:
    """Return whether a stride of a transposed convolution exceeds the effective kernel size."""
    return q.operator == "conv_transpose" and any(
        s > r for s, r in zip(q.stride, extents(q), strict=True)
    )


def _convolve(q: Question) -> Transformed:
    """Convolve with the same arguments, and with the kernel's channels by their names."""
    first, second = q.kernel.shape[:2]

    def exchange(kernel: Array) -> Array:
        """Return (C_in, C_out / groups, *k) as (C_out, C_in / groups, *k)."""
        blocks = kernel.reshape(q.groups, first // q.groups, second, *q.window)
        return blocks.swapaxes(1, 2).reshape(q.groups * second, first // q.groups, *q.window)

    def exchange_back(gradient: Array) -> Array:
        blocks = gradient.reshape(q.groups, second, first // q.groups, *q.window)
        return blocks.swapaxes(1, 2).reshape(first, second, *q.window)

    transformed = mapped(q, "kernel", exchange, exchange_back)
    op = q.op.replace("conv_transpose", "conv")
    convolution = transformed.question.but(op=op, output_padding=(0,) * q.rank)
    return transformed._replace(question=convolution)


def _reverse_output_channels(q: Question) -> Transformed | None:
    if q.operator == "interpolate":
        return None
    gradient = None if q.gradient is None else q.gradient[:, ::-1]
    after: ArrayMap = (lambda y: y[:, ::-1]) if q.answer_space == "output" else unchanged
    return Transformed(q.but(gradient=gradient), after)


def _exchange_dilation_with_groups(q: Question) -> Question | None:
    """Exchange them where that gives valid groups of the input."""
    dilation, *others = dict.fromkeys(q.dilation)
    if others or len(q.kernel) % dilation or q.bias is not None:
        return None  # the number of output channels changes, and no bias fits both
    return q.but(groups=dilation, dilation=(q.groups,) * q.rank)


def _interleave(*, inputs: bool, outputs: bool) -> Change:
    """Form groups of every g-th input channel, or output channel, in place of blocks."""

    def change(q: Question) -> Transformed | None:
        per_input, per_output = q.x.shape[1] // q.groups, q.output_channels // q.groups
        is_interleaved = (inputs and per_input > 1) or (outputs and per_output > 1)
        if q.answer_space != "output" or not is_interleaved:
            return None
        changes = images(q, lambda x: _interleaved(x, q.groups), "x") if inputs else {}

        def after(y: Array) -> Array:
            return _interleaved(y, per_output) if outputs else y

        # A bias has one number for each output channel, whichever group the channel is in.
        if outputs:
            changes |= images(q, lambda bias: _interleaved(bias[None], q.groups)[0], "bias")
        return Transformed(q.but(**changes), after)

    return change


def _interleaved(array: Array, size: int) -> Array:
    """Reorder channels c = i size + j so that those with the same j are neighbours."""
    n, channels, *space = array.shape
    return array.reshape(n, channels // size, size, *space).swapaxes(1, 2).reshape(array.shape)


def _first_slice(q: Question) -> Question | None:
    if q.answer_space == "kernel":
        return None
    slices = q.groups

    def repeat(kernel: Array) -> Array:
        return np.concatenate([kernel[: len(kernel) // slices]] * slices)

    return q.but(**images(q, repeat, "kernel"))


def _first_bias(q: Question) -> Transformed | None:
    if q.bias is None:
        return None
    size = len(q.bias) // q.groups

    def add_up(gradient: Array) -> Array:
        """Return the sums over the groups as the gradient by the first group's bias."""
        sums = gradient.reshape(q.groups, size).sum(0, dtype=gradient.dtype)
        return np.pad(sums, (0, len(gradient) - size))

    return mapped(q, "bias", lambda bias: np.tile(bias[:size], q.groups), add_up)


def _ignore_groups(q: Question) -> Question | None:
    """Take all input channels for the output channels of one group."""
    if q.operator != "conv_transpose" or q.answer_space != "output":
        return None
    outputs = q.kernel.shape[1]
    return q.but(groups=1, **images(q, lambda bias: bias[:outputs], "bias"))


def _numbers(q: Question) -> dict[str, Sequence[object]]:
    """Return the arguments that have numbers for each spatial axis."""
    numbers = {name: getattr(q, name) for name in ("stride", "output_padding", "dilation")}
    return numbers if isinstance(q.padding, str) else {**numbers, "padding": q.padding}


def _reverse_arguments(q: Question) -> Question | None:
    """Reverse the order of all arguments, where that changes more than one."""
    changed = {name: value[::-1] for name, value in _numbers(q).items() if value != value[::-1]}
    return q.but(**changed) if len(changed) > 1 else None


def _exchange_stride_with_dilation(q: Question) -> Question | None:
    return None if q.stride == q.dilation else q.but(stride=q.dilation, dilation=q.stride)


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


def _dilate_input(q: Question) -> Question | None:
    """Dilate the input, on top of the stride, in place of the kernel."""
    if q.operator != "conv_transpose":
        return None
    stride = tuple(s * d for s, d in zip(q.stride, q.dilation, strict=True))
    return q.but(stride=stride, dilation=(1,) * q.rank)


AXES: tuple[Axis, ...] = (
    Axis(
        "operator",
        "Output",
        "transposed convolution",
        "The operator is a transposed convolution.",
        lambda q: (
            q.operator == "conv_transpose"
            and q.wanted != "parameters"
            and (max((*q.window, *q.stride)) > 1 or is_padded(q))
        ),
        (
            mistake(
                "convolution",
                "The operator is a convolution with the same arguments.",
                _convolve,
                like=(
                    ("kernel flip: flipped", "padding: pads the input"),
                    ("kernel flip: flipped", "same: odd element: cropped at the start"),
                ),
            ),
        ),
    ),
    Axis(
        "input channels",
        "Channels and groups",
        "in order",
        "Input channels are numbered as in the kernel.",
        lambda q: q.x.shape[1] > 1,
        (
            Choice(
                "reversed",
                "Input channels run backwards.",
                lambda q: mapped(q, "x", lambda x: x[:, ::-1], lambda gradient: gradient[:, ::-1]),
            ),
        ),
    ),
    Axis(
        "output channels",
        "Channels and groups",
        "in order",
        "Output channels are numbered as in the kernel.",
        lambda q: q.output_channels > 1,
        (Choice("reversed", "Output channels run backwards.", _reverse_output_channels),),
    ),
    Axis(
        "dilation with groups",
        "Stride and dilation",
        "both as asked",
        "Dilation and groups are told apart.",
        lambda q: q.operator == "conv_transpose" and max(q.dilation) != q.groups,
        (
            mistake(
                "exchanged", "Dilation and groups are exchanged.", _exchange_dilation_with_groups
            ),
        ),
    ),
    Axis(
        "groups",
        "Channels and groups",
        "in blocks",
        "Each group is a block of neighbouring channels with its own slice of the kernel.",
        lambda q: q.groups > 1,
        (
            Choice(
                "interleaved",
                "A group takes every g-th channel, of the input and of the output.",
                _interleave(inputs=True, outputs=True),
            ),
            Choice(
                "inputs interleaved",
                "A group takes every g-th input channel.",
                _interleave(inputs=True, outputs=False),
            ),
            Choice(
                "outputs interleaved",
                "A group gives every g-th output channel.",
                _interleave(inputs=False, outputs=True),
            ),
            Choice(
                "first slice for all",
                "Every group uses the first group's slice of the kernel.",
                _first_slice,
            ),
            Choice("first bias for all", "Every group adds the first group's bias.", _first_bias),
            mistake(
                "ignored",
                "Groups are ignored: every output channel sums all input channels.",
                _ignore_groups,
            ),
        ),
    ),
    Axis(
        "argument order",
        "Stride and dilation",
        "in order",
        "The numbers of all arguments stand in the order of the spatial axes.",
        lambda q: sum(len(set(numbers)) > 1 for numbers in _numbers(q).values()) > 1,
        (
            mistake(
                "reversed",
                "The numbers of all arguments are read from the last axis.",
                _reverse_arguments,
            ),
        ),
    ),
    Axis(
        "stride order",
        "Stride and dilation",
        "in order",
        "The strides stand in the order of the spatial axes.",
        lambda q: q.stride != q.stride[::-1],
        (
            Choice(
                "reversed",
                "The strides are read from the last axis.",
                lambda q: q.but(stride=q.stride[::-1]),
            ),
            mistake(
                "first for all",
                "The first stride is taken for all axes.",
                lambda q: q.but(stride=q.stride[:1] * q.rank),
            ),
        ),
    ),
    Axis(
        "dilation order",
        "Stride and dilation",
        "in order",
        "The dilations stand in the order of the spatial axes.",
        lambda q: q.dilation != q.dilation[::-1],
        (
            mistake(
                "reversed",
                "The dilations are read from the last axis.",
                lambda q: q.but(dilation=q.dilation[::-1]),
            ),
            mistake(
                "first for all",
                "The first dilation is taken for all axes.",
                lambda q: q.but(dilation=q.dilation[:1] * q.rank),
            ),
        ),
    ),
    Axis(
        "stride with dilation",
        "Stride and dilation",
        "both as asked",
        "Stride spreads the input and dilation spreads the kernel.",
        lambda q: max(q.stride) > 1 and max(q.dilation) > 1,
        (
            Choice(
                "exchanged", "Stride and dilation are exchanged.", _exchange_stride_with_dilation
            ),
        ),
        part_of="dilation",
    ),
    Axis(
        "stride",
        "Stride and dilation",
        "zeros between",
        "Stride puts zeros between the elements of the input.",
        lambda q: q.operator != "interpolate" and max(q.stride) > 1,
        (
            mistake("ignored", "Stride is ignored.", lambda q: q.but(stride=(1,) * q.rank)),
            mistake(
                "repeats the input",
                "Stride repeats every element of the input.",
                _repeat_input(last=True),
            ),
            mistake(
                "repeats all but the last",
                "Stride repeats every element of the input but the last one.",
                _repeat_input(last=False),
            ),
        ),
    ),
    Axis(
        "dilation",
        "Stride and dilation",
        "of the kernel",
        "Dilation spreads the kernel.",
        lambda q: max(q.dilation) > 1,
        (
            Choice("ignored", "Dilation is ignored.", lambda q: q.but(dilation=(1,) * q.rank)),
            Choice("of the input", "Dilation spreads the input.", _dilate_input),
        ),
    ),
)
