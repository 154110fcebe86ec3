"""Turn shapes and arguments into the slices of the elements that are multiplied with each other.

A convolution and its transpose multiply the same elements of three arrays,

    narrow[i]  kernel[a]  wide[i s + a d - b]

A convolution reads the wide side and writes the narrow side. A transposed convolution reads the
narrow side and writes the wide side. With circular padding an index of the wide side is taken
modulo its length m, which is to say that all of wide[i s + a d - b - t m] are multiplied, for every
whole t.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from operator import index, mul
from typing import Any, NamedTuple, TypeAlias

from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Padding, padding_of, per_axis

Numbers: TypeAlias = int | Sequence[int]
"""One number for all spatial axes, or one for each."""
Index: TypeAlias = tuple[Any, ...]
Tap: TypeAlias = tuple[int, Index, Index]
"""A kernel offset, in C order, and the overlapping parts of the narrow side and of a phase."""
Phases: TypeAlias = list[tuple[Index, list[Tap]]]
"""Every s-th element of the wide side along each axis, with its taps, the longest of them first.

Within a phase the stride is 1, so that its taps touch adjacent elements: NumPy adds those about
twice as fast as elements that lie apart.
"""


class ConvIndices(NamedTuple):
    """The shapes of the three arrays, and which of their elements are multiplied.

    Attributes
    ----------
    narrow_side
        The shape (N, C, *space) of what a convolution writes.
    kernel
        The shape (first, second, *k) of the kernel.
    wide_side
        The shape (N, C, *space) of what a convolution reads.
    groups
        The number of groups.
    phases
        The overlaps, by the phase of the stride; a phase without any is left out.
    is_covered
        Whether every element of the wide side is in one of the phases.
    """

    narrow_side: Axes
    kernel: Axes
    wide_side: Axes
    groups: int
    phases: Phases
    is_covered: bool


def conv(
    x: Sequence[int],
    kernel: Sequence[int],
    stride: Numbers = 1,
    padding: Padding = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> ConvIndices:
    """Return the indices of a convolution.

    The shapes are (N, C_in, *space) and (C_out, C_in / groups, *k). Raises ``ValueError`` if the
    shapes and arguments do not fit each other.
    """
    x, kernel = shape_of("x", x), shape_of("kernel", kernel)
    stride, dilation, groups = _parse_arguments(x, kernel, stride, dilation, groups)
    _check_channels(x, kernel, kernel[1] * groups, groups)
    space, window = x[2:], kernel[2:]
    word = padding_of(padding, len(space))
    pairs = geometry.conv_padding(word, space, window, stride, dilation)
    out = geometry.conv_space(space, window, stride, pairs, dilation)
    begin = tuple(b for b, _ in pairs)
    phases = _phases(out, window, space, stride, dilation, begin, word == "circular")
    return ConvIndices((x[0], kernel[0], *out), kernel, x, groups, *phases)


def conv_transpose(
    x: Sequence[int],
    kernel: Sequence[int],
    stride: Numbers = 1,
    padding: Padding = 0,
    dilation: Numbers = 1,
    groups: int = 1,
    output_padding: Numbers = 0,
) -> ConvIndices:
    """Return the indices of a transposed convolution.

    The shapes are (N, C_in, *space) and (C_in, C_out / groups, *k). Raises ``ValueError`` if the
    shapes and arguments do not fit each other.
    """
    x, kernel = shape_of("x", x), shape_of("kernel", kernel)
    stride, dilation, groups = _parse_arguments(x, kernel, stride, dilation, groups)
    _check_channels(x, kernel, kernel[0], groups)
    space, window = x[2:], kernel[2:]
    extra = per_axis("output_padding", output_padding, len(space), least=0)
    word = padding_of(padding, len(space))
    pairs = geometry.conv_transpose_padding(word, window, stride, dilation)
    out = geometry.conv_transpose_space(space, window, stride, pairs, extra, dilation)
    begin = tuple(b for b, _ in pairs)
    phases = _phases(space, window, out, stride, dilation, begin, word == "circular")
    return ConvIndices(x, kernel, (x[0], kernel[1] * groups, *out), groups, *phases)


def shape_of(name: str, shape: Sequence[int]) -> Axes:
    """Check a shape (N, C, *space) and return it as a tuple of ints.

    Returns the shape. Raises ``ValueError`` if there is no spatial axis, or another axis than the
    batch is empty.

    Parameters
    ----------
    shape
        The shape; only the batch may be empty.
    """
    shape = tuple(map(index, shape))
    if len(shape) < 3 or min(shape[1:]) < 1 or shape[0] < 0:
        raise ValueError(
            f"{name} must have channels and at least one spatial axis, and at least 1 element"
            f" along each, got the shape {shape}"
        )
    return shape


def _parse_arguments(
    x: Axes, kernel: Axes, stride: Numbers, dilation: Numbers, groups: int
) -> tuple[Axes, Axes, int]:
    rank = len(x) - 2
    if len(kernel) - 2 != rank:
        raise ValueError(
            f"kernel must have as many spatial axes as x, {rank}, got the shape {kernel}"
        )
    (groups,) = per_axis("groups", groups, 1)
    return per_axis("stride", stride, rank), per_axis("dilation", dilation, rank), groups


def _check_channels(x: Axes, kernel: Axes, channels: int, groups: int) -> None:
    if channels != x[1]:
        raise ValueError(
            f"a kernel of shape {kernel} in groups of {groups} takes {channels} input channels,"
            f" got x with {x[1]}"
        )
    if kernel[0] % groups:
        raise ValueError(
            f"groups must divide {kernel[0]}, the first length of kernel, got {groups}"
        )


@lru_cache(maxsize=256)  # a run asks thousands of questions about the same few shapes
def _phases(
    narrow_side: Axes,
    window: Axes,
    wide_side: Axes,
    stride: Axes,
    dilation: Axes,
    begin: Axes,
    is_circular: bool,
) -> tuple[Phases, bool]:
    phases: dict[Axes, list[Tap]] = {}
    sides = zip(narrow_side, window, wide_side, stride, dilation, begin, strict=True)
    axes = (_overlaps(*side, is_circular=is_circular) for side in sides)
    steps = [prod(window[axis + 1 :]) for axis in range(len(window))]
    for overlaps in product(*axes):
        offsets, starts, narrow, wide = zip(*overlaps, strict=True)
        a = sum(map(mul, offsets, steps))
        phases.setdefault(starts, []).append((a, (..., *narrow), (..., *wide)))
    ends = (None,) * len(stride)
    for taps in phases.values():
        taps.sort(key=lambda tap: -prod(part.stop - part.start for part in tap[1][1:]))
    views = ((..., *map(slice, starts, ends, stride)) for starts in phases)
    return list(zip(views, phases.values(), strict=True)), len(phases) == prod(stride)


def _overlaps(
    narrow_side: int, window: int, wide_side: int, s: int, d: int, b: int, *, is_circular: bool
) -> Iterator[tuple[int, int, slice, slice]]:
    """Yield each kernel offset with the start of its phase and both overlapping slices.

    An offset whose slices are empty is left out. With circular padding an offset has one overlap
    for each turn t around the wide side.
    """
    last = (narrow_side - 1) * s + (window - 1) * d - b
    turns = range(-b // wide_side, last // wide_side + 1) if is_circular else (0,)
    for a, t in product(range(window), turns):
        # so that i s + a d - b - t m = (i + shift) s + start
        shift, start = divmod(a * d - b - t * wide_side, s)
        length = -(-(wide_side - start) // s)
        low, high = max(0, -shift), min(narrow_side, length - shift)
        if low < high:
            yield a, start, slice(low, high), slice(low + shift, high + shift)
