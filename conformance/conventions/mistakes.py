"""Transform a question by mistakes of converters and hand-written code, which no API means.

They are transforms like those of `transforms`. They explain an answer that somebody brings, and say
nothing about what an API means. A transform returns None where it equals a likelier one of its
axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np

from conformance.conventions.transforms import (
    Postprocess,
    Transform,
    Transformed,
    cropped,
    mapped,
    odd_at_begin,
)
from conformance.oracle import geometry
from conformance.question import Array, Op, Question

# The layout of the answer


def laid_out(
    after: Postprocess, *, shape: Literal["any", "channels", "space"] = "any"
) -> Transform:
    """Put the axes or the memory of the answer into another order; a gradient stays as it is.

    Parameters
    ----------
    after
        The function that reorders an answer (N, C, *space).
    shape
        Whether the order matters only with several channels, or only with several spatial axes.
    """

    def transform(q: Question) -> Transformed | None:
        has_single_entry = {"any": False, "channels": q.output_channels == 1, "space": q.rank == 1}
        if q.wanted != "output" or has_single_entry[shape]:
            return None
        return Transformed(q, after, resizes=True)

    return transform


def channels_last(y: Array) -> Array:
    """Return (N, C, *space) as (N, *space, C)."""
    return np.moveaxis(y, 1, -1)


def reversed_space(y: Array) -> Array:
    """Return the answer with its spatial axes in the opposite order."""
    return y.transpose(0, 1, *range(y.ndim - 1, 1, -1))


def backwards(y: Array) -> Array:
    """Return the answer with every spatial axis reversed."""
    return np.flip(y, tuple(range(2, y.ndim)))


def reshaped_to_channels_last(y: Array) -> Array:
    """Return the memory of (N, C, *space) read as (N, *space, C)."""
    return y.reshape(len(y), *y.shape[2:], y.shape[1])


def reshaped_from_channels_last(y: Array) -> Array:
    """Return the memory of (N, *space, C) read as (N, C, *space)."""
    return np.moveaxis(y, 1, -1).reshape(y.shape)


# The layout of the kernel

KernelAxis = Literal["first", "second", "space"]
"""The first axis, of input channels in a transposed convolution, the second, and the others."""
KernelLayout: TypeAlias = tuple[KernelAxis, KernelAxis, KernelAxis]

SPACE_FIRST: KernelLayout = ("space", "first", "second")
SPACE_FIRST_REVERSED: KernelLayout = ("space", "second", "first")
SPACE_BETWEEN: KernelLayout = ("second", "space", "first")
CHANNELS_REVERSED: KernelLayout = ("second", "first", "space")

KERNEL_LAYOUTS: dict[str, KernelLayout] = {
    "space and then channels in reverse": SPACE_FIRST_REVERSED,
    "space and then channels": SPACE_FIRST,
    "channels in reverse": CHANNELS_REVERSED,
    "space between the channels": SPACE_BETWEEN,
}
"""The layouts in words; that of a transposed convolution is (C_in, C_out / groups, *k)."""


def reshape_to(layout: KernelLayout) -> Transform:
    """Read the kernel's memory as that of a kernel in a layout.

    With one group, `CHANNELS_REVERSED` is the convention that exchanges the kernel's channels.
    """

    def transform(q: Question) -> Transformed | None:
        if not _is_misread(q, layout) or (layout == CHANNELS_REVERSED and q.groups == 1):
            return None
        read, write = _memory(q, layout)
        return mapped(q, "kernel_gradient", read, write)

    return transform


def reshape_from(layout: KernelLayout) -> Transform:
    """Read the memory of the kernel in a layout as that of the kernel as it is."""

    def transform(q: Question) -> Transformed | None:
        first, second = q.kernel.shape[:2] if q.kernel.ndim > 2 else (1, 1)
        same_both_ways = layout == CHANNELS_REVERSED and first == second * q.groups
        if not _is_misread(q, layout) or same_both_ways:
            return None
        read, write = _memory(q, layout)
        return mapped(q, "kernel_gradient", write, read)

    return transform


def _is_misread(q: Question, layout: KernelLayout) -> bool:
    """Return whether memory in the layout has another order, which no likelier layout has."""
    if q.operator == "interpolate":
        return False
    first, second = q.kernel.shape[:2]
    if layout == CHANNELS_REVERSED:
        return bool(min(first // q.groups, second) > 1)
    channels = max(first, second) if layout == SPACE_FIRST_REVERSED else min(first, second)
    return bool(channels > 1 and max(q.window) > 1)


def _memory(q: Question, layout: KernelLayout) -> tuple[Postprocess, Postprocess]:
    """Return two functions, inverse to each other, that read and write the kernel in a layout."""
    first, second = q.kernel.shape[:2]
    # Channels are exchanged within their group; other layouts have no groups of their own.
    blocks = q.groups if layout == CHANNELS_REVERSED else 1
    sizes = (blocks, first // blocks, second, *q.window)
    places = {"first": (1,), "second": (2,), "space": tuple(range(3, len(sizes)))}
    order = (0, *(place for axis in layout for place in places[axis]))
    shape = tuple(sizes[place] for place in order)
    inverse = tuple(order.index(place) for place in range(len(order)))

    def read(kernel: Array) -> Array:
        return kernel.reshape(shape).transpose(inverse).reshape(kernel.shape)

    def write(kernel: Array) -> Array:
        return kernel.reshape(sizes).transpose(order).reshape(kernel.shape)

    return read, write


# The operator and its groups

_CONVOLUTIONS: dict[Op, Op] = {
    "conv_transpose": "conv",
    "conv_transpose_input_gradient": "conv_input_gradient",
    "conv_transpose_kernel_gradient": "conv_kernel_gradient",
}


def convolve(q: Question) -> Transformed | None:
    """Convolve with the same arguments, and with the kernel's channels by their names."""
    if q.op not in _CONVOLUTIONS:
        return None
    first, second = q.kernel.shape[:2]

    def exchange(kernel: Array) -> Array:
        """Return (C_in, C_out / groups, *k) as (C_out, C_in / groups, *k)."""
        blocks = kernel.reshape(q.groups, first // q.groups, second, *q.window)
        return blocks.swapaxes(1, 2).reshape(q.groups * second, first // q.groups, *q.window)

    def exchange_back(gradient: Array) -> Array:
        blocks = gradient.reshape(q.groups, second, first // q.groups, *q.window)
        return blocks.swapaxes(1, 2).reshape(first, second, *q.window)

    transformed = mapped(q, "kernel_gradient", exchange, exchange_back)
    convolution = transformed.question.but(op=_CONVOLUTIONS[q.op], output_padding=(0,) * q.rank)
    return transformed._replace(question=convolution)


def exchange_groups(q: Question) -> Transformed | None:
    """Exchange dilation and groups, where that gives valid groups of the input."""
    (dilation, *others) = dict.fromkeys(q.dilation)
    if q.operator != "conv_transpose" or others or dilation == q.groups:
        return None
    if len(q.kernel) % dilation or q.bias is not None:
        return None  # the number of output channels changes, and no bias fits both
    return Transformed(q.but(groups=dilation, dilation=(q.groups,) * q.rank))


# Stride


def ignore_stride(q: Question) -> Transformed | None:
    """Set the stride to 1."""
    return None if max(q.stride) == 1 else Transformed(q.but(stride=(1,) * q.rank))


def repeat_input(*, last: bool) -> Transform:
    """Repeat each input element as many times as the stride, in place of inserting zeros.

    Parameters
    ----------
    last
        Whether the last element of an axis is repeated too.
    """

    def transform(q: Question) -> Transformed | None:
        if q.operator != "conv_transpose" or max(q.stride) == 1:
            return None
        if q.wanted == "input_gradient":
            return None  # its gradient is a sum of elements, and an answer is only moved

        def repeat(x: Array) -> Array:
            for axis, (n, s) in enumerate(zip(q.space, q.stride, strict=True), 2):
                length = n * s if last else max((n - 1) * s + 1, 0)
                x = np.repeat(x, s, axis)[(slice(None),) * axis + (slice(length),)]
            return x

        return Transformed(q.but(x=repeat(q.x), stride=(1,) * q.rank))

    return transform


# Padding


def reverse_padding(q: Question) -> Transformed | None:
    """Exchange the padding of the last axis with that of the first."""
    return None if isinstance(q.padding, str) else cropped(q, q.pairs[::-1])


def padding_as_starts_and_ends(q: Question) -> Transformed | None:
    """Read pairs as the starts of all axes and then the ends of all axes."""
    if isinstance(q.padding, str):
        return None
    numbers = [number for pair in q.pairs for number in pair]
    return cropped(q, zip(numbers[: q.rank], numbers[q.rank :], strict=True))


def padding_as_pairs(q: Question) -> Transformed | None:
    """Read the starts of all axes and then the ends of all axes as pairs."""
    if isinstance(q.padding, str) or q.rank == 2:
        return None  # for two axes it equals `padding_as_starts_and_ends`
    numbers = [number for side in zip(*q.pairs, strict=True) for number in side]
    return cropped(q, zip(numbers[::2], numbers[1::2], strict=True))


def pad_input(q: Question) -> Transformed | None:
    """Pad the input by the padding numbers, and crop nothing of the output."""
    if not _can_pad_input(q):
        return None
    pairs = zip(q.stride, q.pairs, strict=True)
    return cropped(q, ((-b * s, -e * s) for s, (b, e) in pairs))


def pad_input_and_fit(q: Question) -> Transformed | None:
    """Pad the input by the padding numbers, and keep the places where the kernel fits into it.

    Without a stride this is the convention that padding numbers are zeros around the input.
    """
    if not _can_pad_input(q) or all(s == 1 or not any(pair) for s, pair in _axes(q)):
        return None
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    ends = (
        (r - 1 - b * s, r - 1 - e * s) for r, (s, (b, e)) in zip(extents, _axes(q), strict=True)
    )
    return cropped(q, ends)


def pad_before_stride(q: Question) -> Transformed | None:
    """Pad the input by what the kernel needs before the zeros of the stride are inserted."""
    if q.operator != "conv_transpose":
        return None
    margins = [r - 1 for r in geometry.effective_kernel_size(q.window, q.dilation)]
    ends = (
        (m - (m - b) * s, m - (m - e) * s) for m, (s, (b, e)) in zip(margins, _axes(q), strict=True)
    )
    return cropped(q, ends)


def _can_pad_input(q: Question) -> bool:
    """Return whether there are padding numbers that can be zeros around the input."""
    numbers = () if isinstance(q.padding, str) else [n for pair in q.padding for n in pair]
    return q.operator == "conv_transpose" and any(numbers) and min(numbers) >= 0


def _axes(q: Question) -> Iterator[tuple[int, tuple[int, int]]]:
    """Return the stride and the padding of each axis."""
    return zip(q.stride, q.pairs, strict=True)


EVERY_AXIS = (0, 1, 2)


def halve(odd_at_start: Sequence[int] = ()) -> Transform:
    """Crop half of an axis's whole padding at each end, as a crop around the centre does.

    Parameters
    ----------
    odd_at_start
        The axes whose odd element is cropped at the start; of the others it is at the end.
    """

    def transform(q: Question) -> Transformed | None:
        if q.operator == "interpolate":
            return None
        totals = [b + e - p for (b, e), p in zip(q.pairs, q.output_padding, strict=True)]
        odd = {axis for axis, total in enumerate(totals) if total % 2}
        if odd_at_start == EVERY_AXIS:
            likelier = odd_at_begin(q)
            if not odd or (likelier is not None and not any(q.output_padding)):
                return None
        elif odd_at_start and not odd > set(odd_at_start):
            return None
        starts = [(t + (axis in odd_at_start)) // 2 for axis, t in enumerate(totals)]
        return cropped(q, ((n, b + e - n) for n, (b, e) in zip(starts, q.pairs, strict=True)))

    return transform


# Output padding


def extend_input(*, at_start: bool) -> Transform:
    """Append the output padding to the input as zeros, before those of the stride are inserted."""

    def transform(q: Question) -> Transformed | None:
        extended = zip(q.stride, q.output_padding, strict=True)
        if q.operator != "conv_transpose" or all(s == 1 or p == 0 for s, p in extended):
            return None
        widths = ((0, 0), (0, 0), *((p, 0) if at_start else (0, p) for p in q.output_padding))
        inside = tuple(
            slice(before, before + n) for n, (before, _) in zip(q.x.shape, widths, strict=True)
        )
        transformed = mapped(q, "input_gradient", lambda x: np.pad(x, widths), lambda g: g[inside])
        return transformed._replace(question=transformed.question.but(output_padding=(0,) * q.rank))

    return transform


def zeros_at_start(q: Question) -> Transformed | None:
    """Prepend the output padding as zeros to an output without it."""
    if not any(q.output_padding) or q.wanted != "output":
        return None
    widths = ((0, 0), (0, 0), *((p, 0) for p in q.output_padding))
    shorter = q.but(output_padding=(0,) * q.rank)
    return Transformed(shorter, lambda y: np.pad(y, widths), resizes=True)


def clamp_output_padding(q: Question) -> Transformed | None:
    """Limit the output padding to the stride less one."""
    clamped = tuple(min(p, s - 1) for p, s in zip(q.output_padding, q.stride, strict=True))
    if clamped == q.output_padding or not any(clamped):
        return None  # without any it equals the convention that it is ignored
    return Transformed(q.but(output_padding=clamped))


# Bias


def bias_along(axis: int) -> Transform:
    """Add the bias along a spatial axis that has as many elements."""

    def transform(q: Question) -> Transformed | None:
        if q.bias is None or q.wanted != "output" or (axis == 0 and q.rank == 1):
            return None
        if not q.has_output or q.output_space[axis] != len(q.bias) or len(q.bias) == 1:
            return None
        shape = [1] * (q.rank + 2)
        shape[axis if axis < 0 else axis + 2] = -1
        return Transformed(q.but(bias=q.bias.reshape(shape)))

    return transform


def bias_to_input(q: Question) -> Transformed | None:
    """Add the bias along the input's channels, if they are as many."""
    if q.bias is None or q.wanted != "output" or q.x.shape[1] != len(q.bias):
        return None
    return Transformed(q.but(x=q.x + q.broadcast_bias, bias=None))
