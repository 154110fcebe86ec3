"""Slow and obvious ways to convolve, so that properties need not believe the oracle.

Both operators couple a small side and a big side: a convolution's output and input, a transposed
convolution's input and output. Element i of the small side meets element u = i s + a d - b of the
big side through the kernel's element a; kernels are (small channels, big channels / groups, *k)
for both. Everything here is float64, which holds every exact case exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from conformance.oracle.geometry import Axes, Pairs, effective_kernel_size
from conformance.question import Array, Question


def at(*index: Any) -> Any:
    """A computed index: NumPy takes such tuples, its type stubs do not."""
    return index


def small_space(q: Question) -> Axes:
    """The spatial shape of a convolution's output, or of a transposed convolution's input."""
    return q.space if q.operator == "conv_transpose" else q.output_space


def big_space(q: Question) -> Axes:
    """The spatial shape of a convolution's input, or of a transposed convolution's output."""
    return q.output_space if q.operator == "conv_transpose" else q.space


def overlaps(q: Question) -> Iterator[tuple[Axes, Axes, Axes]]:
    """Every (i, a, u) at which the small side, the kernel and the big side meet."""
    axes = [
        [
            (i, a, i * s + a * d - begin)
            for i, a in product(range(small), range(k))
            if 0 <= i * s + a * d - begin < big
        ]
        for small, big, k, s, d, (begin, _) in zip(
            small_space(q), big_space(q), q.window, q.stride, q.dilation, q.pairs, strict=True
        )
    ]
    for meeting in product(*axes):
        i, a, u = zip(*meeting, strict=True)
        yield i, a, u


def groups(q: Question) -> list[tuple[slice, slice]]:
    """The channels of the small side and of the big side, group by group."""
    small, big = q.kernel.shape[0] // q.groups, q.kernel.shape[1]
    return [
        (slice(g * small, (g + 1) * small), slice(g * big, (g + 1) * big)) for g in range(q.groups)
    ]


def fed(q: Question) -> Array:
    """The array that the operator, or its gradient, is applied to."""
    return np.asarray(q.x if q.wanted == "output" else q.gradient, np.float64)


def scattered(q: Question, small: Array) -> Array:
    """From the small side to the big one, element by element: Y[u] += X[i] K[a]."""
    kernel, parts = q.kernel.astype(np.float64), groups(q)
    big = np.zeros((len(small), kernel.shape[1] * q.groups, *big_space(q)))
    for i, a, u in overlaps(q):
        for s, b in parts:
            big[at(..., b, *u)] += small[at(..., s, *i)] @ kernel[at(s, ..., *a)]
    return big


def slid(q: Question, big: Array) -> Array:
    """From the big side to the small one: inner products of the kernel with sliding windows."""
    axes = tuple(range(2, big.ndim))
    views = np.lib.stride_tricks.sliding_window_view(
        padded(big, q.pairs), effective_kernel_size(q.window, q.dilation), axis=axes
    )
    starts = (slice(0, n * s, s) for n, s in zip(small_space(q), q.stride, strict=True))
    taps = (slice(None, None, d) for d in q.dilation)
    views = views[at(slice(None), slice(None), *starts, *taps)]
    inner = [1, *range(2 + q.rank, 2 + 2 * q.rank)]
    parts = [
        np.tensordot(views[:, b], q.kernel[s].astype(np.float64), (inner, [1, *axes]))
        for s, b in groups(q)
    ]
    return np.moveaxis(np.concatenate(parts, -1), -1, 1)


def matrix(q: Question) -> Array:
    """The convolution matrix W (small elements x big elements), one kernel copy in every row."""
    small, big = small_space(q), big_space(q)
    w = np.zeros((q.kernel.shape[0], *small, q.kernel.shape[1] * q.groups, *big))
    parts = groups(q)
    for i, a, u in overlaps(q):
        for s, b in parts:
            w[at(s, *i, b, *u)] = q.kernel[at(s, ..., *a)]
    return w.reshape(q.kernel.shape[0] * int(np.prod(small)), -1)


def padded(x: Array, pairs: Pairs) -> Array:
    """x with zeros around its space; a negative number takes elements away instead."""
    x = np.pad(x, [(0, 0), (0, 0), *((max(b, 0), max(e, 0)) for b, e in pairs)])
    kept = (slice(max(-b, 0), n - max(-e, 0)) for (b, e), n in zip(pairs, x.shape[2:], strict=True))
    return np.asarray(x[at(..., *kept)])


def stretched(x: Array, steps: Axes) -> Array:
    """x with step - 1 zeros between neighbours on every spatial axis."""
    out = np.zeros((*x.shape[:2], *effective_kernel_size(x.shape[2:], steps)))
    out[at(..., *(slice(None, None, step) for step in steps))] = x
    return out


def flipped(kernel: Array) -> Array:
    """The kernel visited in reverse on every spatial axis."""
    return np.flip(kernel, tuple(range(2, kernel.ndim)))


def channels_swapped(q: Question) -> Array:
    """The kernel of the operator the other way round: (big, small / groups, *k)."""
    return np.concatenate([np.swapaxes(q.kernel[s], 0, 1) for s, _ in groups(q)])


def shuffled(x: Array, factors: Axes) -> Array:
    """Pixel shuffle: (N, C prod(factors), *space) to (N, C, *(space x factors)).

    Source: Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network" (2016).
    """
    rank, space = len(factors), x.shape[2:]
    order = [axis for j in range(rank) for axis in (2 + rank + j, 2 + j)]
    x = x.reshape(len(x), -1, *factors, *space).transpose(0, 1, *order)
    return x.reshape(*x.shape[:2], *(n * r for n, r in zip(space, factors, strict=True)))


def unshuffled(x: Array, factors: Axes) -> Array:
    """The inverse of ``shuffled``; every length must be a multiple of its factor."""
    rank = len(factors)
    split = [m for n, r in zip(x.shape[2:], factors, strict=True) for m in (n // r, r)]
    x = x.reshape(*x.shape[:2], *split)
    x = x.transpose(0, 1, *range(3, 3 + 2 * rank, 2), *range(2, 2 + 2 * rank, 2))
    return x.reshape(len(x), -1, *x.shape[2 + rank :])


def interpolated(x: Array, factors: Axes) -> Array:
    """x scaled up linearly along each axis, pixel centres at halves, edges repeated."""

    def line(values: Array, factor: int) -> Array:
        centres = (np.arange(len(values) * factor) + 0.5) / factor - 0.5
        return np.interp(centres, np.arange(len(values)), values)

    for axis, factor in enumerate(factors, start=2):
        x = np.apply_along_axis(line, axis, x, factor)
    return x


def with_triangle(line: Array, factor: int) -> Array:
    """A line of n values zero-stretched, convolved with a triangle, cropped to n factor values.

    The triangle has 2 f - f % 2 elements for the factor f.
    Source: Long, Shelhamer and Darrell, "Fully convolutional networks" (2015).
    """
    size = 2 * factor - factor % 2
    triangle = 1 - np.abs(np.arange(size) - (size - 1) / 2) / factor
    full = np.convolve(stretched(line[None, None], (factor,))[0, 0], triangle)
    return full[factor // 2 :][: len(line) * factor]
