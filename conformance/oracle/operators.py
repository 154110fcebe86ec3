"""The truth: transposed convolution, convolution and their gradients, short enough to be believed.

Everything here is one number, linear in each of three arrays,

    sum over i and a of  narrow[i] kernel[a] wide[i s + a d - b]

where the wide side is what a convolution reads and a transposed convolution writes, the narrow side
is what a convolution writes and a transposed convolution reads, and whatever lies outside the wide
side is left out of the sum. Its derivatives by the three arrays are the only primitives:

    by the wide side    transposed convolution, or the gradient of a convolution by its input
    by the narrow side  convolution, or the gradient of a transposed convolution by its input
    by the kernel       the gradient of either by its kernel

Nothing is ever padded or stretched, so no inserted zero is multiplied by an infinity. Source:
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.

Arrays hold floats or integers. float16 is summed in float32 and rounded once; integers are summed
in int64. What has no answer raises ``ValueError`` with the offending number and what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conformance.oracle import indexing
from conformance.oracle.geometry import Padding, per_axis
from conformance.oracle.indexing import ConvIndices, Numbers

Array: TypeAlias = NDArray[Any]

BLOCK = 2**19
"""Samples go together while they make fewer products than this, so that those stay in cache."""


def conv_transpose(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: Numbers = 1,
    padding: Padding = 0,
    output_padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
    bias: ArrayLike | None = None,
) -> Array:
    """y[i s + a d - b] += x[i] kernel[a], for every i and a that lands inside y.

    ``x`` (N, C_in, *space), ``kernel`` (C_in, C_out / groups, *k), ``bias`` (C_out,) or as many
    axes as the result, to which it is broadcast; the result is (N, C_out, *out) in x's dtype,
    ``out`` as in ``geometry.conv_transpose_space``. Positions past the full output hold zero, plus
    bias.
    """
    x, kernel = _numeric("x", x), _numeric("kernel", kernel)
    indices = indexing.conv_transpose(
        x.shape, kernel.shape, stride, padding, dilation, groups, output_padding
    )
    return _accumulate(_scatter, indices, x, kernel, x.dtype, _bias(bias, indices.wide_side))


def conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    stride: Numbers = 1,
    padding: Padding = 0,
    dilation: Numbers = 1,
    groups: int = 1,
    bias: ArrayLike | None = None,
) -> Array:
    """y[i] += x[i s + a d - b] kernel[a], for every i and a that reaches inside x.

    ``x`` (N, C_in, *space), ``kernel`` (C_out, C_in / groups, *k), ``bias`` as there; the result
    is (N, C_out, *out) in x's dtype, ``out`` as in ``geometry.conv_space``.
    """
    x, kernel = _numeric("x", x), _numeric("kernel", kernel)
    indices = indexing.conv(x.shape, kernel.shape, stride, padding, dilation, groups)
    return _accumulate(_gather, indices, x, kernel, x.dtype, _bias(bias, indices.narrow_side))


def conv_input_gradient(
    x_shape: Sequence[int], kernel: ArrayLike, gradient: ArrayLike, **arguments: Any
) -> Array:
    """The gradient of ``conv`` with its ``arguments`` by x: ``x_shape``, in gradient's dtype.

    It is zero wherever the kernel never reached x, as a stride may leave some at the end.
    """
    kernel = _numeric("kernel", kernel)
    indices = indexing.conv(x_shape, kernel.shape, **arguments)
    gradient = _numeric("gradient", gradient, indices.narrow_side)
    return _accumulate(_scatter, indices, gradient, kernel, gradient.dtype)


def conv_kernel_gradient(
    x: ArrayLike, kernel_shape: Sequence[int], gradient: ArrayLike, **arguments: Any
) -> Array:
    """The gradient of ``conv`` with its ``arguments`` by kernel: ``kernel_shape``, in x's dtype."""
    x = _numeric("x", x)
    indices = indexing.conv(x.shape, kernel_shape, **arguments)
    return _accumulate(
        _correlate, indices, _numeric("gradient", gradient, indices.narrow_side), x, x.dtype
    )


def conv_transpose_input_gradient(
    x_shape: Sequence[int], kernel: ArrayLike, gradient: ArrayLike, **arguments: Any
) -> Array:
    """As ``conv_input_gradient``, of ``conv_transpose``."""
    kernel = _numeric("kernel", kernel)
    indices = indexing.conv_transpose(x_shape, kernel.shape, **arguments)
    gradient = _numeric("gradient", gradient, indices.wide_side)
    return _accumulate(_gather, indices, gradient, kernel, gradient.dtype)


def conv_transpose_kernel_gradient(
    x: ArrayLike, kernel_shape: Sequence[int], gradient: ArrayLike, **arguments: Any
) -> Array:
    """As ``conv_kernel_gradient``, of ``conv_transpose``."""
    x = _numeric("x", x)
    indices = indexing.conv_transpose(x.shape, kernel_shape, **arguments)
    return _accumulate(
        _correlate, indices, x, _numeric("gradient", gradient, indices.wide_side), x.dtype
    )


def conv_matrix(kernel: ArrayLike, space: Sequence[int], **arguments: Any) -> Array:
    """The matrix of ``conv`` with its ``arguments`` on one (C_in, *space), in kernel's dtype.

    (C_out * prod(out), C_in * prod(space)), rows and columns in C order. Its transpose is the
    matrix of ``conv_transpose`` on one (C_out, *out), with the same array as kernel.
    """
    kernel, groups = _numeric("kernel", kernel), arguments.get("groups", 1)
    channels = indexing.shape_of("kernel", kernel.shape)[1] * groups
    indices = indexing.conv((1, channels, *space), kernel.shape, **arguments)
    out, space = indices.narrow_side[2:], indices.wide_side[2:]
    rows, columns = np.arange(prod(out)).reshape(out), np.arange(prod(space)).reshape(space)
    blocks = kernel.reshape(groups, -1, kernel.shape[1], prod(kernel.shape[2:]))
    shape = (groups, blocks.shape[1], rows.size, groups, blocks.shape[2], columns.size)
    matrix = np.zeros(shape, kernel.dtype)
    for view, taps in indices.phases:
        for a, here, there in taps:
            for g in range(groups):
                row, column = rows[here].ravel(), columns[view][there].ravel()
                matrix[g, :, row, g, :, column] = blocks[g, ..., a]
    return matrix.reshape(kernel.shape[0] * rows.size, -1)


def interpolate(x: ArrayLike, factor: Numbers) -> Array:
    """``x`` (N, C, *space) of floats, scaled up linearly along each axis to n * factor elements.

    Element centres lie at half-integers and the edges are repeated outwards, as PyTorch's
    ``align_corners=False`` has it. Computed in float64 and rounded once.
    """
    x = _numeric("x", x)
    if x.dtype.kind != "f":
        raise ValueError(f"x must be of a float dtype to be interpolated, got {x.dtype}")
    factors = per_axis("factor", factor, len(indexing.shape_of("x", x.shape)) - 2)
    with np.errstate(all="ignore"):
        y = x.astype(np.promote_types(x.dtype, np.float64))
        for axis, (n, f) in enumerate(zip(x.shape[2:], factors, strict=True), start=2):
            at = np.clip((np.arange(n * f) + 0.5) / f - 0.5, 0, n - 1)
            before = at.astype(int)
            share = (at - before).reshape(-1, *(1,) * (x.ndim - 1 - axis))
            near, far = y.take(before, axis), y.take(np.minimum(before + 1, n - 1), axis)
            # What has no share stays out, so that an infinity is not multiplied by zero.
            y = np.where(share == 0, near, (1 - share) * near + share * far)
        return y.astype(x.dtype)


def bilinear_kernel(factor: Numbers, channels: int, rank: int) -> Array:
    """The kernel by which ``conv_transpose`` scales up linearly: (channels, 1, *k), float32.

    k = 2 f - f % 2 along an axis of factor f. With stride f, padding ceil((f - 1) / 2) and
    ``groups=channels`` it does what ``interpolate`` does, except near the border.
    Source: Long, Shelhamer and Darrell, "Fully convolutional networks" (2015), section 3.3.
    """
    kernel = np.ones((channels, 1))
    for f in per_axis("factor", factor, rank):
        k = 2 * f - f % 2
        kernel = kernel[..., None] * (1 - np.abs(np.arange(k) - (k - 1) / 2) / f)
    return kernel.astype(np.float32)


def _scatter(indices: ConvIndices, narrow_side: Array, kernel: Array) -> Array:
    """The derivative by large: for each offset, add the products to a slice."""
    n, channels, *space = indices.wide_side
    wide_side = np.zeros((n * channels, *space), narrow_side.dtype)
    vectors = _grouped(narrow_side, indices.groups)
    matrix = kernel.reshape(indices.groups, vectors.shape[2], -1).swapaxes(1, 2)
    shape = (prod(indices.kernel[2:]), *indices.narrow_side[2:])
    step = max(1, BLOCK // (channels * prod(shape)))
    for i in range(0, n, step):
        products = (matrix @ vectors[i : i + step]).reshape(-1, *shape).swapaxes(0, 1)
        for view, taps in indices.phases:
            target = wide_side[i * channels : (i + step) * channels][view]
            phase = np.zeros(target.shape, target.dtype)
            for a, here, there in taps:
                part = phase[there]
                part += products[a, *here]
            target[...] = phase
        del products  # so that the next ones take its memory, which is still in cache
    return wide_side.reshape(indices.wide_side)


def _gather(indices: ConvIndices, wide_side: Array, kernel: Array) -> Array:
    """The derivative by small: for each offset, add the products of a slice."""
    narrow_side = np.zeros(indices.narrow_side, wide_side.dtype)
    matrices = kernel.reshape(
        indices.groups, indices.kernel[0] // indices.groups, indices.kernel[1], -1
    )
    matrices = np.ascontiguousarray(matrices.transpose(3, 0, 1, 2))
    for view, taps in indices.phases:
        phase = wide_side[view]
        for a, here, there in taps:
            part = narrow_side[here]
            part += (matrices[a] @ _grouped(phase[there], indices.groups)).reshape(part.shape)
    return narrow_side


def _correlate(indices: ConvIndices, narrow_side: Array, wide_side: Array) -> Array:
    """The derivative by kernel: for each offset, multiply the two slices that meet there."""
    kernel = np.zeros((prod(indices.kernel[2:]), *indices.kernel[:2]), narrow_side.dtype)
    for view, taps in indices.phases:
        phase = wide_side[view]
        for a, here, there in taps:
            first, second = (
                _grouped(narrow_side[here], indices.groups),
                _grouped(phase[there], indices.groups),
            )
            kernel[a] = (first @ second.swapaxes(2, 3)).sum(0).reshape(indices.kernel[:2])
    return kernel.transpose(1, 2, 0).reshape(indices.kernel)


def _grouped(array: Array, groups: int) -> Array:
    """(N, C, *space) as (N, groups, C / groups, prod(space))."""
    n, channels, *space = array.shape
    return array.reshape(n, groups, channels // groups, prod(space))


def _accumulate(
    primitive: Callable[[ConvIndices, Array, Array], Array],
    indices: ConvIndices,
    first: Array,
    second: Array,
    dtype: np.dtype[Any],
    bias: Array | None = None,
) -> Array:
    """What ``primitive`` makes of two arrays in a wide dtype, plus bias, rounded to ``dtype``."""
    arrays = (first, second) if bias is None else (first, second, bias)
    floats = [array.dtype for array in arrays if array.dtype.kind == "f"]
    if floats and dtype.kind != "f":
        raise ValueError(f"an answer in {dtype} must be made of integers only, got {floats[0]}")
    wide = np.result_type(np.float32, *floats) if floats else np.dtype(np.int64)
    with np.errstate(all="ignore"):  # infinities and overflow are answers, as IEEE has them
        result = primitive(indices, first.astype(wide, copy=False), second.astype(wide, copy=False))
        if bias is not None:
            result += bias.astype(wide)
        return result.astype(dtype, copy=False)


def _numeric(name: str, value: ArrayLike, shape: tuple[int, ...] | None = None) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold floats or integers, got {array.dtype}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {array.shape}")
    return array


def _bias(value: ArrayLike | None, output: tuple[int, ...]) -> Array | None:
    """With as many axes as the output."""
    if value is None:
        return None
    bias = _numeric("bias", value)
    if bias.ndim != len(output):
        return _numeric("bias", bias, output[1:2]).reshape(-1, *(1,) * (len(output) - 2))
    if any(n not in (1, m) for n, m in zip(bias.shape, output, strict=True)):
        raise ValueError(f"bias of shape {bias.shape} does not fit an output of shape {output}")
    return bias
