"""Readings: the changes of a question that conventions are made of, one function for each.

A change returns the question as it is understood and what then happens to the answer, or None where
there is nothing to understand in another way. An answer that is a gradient by an array goes back
through the adjoint of what was done to that array, as a framework's own autodiff would have it.
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
    """The answer as it is."""
    return answer


class Transformed(NamedTuple):
    """A question as somebody understands it.

    after    what happens to the oracle's answer to it
    resizes  whether that gives the answer another shape
    sums     the dtype that its sums are rounded to, where that is the whole reading: ``after`` then
             gives one answer of many, as the order of a sum decides how it is rounded
    """

    question: Question
    after: Postprocess = unchanged
    resizes: bool = False
    sums: Dtype | None = None


Transform: TypeAlias = Callable[[Question], Transformed | None]


# What a question is like


def is_padded(q: Question) -> bool:
    """Whether padding takes anything from a full output, or adds to it."""
    return any(map(any, q.pairs))


def is_sparse(q: Question) -> bool:
    """Whether a transposed convolution leaves gaps: a kernel that covers less than the stride."""
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return q.operator == "conv_transpose" and any(
        s > r for s, r in zip(q.stride, extents, strict=True)
    )


def cropped(q: Question, pairs: Iterable[tuple[int, int]]) -> Transformed | None:
    changed = tuple(pairs)
    return None if changed == q.pairs else Transformed(q.but(padding=changed))


def mapped(
    q: Question, wanted: Wanted, transform: Postprocess, adjoint: Postprocess
) -> Transformed:
    """One array put through a linear map; its own gradient comes back through the adjoint."""
    name = "x" if wanted == "input_gradient" else "kernel"
    after = adjoint if q.wanted == wanted else unchanged
    return Transformed(q.but(**{name: transform(getattr(q, name))}), after)


# The kernel and the channels


def flip(axes: Sequence[int]) -> Transform:
    """The kernel backwards along some of its spatial axes; along all of them if none is named."""

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
    """The kernel's first two axes taken for each other, in the same memory."""
    first, second = q.kernel.shape[:2]
    if q.groups > 1 or first == second == 1:
        return None

    def exchange(kernel: Array) -> Array:
        return kernel.reshape(second, first, *q.window).swapaxes(0, 1)

    def exchange_back(gradient: Array) -> Array:
        return gradient.swapaxes(0, 1).reshape(first, second, *q.window)

    return mapped(q, "kernel_gradient", exchange, exchange_back)


def reverse_kernel_axes(q: Question) -> Transformed | None:
    """The kernel's spatial axes in the opposite order."""
    if q.rank == 1 or max(q.window) == 1:
        return None

    def reverse(kernel: Array) -> Array:
        return kernel.transpose(0, 1, *range(kernel.ndim - 1, 1, -1))

    return mapped(q, "kernel_gradient", reverse, reverse)


def reverse_input_channels(q: Question) -> Transformed | None:
    """The input's channels in the opposite order."""
    if q.x.shape[1] == 1:
        return None
    return mapped(q, "input_gradient", lambda x: x[:, ::-1], lambda x: x[:, ::-1])


def reverse_output_channels(q: Question) -> Transformed | None:
    """The output's channels in the opposite order."""
    if q.output_channels == 1 or q.operator == "interpolate":
        return None
    gradient = None if q.gradient is None else q.gradient[:, ::-1]
    after: Postprocess = (lambda y: y[:, ::-1]) if q.wanted == "output" else unchanged
    return Transformed(q.but(gradient=gradient), after)


def interleave(*, inputs: bool, outputs: bool) -> Transform:
    """Groups of every g-th channel in place of blocks."""

    def transform(q: Question) -> Transformed | None:
        per_input, per_output = q.x.shape[1] // q.groups, q.output_channels // q.groups
        spread = (inputs and per_input > 1) or (outputs and per_output > 1)
        if q.groups == 1 or q.wanted != "output" or not spread:
            return None
        x = _interleave(q.x, q.groups) if inputs else q.x

        def after(y: Array) -> Array:
            return _interleave(y, per_output) if outputs else y

        # A bias is one number for each output channel, whichever group that comes from.
        bias = _interleave(q.bias[None], q.groups)[0] if outputs and q.bias is not None else q.bias
        return Transformed(q.but(x=x, bias=bias), after)

    return transform


def _interleave(array: Array, size: int) -> Array:
    """Channels c = i size + j in the order of j first: every size-th one next to each other."""
    n, channels, *space = array.shape
    return array.reshape(n, channels // size, size, *space).swapaxes(1, 2).reshape(array.shape)


def first_slice(q: Question) -> Transformed | None:
    """The first group's slice of the kernel in all groups."""
    if q.groups == 1 or q.wanted == "kernel_gradient":
        return None
    first = q.kernel[: len(q.kernel) // q.groups]
    return Transformed(q.but(kernel=np.concatenate([first] * q.groups)))


def first_bias(q: Question) -> Transformed | None:
    """The first group's bias in all groups."""
    if q.groups == 1 or q.bias is None:
        return None
    return Transformed(q.but(bias=np.tile(q.bias[: len(q.bias) // q.groups], q.groups)))


# Stride and dilation


def reverse_stride(q: Question) -> Transformed | None:
    """The strides from the last axis to the first."""
    return None if q.stride == q.stride[::-1] else Transformed(q.but(stride=q.stride[::-1]))


def exchange_strides(q: Question) -> Transformed | None:
    """Stride and dilation taken for each other."""
    if q.stride == q.dilation:
        return None
    return Transformed(q.but(stride=q.dilation, dilation=q.stride))


def ignore_dilation(q: Question) -> Transformed | None:
    """No dilation."""
    return None if max(q.dilation) == 1 else Transformed(q.but(dilation=(1,) * q.rank))


def dilate_input(q: Question) -> Transformed | None:
    """The dilation on top of the stride, on the input's side."""
    if max(q.dilation) == 1 or q.operator != "conv_transpose":
        return None
    stride = tuple(s * d for s, d in zip(q.stride, q.dilation, strict=True))
    return Transformed(q.but(stride=stride, dilation=(1,) * q.rank))


# Padding


def odd_at_begin(q: Question) -> Transformed | None:
    """The odd element of `same` at the other end."""
    if q.padding != "same":
        return None
    return cropped(q, ((e, b) if e == b + 1 else (b, e) for b, e in q.pairs))


def unextended(transform: Transform) -> Transform:
    """The change, where there is no output padding."""
    return lambda q: None if q.has_output_padding else transform(q)


def same_of_input(q: Question) -> Transformed | None:
    """`same` counted as for a convolution over the input, and without dilation."""
    if q.padding != "same" or q.operator != "conv_transpose":
        return None
    ones = (1,) * q.rank
    return cropped(q, geometry.conv_padding("same", q.space, q.window, q.stride, ones))


def same_half_kernel(q: Question) -> Transformed | None:
    """`same` as half of the kernel at both ends."""
    if q.padding != "same" or q.operator != "conv_transpose":
        return None
    return cropped(
        q, ((r // 2, r // 2) for r in geometry.effective_kernel_size(q.window, q.dilation))
    )


def same_half_kernel_centred(q: Question) -> Transformed | None:
    """`same` as half of the kernel twice, of which output padding gives back some at both ends."""
    if q.padding != "same" or q.operator != "conv_transpose" or not q.has_output_padding:
        return None
    halves = [r // 2 for r in geometry.effective_kernel_size(q.window, q.dilation)]
    begins = [max(2 * h - p, 0) // 2 for h, p in zip(halves, q.output_padding, strict=True)]
    return cropped(q, ((b, 2 * h - b) for b, h in zip(begins, halves, strict=True)))


def whole_strides(q: Question) -> Transformed | None:
    """An unpadded output that is long enough for all strides."""
    if not is_sparse(q) or is_padded(q) or q.has_output_padding:
        return None
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    gaps = tuple(max(s - r, 0) for s, r in zip(q.stride, extents, strict=True))
    return Transformed(q.but(output_padding=gaps))


def pad_stretched(q: Question) -> Transformed | None:
    """Padding numbers as zeros around the stretched input: a full output needs reach - 1."""
    if isinstance(q.padding, str) or not is_padded(q) or q.operator != "conv_transpose":
        return None
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return cropped(q, ((r - 1 - b, r - 1 - e) for r, (b, e) in zip(extents, q.pairs, strict=True)))


def ignore_padding(q: Question) -> Transformed | None:
    """No padding."""
    return None if isinstance(q.padding, str) else cropped(q, ((0, 0),) * q.rank)


def swap_ends(q: Question) -> Transformed | None:
    """Begin and end of padding numbers taken for each other."""
    return None if isinstance(q.padding, str) else cropped(q, ((e, b) for b, e in q.pairs))


# Output padding, bias, accumulation, position


def extend_begin(q: Question) -> Transformed | None:
    """Output padding at the begin."""
    pairs = ((b - p, e + p) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
    return cropped(q, pairs)


def extend_by_zeros(q: Question) -> Transformed | None:
    """Output padding as zeros after an output without it."""
    if not any(q.output_padding) or q.wanted != "output":
        return None
    zeros = ((0, 0), (0, 0), *((0, p) for p in q.output_padding))
    shorter = q.but(output_padding=(0,) * q.rank)
    return Transformed(shorter, lambda y: np.pad(y, zeros), resizes=True)


def ignore_output_padding(q: Question) -> Transformed | None:
    """No output padding."""
    return Transformed(q.but(output_padding=(0,) * q.rank)) if any(q.output_padding) else None


def scale_bias(times: int) -> Transform:
    """The bias so many times."""

    def transform(q: Question) -> Transformed | None:
        if q.bias is None or q.wanted != "output":
            return None
        return Transformed(q.but(bias=q.bias * q.bias.dtype.type(times)))

    return transform


NARROWER: dict[str, Dtype] = {"float64": "float32", "int64": "int32"}


def narrow(q: Question) -> Transformed | None:
    """Every array in half the bits, from the beginning."""
    dtype = NARROWER.get(q.dtype)
    if dtype is None:
        return None
    arrays = {name: getattr(q, name) for name in ("x", "kernel", "bias", "gradient")}
    with np.errstate(over="ignore"):
        return Transformed(
            q.but(
                dtype=dtype,
                **{name: a.astype(dtype) for name, a in arrays.items() if a is not None},
            )
        )


def rounded(dtype: Dtype) -> Transform:
    """The answer rounded to a narrower dtype, as a sum kept in it would be at its end."""

    def transform(q: Question) -> Transformed | None:
        if q.dtype not in ("float32", "float64") or q.dtype == dtype:
            return None
        return Transformed(q, lambda y: held(y, dtype), sums=dtype)

    return transform


def is_rounded(q: Question, dtype: Dtype) -> bool:
    """Whether this is a question in ``dtype`` that rounds some sum of it."""
    if q.dtype != dtype or q.wanted == "parameters":
        return False
    arrays = [a for a in (q.x, q.kernel, q.bias, q.gradient) if a is not None]
    if any((a != np.rint(a)).any() for a in arrays):
        return True
    try:
        largest = np.max(question.answer(q.but(**_absolute(q))), initial=0)
    except ValueError:
        return False
    return bool(largest > _LARGEST_EXACT[dtype])


_LARGEST_EXACT: dict[Dtype, int] = {"float16": 2**11, "bfloat16": 2**8}
"""Up to where they hold every whole number."""


def summed_in(dtype: Dtype) -> Transform:
    """Every sum rounded to ``dtype``, the question's own, at each offset of the kernel."""

    def transform(q: Question) -> Transformed | None:
        if not is_rounded(q, dtype):
            return None
        return Transformed(q, lambda _: _sum_by_offsets(q, dtype), sums=dtype)

    return transform


def _sum_by_offsets(q: Question, dtype: Dtype) -> Array:
    """The answer, rounded after each offset of the kernel; a gradient by that, only at its end."""
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


def _absolute(q: Question) -> dict[str, Array]:
    names = ("x", "kernel", "bias", "gradient")
    return {n: np.abs(getattr(q, n)) for n in names if getattr(q, n) is not None}


def held(y: Array, dtype: Dtype) -> Array:
    """Numbers rounded to ``dtype``, in the dtype that they have."""
    if dtype == "bfloat16":
        return _round_to_bfloat16(y)
    with np.errstate(over="ignore"):
        return y.astype(dtype).astype(y.dtype)


def _round_to_bfloat16(y: Array) -> Array:
    """Rounded to the upper half of a float32, ties to even."""
    bits = np.ascontiguousarray(y, np.float32).view(np.uint32)
    halfway = np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    return (bits + halfway & np.uint32(0xFFFF0000)).view(np.float32).astype(y.dtype)


def shift(axes: Sequence[int], by: int) -> Transform:
    """The window of the output moved, along all axes if none is named."""

    def transform(q: Question) -> Transformed | None:
        shifted = axes or range(q.rank)
        if q.operator == "interpolate" or max(shifted) >= q.rank or len(axes) == q.rank:
            return None
        # A later output shows what lay further to the begin: of a crop less, of a padding more.
        steps = q.stride if q.operator == "conv" else (-1,) * q.rank
        return cropped(
            q,
            (
                (b + by * step, e - by * step) if axis in shifted else (b, e)
                for axis, ((b, e), step) in enumerate(zip(q.pairs, steps, strict=True))
            ),
        )

    return transform
