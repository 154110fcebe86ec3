"""Define the axes of layout: the order of the axes of the answer and the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from conformance.conventions.axis import SOME_AXES, Axis, Change, Transformed, mapped
from conformance.question import Array, ArrayMap, Question

ANSWER_LAYOUT = Axis(
    "answer layout",
    "Output",
    "batch, channels, space",
    "The axes of the answer are batch, channels and space, in this order.",
    lambda q: q.answer_space == "output" and q.has_output and max(q.output_shape) > 1,
)


def _laid_out(after: ArrayMap, *, only: Literal["channels", "space"] | None = None) -> Change:
    """Reorder the answer, where several channels or several spatial axes give it another order."""

    def change(q: Question) -> Transformed | None:
        single = {"channels": q.output_channels == 1, "space": q.rank == 1, None: False}
        return None if single[only] else Transformed(q, after, resizes=True)

    return change


def _reversed_space(y: Array) -> Array:
    return y.transpose(0, 1, *range(y.ndim - 1, 1, -1))


def _reshaped_to_channels_last(y: Array) -> Array:
    return y.reshape(len(y), *y.shape[2:], y.shape[1])


def _reshaped_from_channels_last(y: Array) -> Array:
    return np.moveaxis(y, 1, -1).reshape(y.shape)


def _reshaped_to_channels_first(y: Array) -> Array:
    """Return the memory of (N, C, *space) read as (N, *space, C), with channels first."""
    return np.moveaxis(_reshaped_to_channels_last(y), -1, 1)


ANSWER_LAYOUT.mistake("channels last", "The channels are the last axis of the answer.")(
    _laid_out(lambda y: np.moveaxis(y, 1, -1))
)
ANSWER_LAYOUT.mistake(
    "space reversed", "The spatial axes of the answer are in the opposite order."
)(_laid_out(_reversed_space, only="space"))
ANSWER_LAYOUT.mistake("backwards", "The answer runs backwards along every spatial axis.")(
    _laid_out(lambda y: np.flip(y, tuple(range(2, y.ndim))))
)
ANSWER_LAYOUT.mistake(
    "reshaped to channels last",
    "The answer is reshaped to channels last, and its axes are not moved.",
)(_laid_out(_reshaped_to_channels_last, only="channels"))
ANSWER_LAYOUT.mistake(
    "reshaped from channels last",
    "An answer with channels last is reshaped, and its axes are not moved.",
)(_laid_out(_reshaped_from_channels_last, only="channels"))
ANSWER_LAYOUT.mistake(
    "taken for channels last",
    "The answer is taken for one with channels last, whose axes are then moved.",
)(_laid_out(_reshaped_to_channels_first, only="channels"))

INPUT_LAYOUT = Axis(
    "input layout",
    "Output",
    "axes moved",
    "The axes of the input are moved where a layout asks for another order.",
    lambda q: q.x.shape[1] > 1 and max(q.space) > 1,
)


@INPUT_LAYOUT.mistake("reshaped from channels last")
def _input_from_channels_last(q: Question) -> Transformed:
    """An input with channels last is reshaped, and its axes are not moved."""
    return mapped(q, "x", _reshaped_from_channels_last, _reshaped_to_channels_first)


@INPUT_LAYOUT.mistake("reshaped to channels last")
def _input_to_channels_last(q: Question) -> Transformed:
    """The input is reshaped to channels last, and its axes are not moved."""
    return mapped(q, "x", _reshaped_to_channels_first, _reshaped_from_channels_last)


KERNEL_LAYOUT = Axis(
    "kernel layout",
    "Kernel",
    "axes moved",
    "The axes of the kernel are moved where a layout asks for another order.",
    lambda q: q.operator != "interpolate" and q.kernel.size > max(q.kernel.shape),
)
KernelAxis = Literal["first", "second", "space", "reversed space"]
"""The first axis, of input channels in a transposed convolution, the second, and the others."""
KernelLayout: TypeAlias = tuple[KernelAxis, KernelAxis, KernelAxis]

SPACE_FIRST_REVERSED: KernelLayout = ("space", "second", "first")
CHANNELS_REVERSED: KernelLayout = ("second", "first", "space")
SPACE_REVERSED: KernelLayout = ("first", "second", "reversed space")
KERNEL_LAYOUTS: dict[str, KernelLayout] = {
    "space and then channels in reverse": SPACE_FIRST_REVERSED,
    "space and then channels": ("space", "first", "second"),
    "channels in reverse": CHANNELS_REVERSED,
    "space between the channels": ("second", "space", "first"),
    "space before the last channels": ("first", "space", "second"),
    "space in reverse": SPACE_REVERSED,
}
"""The layouts in words; that of a transposed convolution is (C_in, C_out / groups, *k)."""


def _reshape_to(layout: KernelLayout) -> Change:
    """Read the kernel's memory as that of a kernel in a layout."""

    def change(q: Question) -> Transformed | None:
        # With one group, `CHANNELS_REVERSED` is the axis of the kernel's channels.
        if not _is_misread(q, layout) or (layout == CHANNELS_REVERSED and q.groups == 1):
            return None
        read, write = _memory(q, layout)
        return mapped(q, "kernel", read, write)

    return change


def _reshape_from(layout: KernelLayout) -> Change:
    """Read the memory of the kernel in a layout as that of the kernel as it is."""

    def change(q: Question) -> Transformed | None:
        first, second = q.kernel.shape[:2]
        same_both_ways = layout == CHANNELS_REVERSED and first == second * q.groups
        if not _is_misread(q, layout) or same_both_ways:
            return None
        read, write = _memory(q, layout)
        return mapped(q, "kernel", write, read)

    return change


def _is_misread(q: Question, layout: KernelLayout) -> bool:
    """Return whether memory in the layout has another order, which no likelier layout has."""
    first, second = q.kernel.shape[:2]
    if layout == CHANNELS_REVERSED:
        return bool(min(first // q.groups, second) > 1)
    if layout == SPACE_REVERSED:
        return sum(k > 1 for k in q.window) > 1 and q.window != q.window[::-1]
    channels = max(first, second) if layout == SPACE_FIRST_REVERSED else min(first, second)
    return bool(channels > 1 and max(q.window) > 1)


def _memory(q: Question, layout: KernelLayout) -> tuple[ArrayMap, ArrayMap]:
    """Return two functions, inverse to each other, that read and write the kernel in a layout."""
    first, second = q.kernel.shape[:2]
    # Channels are exchanged within their group; other layouts have no groups of their own.
    blocks = q.groups if layout == CHANNELS_REVERSED else 1
    sizes = (blocks, first // blocks, second, *q.window)
    space = tuple(range(3, len(sizes)))
    places = {"first": (1,), "second": (2,), "space": space, "reversed space": space[::-1]}
    order = (0, *(place for axis in layout for place in places[axis]))
    shape = tuple(sizes[place] for place in order)
    inverse = tuple(order.index(place) for place in range(len(order)))

    def read(kernel: Array) -> Array:
        return kernel.reshape(shape).transpose(inverse).reshape(kernel.shape)

    def write(kernel: Array) -> Array:
        return kernel.reshape(sizes).transpose(order).reshape(kernel.shape)

    return read, write


for words, layout in KERNEL_LAYOUTS.items():
    for way, reshape in (("to", _reshape_to), ("from", _reshape_from)):
        KERNEL_LAYOUT.mistake(
            f"reshaped {way} {words}",
            f"The kernel is reshaped {way} {words}, and its axes are not moved.",
        )(reshape(layout))

KERNEL_FLIP = Axis(
    "kernel flip",
    "Kernel",
    "as it stands",
    "The kernel is read forwards along every spatial axis.",
    lambda q: max(q.window, default=1) > 1,
)


def _flip(axes: Sequence[int] = ()) -> Change:
    """Flip the kernel along some of its spatial axes, or along all if none is named."""

    def change(q: Question) -> Transformed | None:
        spatial = axes or range(q.rank)
        names_all_axes = len(axes) == q.rank
        if names_all_axes or max(spatial) >= q.rank or all(q.window[a] == 1 for a in spatial):
            return None
        order = tuple(axis + 2 for axis in spatial)

        def flip_kernel(kernel: Array) -> Array:
            return np.flip(kernel, order)

        return mapped(q, "kernel", flip_kernel, flip_kernel)

    return change


KERNEL_FLIP.choice("flipped", "The kernel is read backwards along every axis.")(_flip())
for axes, which in SOME_AXES.items():
    KERNEL_FLIP.choice(
        f"flipped along {which}", f"The kernel is read backwards along {which} of its spatial axes."
    )(_flip(axes))

CONVOLUTION_KERNEL_FLIP = Axis(
    "kernel flip of convolutions",
    "Kernel",
    "as it stands",
    "The convolutions of a chain read their kernels forwards along every spatial axis.",
    KERNEL_FLIP.concerns,
    incidental=True,
    of_convolutions=True,
)
CONVOLUTION_KERNEL_FLIP.choice(
    "flipped", "The convolutions of the chain read their kernels backwards along every axis."
)(_flip())

KERNEL_CHANNELS = Axis(
    "kernel channels",
    "Kernel",
    "by their names",
    "Input and output channels of the kernel are told apart.",
    lambda q: q.operator != "interpolate" and q.groups == 1 and max(q.kernel.shape[:2]) > 1,
)


@KERNEL_CHANNELS.choice("exchanged")
def _exchange_channels(q: Question) -> Transformed:
    """The kernel's input channels are taken for its output channels."""
    first, second = q.kernel.shape[:2]
    return mapped(
        q,
        "kernel",
        lambda kernel: kernel.reshape(second, first, *q.window).swapaxes(0, 1),
        lambda gradient: gradient.swapaxes(0, 1).reshape(first, second, *q.window),
    )


KERNEL_AXES = Axis(
    "kernel axes",
    "Kernel",
    "in order",
    "The spatial axes of the kernel are those of the input, in the same order.",
    lambda q: q.rank > 1 and max(q.window, default=1) > 1,
)
KERNEL_AXES.choice("reversed", "The last spatial axis of the kernel is taken for the first.")(
    lambda q: mapped(q, "kernel", _reversed_space, _reversed_space)
)

AXES = (
    ANSWER_LAYOUT,
    INPUT_LAYOUT,
    KERNEL_LAYOUT,
    KERNEL_FLIP,
    CONVOLUTION_KERNEL_FLIP,
    KERNEL_CHANNELS,
    KERNEL_AXES,
)
