"""Implement the operators in slow and obvious ways, so that properties do not use the oracle.

Both operators couple a narrow side and a wide side: a convolution's output and input, a transposed
convolution's input and output. Element i of the narrow side meets element u = i s + a d - b of the
wide side at the kernel's element a, for stride s, dilation d and padding b at the start; with
circular padding u is taken modulo the length of the wide side. Kernels
have the shape (narrow channels, wide channels / groups, *k) for both. Everything is float64, which
holds every exact case exactly.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from conformance.oracle.geometry import Axes, Pairs, effective_kernel_size
from conformance.question import Array, Question


def at(*index: Any) -> Any:
    """Return an index: NumPy takes computed tuples, its type stubs do not."""
    return index


def narrow_space(q: Question) -> Axes:
    """Return the spatial shape of a convolution's output, or a transposed convolution's input."""
    return q.space if q.operator == "conv_transpose" else q.output_space


def wide_space(q: Question) -> Axes:
    """Return the spatial shape of a convolution's input, or a transposed convolution's output."""
    return q.output_space if q.operator == "conv_transpose" else q.space


def overlaps(q: Question) -> Iterator[tuple[Axes, Axes, Axes]]:
    """Yield every (i, a, u) at which the narrow side, the kernel and the wide side meet."""
    is_circular = q.padding == "circular"
    axes = [
        [
            (i, a, (i * s + a * d - begin) % wide)
            for i, a in product(range(narrow), range(k))
            if is_circular or 0 <= i * s + a * d - begin < wide
        ]
        for narrow, wide, k, s, d, (begin, _) in zip(
            narrow_space(q), wide_space(q), q.window, q.stride, q.dilation, q.pairs, strict=True
        )
    ]
    for meeting in product(*axes):
        i, a, u = zip(*meeting, strict=True)
        yield i, a, u


def groups(q: Question) -> list[tuple[slice, slice]]:
    """Return the channels of the narrow side and of the wide side, group by group."""
    narrow, wide = q.kernel.shape[0] // q.groups, q.kernel.shape[1]
    return [
        (slice(g * narrow, (g + 1) * narrow), slice(g * wide, (g + 1) * wide))
        for g in range(q.groups)
    ]


def operand(q: Question) -> Array:
    """Return the array to which the operator, or its gradient, is applied."""
    return np.asarray(q.x if q.wanted == "output" else q.gradient, np.float64)


def scatter(q: Question, narrow: Array) -> Array:
    """Compute the wide side from the narrow one, element by element: Y[u] += X[i] K[a].

    The shapes are (batch, wide channels, *wide space), float64, and (batch, narrow channels,
    *narrow space).
    """
    kernel = q.kernel.astype(np.float64)
    wide = np.zeros((len(narrow), kernel.shape[1] * q.groups, *wide_space(q)))
    for i, a, u in overlaps(q):
        for n, w in groups(q):
            wide[at(..., w, *u)] += narrow[at(..., n, *i)] @ kernel[at(n, ..., *a)]
    return wide


def correlate(q: Question, wide: Array) -> Array:
    """Compute the narrow side from the wide one: inner products of kernel and sliding windows.

    The shapes are those of `scatter`.
    """
    axes = tuple(range(2, wide.ndim))
    views = np.lib.stride_tricks.sliding_window_view(
        pad(wide, q.pairs, is_circular=q.padding == "circular"),
        effective_kernel_size(q.window, q.dilation),
        axis=axes,
    )
    starts = (slice(0, n * s, s) for n, s in zip(narrow_space(q), q.stride, strict=True))
    taps = (slice(None, None, d) for d in q.dilation)
    views = views[at(slice(None), slice(None), *starts, *taps)]
    inner = [1, *range(2 + q.rank, 2 + 2 * q.rank)]
    parts = [
        np.tensordot(views[:, w], q.kernel[n].astype(np.float64), (inner, [1, *axes]))
        for n, w in groups(q)
    ]
    return np.moveaxis(np.concatenate(parts, -1), -1, 1)


def matrix(q: Question) -> Array:
    """Return the convolution matrix, of shape (narrow elements, wide elements)."""
    narrow, wide = narrow_space(q), wide_space(q)
    entries = np.zeros((q.kernel.shape[0], *narrow, q.kernel.shape[1] * q.groups, *wide))
    for i, a, u in overlaps(q):
        for n, w in groups(q):
            entries[at(n, *i, w, *u)] += q.kernel[at(n, ..., *a)]
    return entries.reshape(q.kernel.shape[0] * int(np.prod(narrow)), -1)


def pad(x: Array, pairs: Pairs, *, is_circular: bool = False) -> Array:
    """Pad the space of ``x`` with zeros, or around; a negative number crops elements instead."""
    widths = [(0, 0), (0, 0), *((max(b, 0), max(e, 0)) for b, e in pairs)]
    x = np.pad(x, widths, mode="wrap" if is_circular else "constant")
    crop = (slice(max(-b, 0), n - max(-e, 0)) for (b, e), n in zip(pairs, x.shape[2:], strict=True))
    return np.asarray(x[at(..., *crop)])


def insert_zeros(x: Array, steps: Axes) -> Array:
    """Insert step - 1 zeros between neighbours on every spatial axis."""
    result = np.zeros((*x.shape[:2], *effective_kernel_size(x.shape[2:], steps)))
    result[at(..., *(slice(None, None, step) for step in steps))] = x
    return result


def flip(kernel: Array) -> Array:
    """Reverse the kernel on every spatial axis."""
    return np.flip(kernel, tuple(range(2, kernel.ndim)))


def swap_channels(q: Question) -> Array:
    """Return the kernel of the reverse operator, of shape (wide, narrow / groups, *k)."""
    return np.concatenate([np.swapaxes(q.kernel[narrow], 0, 1) for narrow, _ in groups(q)])


def pixel_shuffle(x: Array, factors: Axes) -> Array:
    """Shuffle pixels: (N, C prod(factors), *space) to (N, C, *(space x factors))."""
    rank, space = len(factors), x.shape[2:]
    order = [axis for j in range(rank) for axis in (2 + rank + j, 2 + j)]
    x = x.reshape(len(x), -1, *factors, *space).transpose(0, 1, *order)
    return x.reshape(*x.shape[:2], *(n * r for n, r in zip(space, factors, strict=True)))


def pixel_unshuffle(x: Array, factors: Axes) -> Array:
    """Invert ``pixel_shuffle``; every length must be a multiple of its factor."""
    rank = len(factors)
    lengths = [m for n, r in zip(x.shape[2:], factors, strict=True) for m in (n // r, r)]
    x = x.reshape(*x.shape[:2], *lengths)
    x = x.transpose(0, 1, *range(3, 3 + 2 * rank, 2), *range(2, 2 + 2 * rank, 2))
    return x.reshape(len(x), -1, *x.shape[2 + rank :])


def interpolate(x: Array, factors: Axes) -> Array:
    """Scale ``x`` up linearly along each axis, pixel centres at halves, edges repeated."""

    def line(values: Array, factor: int) -> Array:
        centres = (np.arange(len(values) * factor) + 0.5) / factor - 0.5
        return np.interp(centres, np.arange(len(values)), values)

    for axis, factor in enumerate(factors, start=2):
        x = np.apply_along_axis(line, axis, x, factor)
    return x


def convolve_triangle(line: Array, factor: int) -> Array:
    """Convolve n values, zero-inserted, with a triangle, and crop the result to n f values.

    The triangle of the factor f has 2 f - f % 2 elements.
    """
    size = 2 * factor - factor % 2
    triangle = 1 - np.abs(np.arange(size) - (size - 1) / 2) / factor
    full = np.convolve(insert_zeros(line[None, None], (factor,))[0, 0], triangle)
    return full[factor // 2 :][: len(line) * factor]
