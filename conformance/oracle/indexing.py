"""Which elements meet: here, and only here, shapes and arguments become slices.

Convolution and its transpose join the same elements of three arrays,

    narrow[i]  kernel[a]  wide[i s + a d - b]

and differ in which of them they read: ``wide_side`` is what a convolution reads and a transposed
convolution writes, ``narrow_side`` is what a convolution writes and a transposed convolution reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from operator import index
from typing import Any, NamedTuple, TypeAlias

from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Padding, padding_of, per_axis

Numbers: TypeAlias = int | Sequence[int]
"""One number for all spatial axes, or one for each."""
Index: TypeAlias = tuple[Any, ...]
Tap: TypeAlias = tuple[int, Index, Index]
"""An offset of the kernel, in C order, and the parts of small and of a phase that meet there."""
Phases: TypeAlias = list[tuple[Index, list[Tap]]]
"""Every s-th element of large along each axis, with its taps.

Within a phase the stride is 1, so that its taps touch adjacent elements: NumPy adds those about
twice as fast as elements that lie apart.
"""


class ConvIndices(NamedTuple):
    """The shapes of three arrays, batch and channels included, and how their elements meet."""

    narrow_side: Axes
    kernel: Axes
    wide_side: Axes
    groups: int
    phases: Phases


def conv(
    x: Sequence[int],
    kernel: Sequence[int],
    stride: Numbers = 1,
    padding: Padding = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> ConvIndices:
    """The link of a convolution of shapes (N, C_in, *space) and (C_out, C_in / groups, *k).

    Raises ``ValueError`` for shapes and arguments that do not go together.
    """
    x, kernel = shape_of("x", x), shape_of("kernel", kernel)
    stride, dilation, groups = _checked(x, kernel, stride, dilation, groups)
    _check_channels(x, kernel, kernel[1] * groups, groups)
    space, window = x[2:], kernel[2:]
    pairs = padding_of(padding, len(space))
    pairs = geometry.conv_padding(pairs, space, window, stride, dilation)
    out = geometry.conv_space(space, window, stride, pairs, dilation)
    phases = _phases(out, window, space, stride, dilation, tuple(b for b, _ in pairs))
    return ConvIndices((x[0], kernel[0], *out), kernel, x, groups, phases)


def conv_transpose(
    x: Sequence[int],
    kernel: Sequence[int],
    stride: Numbers = 1,
    padding: Padding = 0,
    dilation: Numbers = 1,
    groups: int = 1,
    output_padding: Numbers = 0,
) -> ConvIndices:
    """The link of a transposed convolution of (N, C_in, *space) and (C_in, C_out / groups, *k).

    Raises ``ValueError`` for shapes and arguments that do not go together.
    """
    x, kernel = shape_of("x", x), shape_of("kernel", kernel)
    stride, dilation, groups = _checked(x, kernel, stride, dilation, groups)
    _check_channels(x, kernel, kernel[0], groups)
    space, window = x[2:], kernel[2:]
    extra = per_axis("output_padding", output_padding, len(space), least=0)
    pairs = padding_of(padding, len(space))
    pairs = geometry.conv_transpose_padding(pairs, window, stride, dilation)
    out = geometry.conv_transpose_space(space, window, stride, pairs, extra, dilation)
    phases = _phases(space, window, out, stride, dilation, tuple(b for b, _ in pairs))
    return ConvIndices(x, kernel, (x[0], kernel[1] * groups, *out), groups, phases)


def shape_of(name: str, shape: Sequence[int]) -> Axes:
    """``shape`` if it has channels and spatial axes, none of them empty; a batch may be."""
    shape = tuple(map(index, shape))
    if len(shape) < 3 or min(shape[1:]) < 1 or shape[0] < 0:
        raise ValueError(
            f"{name} must have channels and at least one spatial axis, and at least 1 element"
            f" along each, got the shape {shape}"
        )
    return shape


def _checked(
    x: Axes, kernel: Axes, stride: Numbers, dilation: Numbers, groups: int
) -> tuple[Axes, Axes, int]:
    rank = len(x) - 2
    if len(kernel) - 2 != rank:
        raise ValueError(
            f"kernel must have as many spatial axes as x, {rank}, got the shape {kernel}"
        )
    (groups,) = per_axis("groups", groups, 1)
    return per_axis("stride", stride, rank), per_axis("dilation", dilation, rank), groups


def _check_channels(x: Axes, kernel: Axes, takes: int, groups: int) -> None:
    if takes != x[1]:
        raise ValueError(
            f"a kernel of shape {kernel} in groups of {groups} takes {takes} input channels,"
            f" got x with {x[1]}"
        )
    if kernel[0] % groups:
        raise ValueError(
            f"groups must divide {kernel[0]}, the first length of kernel, got {groups}"
        )


@lru_cache(maxsize=256)  # a run asks thousands of questions about the same few shapes
def _phases(
    narrow_side: Axes, window: Axes, wide_side: Axes, stride: Axes, dilation: Axes, begin: Axes
) -> Phases:
    phases: dict[Axes, list[Tap]] = {}
    axes = map(_overlaps, narrow_side, window, wide_side, stride, dilation, begin)
    for a, meetings in enumerate(product(*axes)):
        starts, here, there = zip(*meetings, strict=True)
        if all(part.start < part.stop for part in here):
            phases.setdefault(starts, []).append((a, (..., *here), (..., *there)))
    ends = (None,) * len(stride)
    return [((..., *map(slice, starts, ends, stride)), taps) for starts, taps in phases.items()]


def _overlaps(
    narrow_side: int, window: int, wide_side: int, s: int, d: int, b: int
) -> Iterator[tuple[int, slice, slice]]:
    """For each offset along one axis: where its phase starts, and which parts meet."""
    for a in range(window):
        ahead, start = divmod(a * d - b, s)  # so that i s + a d - b = (i + ahead) s + start
        length = -(-(wide_side - start) // s)
        first, last = max(0, -ahead), min(narrow_side, length - ahead)
        yield start, slice(first, last), slice(first + ahead, last + ahead)
