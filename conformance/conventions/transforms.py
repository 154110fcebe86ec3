"""Transform a question as a convention understands it, with one function for each convention.

A transform returns the changed question and a function of its answer, or None where it changes
nothing. A gradient by an array goes back through the adjoint of what was done to that array, as a
framework's own autodiff would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from conformance import question
from conformance.oracle import geometry
from conformance.question import Array, Dtype, Question, Wanted

Postprocess: TypeAlias = Callable[[Array], Array]


def unchanged(answer: Array) -> Array:
    """Return the answer as it is."""
    return answer


class Transformed(NamedTuple):
    """A question as a convention understands it.

    Attributes
    ----------
    question
        The changed question.
    after
        The function of the oracle's answer to it.
    resizes
        Whether that function gives the answer another shape.
    sums
        The dtype to which its sums are rounded, if that is the whole convention. Then ``after``
        gives one answer of many, as rounding depends on the order of a sum.
    """

    question: Question
    after: Postprocess = unchanged
    resizes: bool = False
    sums: Dtype | None = None


Transform: TypeAlias = Callable[[Question], Transformed | None]


# Properties of a question


def is_padded(q: Question) -> bool:
    """Return whether padding shortens or lengthens the full output."""
    return any(map(any, q.pairs))


def is_sparse(q: Question) -> bool:
    """Return whether a stride of a transposed convolution exceeds the effective kernel size."""
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return q.operator == "conv_transpose" and any(
        s > r for s, r in zip(q.stride, extents, strict=True)
    )


def cropped(q: Question, pairs: Iterable[tuple[int, int]]) -> Transformed | None:
    """Return the question with this padding, or None if it has it already."""
    padding = tuple(pairs)
    return None if padding == q.pairs else Transformed(q.but(padding=padding))


def mapped(q: Question, wanted: Wanted, function: Postprocess, adjoint: Postprocess) -> Transformed:
    """Apply a linear map to one array; the array's own gradient goes back through the adjoint.

    Parameters
    ----------
    q
        The question.
    wanted
        ``input_gradient`` for a map of the input, ``kernel_gradient`` for one of the kernel.
    function, adjoint
        The linear map and its adjoint.

    Returns
    -------
    Transformed
        The question of the mapped array.
    """
    name = "x" if wanted == "input_gradient" else "kernel"
    after = adjoint if q.wanted == wanted else unchanged
    return Transformed(q.but(**{name: function(getattr(q, name))}), after)


# The kernel and the channels


def flip(axes: Sequence[int]) -> Transform:
    """Flip the kernel along some of its spatial axes, or along all if none is named."""

    def transform(q: Question) -> Transformed | None:
        spatial = axes or range(q.rank)
        names_all_axes = len(axes) == q.rank
        if names_all_axes or max(spatial) >= q.rank or all(q.window[a] == 1 for a in spatial):
            return None
        order = tuple(axis + 2 for axis in spatial)

        def flip_kernel(kernel: Array) -> Array:
            return np.flip(kernel, order)

        return mapped(q, "kernel_gradient", flip_kernel, flip_kernel)

    return transform


def exchange_channels(q: Question) -> Transformed | None:
    """Read the kernel's memory with its first two axes exchanged."""
    first, second = q.kernel.shape[:2]
    if q.groups > 1 or first == second == 1:
        return None

    def exchange(kernel: Array) -> Array:
        return kernel.reshape(second, first, *q.window).swapaxes(0, 1)

    def exchange_back(gradient: Array) -> Array:
        return gradient.swapaxes(0, 1).reshape(first, second, *q.window)

    return mapped(q, "kernel_gradient", exchange, exchange_back)


def reverse_kernel_axes(q: Question) -> Transformed | None:
    """Reverse the order of the kernel's spatial axes."""
    if q.rank == 1 or max(q.window) == 1:
        return None

    def reverse(kernel: Array) -> Array:
        return kernel.transpose(0, 1, *range(kernel.ndim - 1, 1, -1))

    return mapped(q, "kernel_gradient", reverse, reverse)


def reverse_input_channels(q: Question) -> Transformed | None:
    """Reverse the input's channels."""
    if q.x.shape[1] == 1:
        return None
    return mapped(q, "input_gradient", lambda x: x[:, ::-1], lambda x: x[:, ::-1])


def reverse_output_channels(q: Question) -> Transformed | None:
    """Reverse the output's channels."""
    if q.output_channels == 1 or q.operator == "interpolate":
        return None
    gradient = None if q.gradient is None else q.gradient[:, ::-1]
    after: Postprocess = (lambda y: y[:, ::-1]) if q.wanted == "output" else unchanged
    return Transformed(q.but(gradient=gradient), after)


def interleave(*, inputs: bool, outputs: bool) -> Transform:
    """Form groups of every g-th channel in place of blocks.

    Parameters
    ----------
    inputs, outputs
        Whether that holds for the input channels and for the output channels.
    """

    def transform(q: Question) -> Transformed | None:
        per_input, per_output = q.x.shape[1] // q.groups, q.output_channels // q.groups
        is_interleaved = (inputs and per_input > 1) or (outputs and per_output > 1)
        if q.groups == 1 or q.wanted != "output" or not is_interleaved:
            return None
        x = _interleave(q.x, q.groups) if inputs else q.x

        def after(y: Array) -> Array:
            return _interleave(y, per_output) if outputs else y

        # A bias has one number for each output channel, whichever group the channel is in.
        bias = _interleave(q.bias[None], q.groups)[0] if outputs and q.bias is not None else q.bias
        return Transformed(q.but(x=x, bias=bias), after)

    return transform


def _interleave(array: Array, size: int) -> Array:
    """Reorder channels c = i size + j so that those with the same j are neighbours."""
    n, channels, *space = array.shape
    return array.reshape(n, channels // size, size, *space).swapaxes(1, 2).reshape(array.shape)


def first_slice(q: Question) -> Transformed | None:
    """Use the first group's slice of the kernel in all groups."""
    if q.groups == 1 or q.wanted == "kernel_gradient":
        return None
    first = q.kernel[: len(q.kernel) // q.groups]
    return Transformed(q.but(kernel=np.concatenate([first] * q.groups)))


def first_bias(q: Question) -> Transformed | None:
    """Use the first group's bias in all groups."""
    if q.groups == 1 or q.bias is None:
        return None
    return Transformed(q.but(bias=np.tile(q.bias[: len(q.bias) // q.groups], q.groups)))


# Stride and dilation


def reverse_stride(q: Question) -> Transformed | None:
    """Reverse the order of the strides."""
    return None if q.stride == q.stride[::-1] else Transformed(q.but(stride=q.stride[::-1]))


def exchange_strides(q: Question) -> Transformed | None:
    """Exchange stride and dilation."""
    if q.stride == q.dilation:
        return None
    return Transformed(q.but(stride=q.dilation, dilation=q.stride))


def ignore_dilation(q: Question) -> Transformed | None:
    """Set the dilation to 1."""
    return None if max(q.dilation) == 1 else Transformed(q.but(dilation=(1,) * q.rank))


def dilate_input(q: Question) -> Transformed | None:
    """Dilate the input, on top of the stride, in place of the kernel."""
    if max(q.dilation) == 1 or q.operator != "conv_transpose":
        return None
    stride = tuple(s * d for s, d in zip(q.stride, q.dilation, strict=True))
    return Transformed(q.but(stride=stride, dilation=(1,) * q.rank))


# Padding


def odd_at_begin(q: Question) -> Transformed | None:
    """Crop the odd element of ``same`` at the other end (SAME_LOWER in ONNX)."""
    if q.padding != "same":
        return None
    return cropped(q, ((e, b) if e == b + 1 else (b, e) for b, e in q.pairs))


def unextended(transform: Transform) -> Transform:
    """Apply the transform only where there is no output padding."""
    return lambda q: None if q.has_output_padding else transform(q)


def same_of_input(q: Question) -> Transformed | None:
    """Count ``same`` as for a convolution over the input, without dilation."""
    if q.padding != "same" or q.operator != "conv_transpose":
        return None
    ones = (1,) * q.rank
    return cropped(q, geometry.conv_padding("same", q.space, q.window, q.stride, ones))


def same_half_kernel(q: Question) -> Transformed | None:
    """Crop half of the kernel at both ends for ``same``."""
    if q.padding != "same" or q.operator != "conv_transpose":
        return None
    return cropped(
        q, ((r // 2, r // 2) for r in geometry.effective_kernel_size(q.window, q.dilation))
    )


def same_half_kernel_centred(q: Question) -> Transformed | None:
    """Crop half of the kernel twice for ``same``, less the output padding, evenly at both ends."""
    if q.padding != "same" or q.operator != "conv_transpose" or not q.has_output_padding:
        return None
    halves = [r // 2 for r in geometry.effective_kernel_size(q.window, q.dilation)]
    begins = [max(2 * h - p, 0) // 2 for h, p in zip(halves, q.output_padding, strict=True)]
    return cropped(q, ((b, 2 * h - b) for b, h in zip(begins, halves, strict=True)))


def whole_strides(q: Question) -> Transformed | None:
    """Lengthen an unpadded output to whole strides."""
    if not is_sparse(q) or is_padded(q) or q.has_output_padding:
        return None
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    gaps = tuple(max(s - r, 0) for s, r in zip(q.stride, extents, strict=True))
    return Transformed(q.but(output_padding=gaps))


def pad_zero_inserted_input(q: Question) -> Transformed | None:
    """Put padding numbers as zeros around the zero-inserted input.

    A full output needs the effective kernel size less one on each side.
    """
    if isinstance(q.padding, str) or not is_padded(q) or q.operator != "conv_transpose":
        return None
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return cropped(q, ((r - 1 - b, r - 1 - e) for r, (b, e) in zip(extents, q.pairs, strict=True)))


def ignore_padding(q: Question) -> Transformed | None:
    """Set numbers of padding to 0."""
    return None if isinstance(q.padding, str) else cropped(q, ((0, 0),) * q.rank)


def swap_ends(q: Question) -> Transformed | None:
    """Exchange start and end of the padding numbers."""
    return None if isinstance(q.padding, str) else cropped(q, ((e, b) for b, e in q.pairs))


# Output padding, bias, accumulation, position


def extend_begin(q: Question) -> Transformed | None:
    """Lengthen the output at its start by the output padding."""
    pairs = ((b - p, e + p) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
    return cropped(q, pairs)


def extend_by_zeros(q: Question) -> Transformed | None:
    """Append the output padding as zeros to an output without it."""
    if not any(q.output_padding) or q.wanted != "output":
        return None
    zeros = ((0, 0), (0, 0), *((0, p) for p in q.output_padding))
    shorter = q.but(output_padding=(0,) * q.rank)
    return Transformed(shorter, lambda y: np.pad(y, zeros), resizes=True)


def ignore_output_padding(q: Question) -> Transformed | None:
    """Set the output padding to 0."""
    return Transformed(q.but(output_padding=(0,) * q.rank)) if any(q.output_padding) else None


def scale_bias(times: int) -> Transform:
    """Multiply the bias by a whole number."""

    def transform(q: Question) -> Transformed | None:
        if q.bias is None or q.wanted != "output":
            return None
        return Transformed(q.but(bias=q.bias * q.bias.dtype.type(times)))

    return transform


NARROWER: dict[str, Dtype] = {"float64": "float32", "int64": "int32"}


def narrow(q: Question) -> Transformed | None:
    """Convert every array to half the bits before anything is computed."""
    dtype = NARROWER.get(q.dtype)
    if dtype is None:
        return None
    with np.errstate(over="ignore"):
        return Transformed(q.map_arrays(lambda array: array.astype(dtype), dtype=dtype))


def rounded(dtype: Dtype) -> Transform:
    """Round the answer to a narrower dtype, as a sum kept in it would be at its end."""

    def transform(q: Question) -> Transformed | None:
        if q.dtype not in ("float32", "float64") or q.dtype == dtype:
            return None
        return Transformed(q, lambda y: held(y, dtype), sums=dtype)

    return transform


def is_rounded(q: Question, dtype: Dtype) -> bool:
    """Return whether the question is in ``dtype`` and rounds one of its sums."""
    if q.dtype != dtype or q.wanted == "parameters":
        return False
    arrays = [a for a in (q.x, q.kernel, q.bias, q.gradient) if a is not None]
    if any((a != np.rint(a)).any() for a in arrays):
        return True
    try:
        largest = np.max(question.answer(q.map_arrays(np.abs)), initial=0)
    except ValueError:
        return False
    return bool(largest > _LARGEST_EXACT[dtype])


_LARGEST_EXACT: dict[Dtype, int] = {"float16": 2**11, "bfloat16": 2**8}
"""The largest number up to which each dtype holds every whole number."""


def summed_in(dtype: Dtype) -> Transform:
    """Round every sum to ``dtype``, that of the question, after each offset of the kernel."""

    def transform(q: Question) -> Transformed | None:
        if not is_rounded(q, dtype):
            return None
        return Transformed(q, lambda _: _sum_by_offsets(q, dtype), sums=dtype)

    return transform


def _sum_by_offsets(q: Question, dtype: Dtype) -> Array:
    """Return the answer, rounded after each kernel offset; a kernel gradient only at its end."""
    if q.wanted == "kernel_gradient" or q.operator == "interpolate":
        return held(question.answer(q), dtype)
    total: Array | None = None
    for offset in np.ndindex(*q.window):
        single_offset = np.zeros_like(q.kernel)
        single_offset[:, :, *offset] = q.kernel[:, :, *offset]
        partial = held(question.answer(q.but(kernel=single_offset, bias=None)), dtype)
        total = partial if total is None else held(total + partial, dtype)
    assert total is not None  # a kernel has an offset
    bias = q.broadcast_bias if q.wanted == "output" else None
    return total if bias is None else held(total + bias, dtype)


def held(y: Array, dtype: Dtype) -> Array:
    """Return numbers rounded to ``dtype``, in the dtype that they have."""
    if dtype == "bfloat16":
        return _round_to_bfloat16(y)
    with np.errstate(over="ignore"):
        return y.astype(dtype).astype(y.dtype)


def _round_to_bfloat16(y: Array) -> Array:
    """Round to the upper half of a float32, ties to even."""
    bits = np.ascontiguousarray(y, np.float32).view(np.uint32)
    halfway = np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    return (bits + halfway & np.uint32(0xFFFF0000)).view(np.float32).astype(y.dtype)


def shift(axes: Sequence[int], by: int) -> Transform:
    """Shift the output by one element, along all axes if none is named.

    Parameters
    ----------
    axes
        The spatial axes.
    by
        1 for later, -1 for earlier.
    """

    def transform(q: Question) -> Transformed | None:
        shifted = axes or range(q.rank)
        if q.operator == "interpolate" or max(shifted) >= q.rank or len(axes) == q.rank:
            return None
        # A later output starts nearer to the start: a crop shrinks there, and a padding grows.
        steps = q.stride if q.operator == "conv" else (-1,) * q.rank
        return cropped(
            q,
            (
                (b + by * step, e - by * step) if axis in shifted else (b, e)
                for axis, ((b, e), step) in enumerate(zip(q.pairs, steps, strict=True))
            ),
        )

    return transform
