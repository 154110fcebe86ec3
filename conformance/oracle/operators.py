"""Compute convolution, transposed convolution and their gradients.

All of them are derivatives of one number, which is linear in each of three arrays:

    sum over i and a of  narrow[i] kernel[a] wide[i s + a d - b]

A convolution reads the wide side and writes the narrow side; a transposed convolution reads the
narrow side and writes the wide side. What lies outside the wide side is left out of the sum. The
derivatives by the three arrays are the only primitives:

    by the wide side    transposed convolution, or the gradient of a convolution by its input
    by the narrow side  convolution, or the gradient of a transposed convolution by its input
    by the kernel       the gradient of either by its kernel

No array is padded, and no zeros are inserted, so no such zero is multiplied by an infinity.

Arrays hold integers, floats or complex numbers. An answer has the dtype to which NumPy promotes
those of the two arrays that are multiplied. float16 is summed in float32 and rounded once; integers
are summed in int64. Complex numbers are multiplied as they are, and no conjugate is taken, in the
gradients neither. Where there is no answer, ``ValueError`` states the wrong number and what is
allowed.

References
----------
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.
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
"""The number of products that are computed at a time, so that they stay in cache."""


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
    """Compute y[i s + a d - b] += x[i] kernel[a], for every i and a that lands inside y.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel
        Array (C_in, C_out / groups, *k).
    stride, output_padding, dilation
        One number for all spatial axes, or one for each.
    padding
        Numbers or a word, as in `geometry.padding_of`.
    groups
        The number of groups.
    bias
        Array (C_out,), or one with as many axes as the result, to which it is broadcast.

    Returns
    -------
    Array
        (N, C_out, *out) in the promoted dtype, with ``out`` as in `geometry.conv_transpose_space`.
        Elements beyond the full output are zero, plus bias.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other.
    """
    x, kernel = to_array("x", x), to_array("kernel", kernel)
    indices = indexing.conv_transpose(
        x.shape, kernel.shape, stride, padding, dilation, groups, output_padding
    )
    return _accumulate(_scatter, indices, x, kernel, _broadcast_bias(bias, indices.wide_side))


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
    """Compute y[i] += x[i s + a d - b] kernel[a], for every i and a that reaches inside x.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel
        Array (C_out, C_in / groups, *k).
    stride, dilation
        One number for all spatial axes, or one for each.
    padding
        Numbers or a word, as in `geometry.padding_of`.
    groups
        The number of groups.
    bias
        Array (C_out,), or one with as many axes as the result, to which it is broadcast.

    Returns
    -------
    Array
        (N, C_out, *out) in the promoted dtype, with ``out`` as in `geometry.conv_space`.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other.
    """
    x, kernel = to_array("x", x), to_array("kernel", kernel)
    indices = indexing.conv(x.shape, kernel.shape, stride, padding, dilation, groups)
    return _accumulate(_gather, indices, x, kernel, _broadcast_bias(bias, indices.narrow_side))


def conv_input_gradient(
    x_shape: Sequence[int], kernel: ArrayLike, gradient: ArrayLike, **arguments: Any
) -> Array:
    """Compute the gradient of `conv` by its input.

    It is zero where the kernel never reached x, as a stride may leave elements at the end.

    Parameters
    ----------
    x_shape
        The shape (N, C_in, *space) of the input.
    kernel
        Array (C_out, C_in / groups, *k).
    gradient
        Array (N, C_out, *out), the gradient of the loss by the output.
    **arguments
        The arguments of `conv`, without a bias.

    Returns
    -------
    Array
        (N, C_in, *space) in the promoted dtype.
    """
    kernel = to_array("kernel", kernel)
    indices = indexing.conv(x_shape, kernel.shape, **arguments)
    gradient = to_array("gradient", gradient, indices.narrow_side)
    return _accumulate(_scatter, indices, gradient, kernel)


def conv_kernel_gradient(
    x: ArrayLike, kernel_shape: Sequence[int], gradient: ArrayLike, **arguments: Any
) -> Array:
    """Compute the gradient of `conv` by its kernel.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel_shape
        The shape (C_out, C_in / groups, *k) of the kernel.
    gradient
        Array (N, C_out, *out), the gradient of the loss by the output.
    **arguments
        The arguments of `conv`, without a bias.

    Returns
    -------
    Array
        (C_out, C_in / groups, *k) in the promoted dtype.
    """
    x = to_array("x", x)
    indices = indexing.conv(x.shape, kernel_shape, **arguments)
    gradient = to_array("gradient", gradient, indices.narrow_side)
    return _accumulate(_correlate, indices, gradient, x)


def conv_transpose_input_gradient(
    x_shape: Sequence[int], kernel: ArrayLike, gradient: ArrayLike, **arguments: Any
) -> Array:
    """Compute the gradient of `conv_transpose` by its input.

    Parameters
    ----------
    x_shape
        The shape (N, C_in, *space) of the input.
    kernel
        Array (C_in, C_out / groups, *k).
    gradient
        Array (N, C_out, *out), the gradient of the loss by the output.
    **arguments
        The arguments of `conv_transpose`, without a bias.

    Returns
    -------
    Array
        (N, C_in, *space) in the promoted dtype.
    """
    kernel = to_array("kernel", kernel)
    indices = indexing.conv_transpose(x_shape, kernel.shape, **arguments)
    gradient = to_array("gradient", gradient, indices.wide_side)
    return _accumulate(_gather, indices, gradient, kernel)


def conv_transpose_kernel_gradient(
    x: ArrayLike, kernel_shape: Sequence[int], gradient: ArrayLike, **arguments: Any
) -> Array:
    """Compute the gradient of `conv_transpose` by its kernel.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel_shape
        The shape (C_in, C_out / groups, *k) of the kernel.
    gradient
        Array (N, C_out, *out), the gradient of the loss by the output.
    **arguments
        The arguments of `conv_transpose`, without a bias.

    Returns
    -------
    Array
        (C_in, C_out / groups, *k) in the promoted dtype.
    """
    x = to_array("x", x)
    indices = indexing.conv_transpose(x.shape, kernel_shape, **arguments)
    gradient = to_array("gradient", gradient, indices.wide_side)
    return _accumulate(_correlate, indices, x, gradient)


def conv_matrix(kernel: ArrayLike, space: Sequence[int], **arguments: Any) -> Array:
    """Return the matrix of `conv` for one sample.

    Its transpose is the matrix of `conv_transpose` on one (C_out, *out), with the same kernel.

    Parameters
    ----------
    kernel
        Array (C_out, C_in / groups, *k).
    space
        The spatial shape of the input.
    **arguments
        The arguments of `conv`, without a bias.

    Returns
    -------
    Array
        (C_out * prod(out), C_in * prod(space)) in the dtype of the kernel, with rows and columns in
        C order.
    """
    kernel, groups = to_array("kernel", kernel), arguments.get("groups", 1)
    channels = indexing.shape_of("kernel", kernel.shape)[1] * groups
    indices = indexing.conv((1, channels, *space), kernel.shape, **arguments)
    out, space = indices.narrow_side[2:], indices.wide_side[2:]
    rows, columns = np.arange(prod(out)).reshape(out), np.arange(prod(space)).reshape(space)
    blocks = kernel.reshape(groups, -1, kernel.shape[1], prod(kernel.shape[2:]))
    shape = (groups, blocks.shape[1], rows.size, groups, blocks.shape[2], columns.size)
    matrix = np.zeros(shape, kernel.dtype)
    for view, taps in indices.phases:
        for a, narrow, wide in taps:
            for g in range(groups):
                row, column = rows[narrow].ravel(), columns[view][wide].ravel()
                matrix[g, :, row, g, :, column] += blocks[g, ..., a]
    return matrix.reshape(kernel.shape[0] * rows.size, -1)


def interpolate(x: ArrayLike, factor: Numbers) -> Array:
    """Scale an array up linearly along each spatial axis.

    Element centres lie at half-integers and the edges are repeated outwards, as with PyTorch's
    ``align_corners=False``. Sums are formed in float64 and rounded once.

    Parameters
    ----------
    x
        Array (N, C, *space) of floats.
    factor
        One whole number for all spatial axes, or one for each.

    Returns
    -------
    Array
        (N, C, *(n * factor)) in the dtype of x.

    Raises
    ------
    ValueError
        If x holds integers.
    """
    x = to_array("x", x)
    if x.dtype.kind != "f":
        raise ValueError(f"x must be of a float dtype to be interpolated, got {x.dtype}")
    factors = per_axis("factor", factor, len(indexing.shape_of("x", x.shape)) - 2)
    with np.errstate(all="ignore"):
        y = x.astype(np.promote_types(x.dtype, np.float64))
        for axis, (n, f) in enumerate(zip(x.shape[2:], factors, strict=True), start=2):
            positions = np.clip((np.arange(n * f) + 0.5) / f - 0.5, 0, n - 1)
            before = positions.astype(int)
            weight = (positions - before).reshape(-1, *(1,) * (x.ndim - 1 - axis))
            near, far = y.take(before, axis), y.take(np.minimum(before + 1, n - 1), axis)
            # An element of weight 0 is left out, so that an infinity is not multiplied by zero.
            y = np.where(weight == 0, near, (1 - weight) * near + weight * far)
        return y.astype(x.dtype)


def bilinear_kernel(factor: Numbers, channels: int, rank: int) -> Array:
    """Return the kernel with which `conv_transpose` scales up linearly.

    With stride f, padding ceil((f - 1) / 2) and ``groups=channels``, `conv_transpose` gives what
    `interpolate` gives, except near the border.

    Parameters
    ----------
    factor
        One whole number f for all axes, or one for each.
    channels
        The number of channels.
    rank
        The number of spatial axes.

    Returns
    -------
    Array
        (channels, 1, *k) in float32, with k = 2 f - f % 2 along an axis of factor f.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks" (2015), section 3.3.
    """
    kernel = np.ones((channels, 1))
    for f in per_axis("factor", factor, rank):
        k = 2 * f - f % 2
        kernel = kernel[..., None] * (1 - np.abs(np.arange(k) - (k - 1) / 2) / f)
    return kernel.astype(np.float32)


def _scatter(indices: ConvIndices, narrow_side: Array, kernel: Array) -> Array:
    """Return the derivative by the wide side: add products to a slice for each kernel offset."""
    n, channels, *space = indices.wide_side
    wide_side = np.zeros((n * channels, *space), narrow_side.dtype)
    vectors = _split_groups(narrow_side, indices.groups)
    matrix = kernel.reshape(indices.groups, vectors.shape[2], -1).swapaxes(1, 2)
    shape = (prod(indices.kernel[2:]), *indices.narrow_side[2:])
    step = max(1, BLOCK // (channels * prod(shape)))
    for i in range(0, n, step):
        products = (matrix @ vectors[i : i + step]).reshape(-1, *shape).swapaxes(0, 1)
        for view, taps in indices.phases:
            target = wide_side[i * channels : (i + step) * channels][view]
            phase = np.zeros(target.shape, target.dtype)
            for a, narrow, wide in taps:
                part = phase[wide]
                part += products[a, *narrow]
            target[...] = phase
        del products  # so that the next products reuse its memory, which is still in cache
    return wide_side.reshape(indices.wide_side)


def _gather(indices: ConvIndices, wide_side: Array, kernel: Array) -> Array:
    """Return the derivative by the narrow side: add products of a slice for each kernel offset."""
    narrow_side = np.zeros(indices.narrow_side, wide_side.dtype)
    matrices = kernel.reshape(
        indices.groups, indices.kernel[0] // indices.groups, indices.kernel[1], -1
    )
    matrices = np.ascontiguousarray(matrices.transpose(3, 0, 1, 2))
    for view, taps in indices.phases:
        phase = wide_side[view]
        for a, narrow, wide in taps:
            part = narrow_side[narrow]
            part += (matrices[a] @ _split_groups(phase[wide], indices.groups)).reshape(part.shape)
    return narrow_side


def _correlate(indices: ConvIndices, narrow_side: Array, wide_side: Array) -> Array:
    """Return the derivative by the kernel: multiply the two overlapping slices for each offset."""
    kernel = np.zeros((prod(indices.kernel[2:]), *indices.kernel[:2]), narrow_side.dtype)
    for view, taps in indices.phases:
        phase = wide_side[view]
        for a, narrow, wide in taps:
            first, second = (
                _split_groups(narrow_side[narrow], indices.groups),
                _split_groups(phase[wide], indices.groups),
            )
            kernel[a] += (first @ second.swapaxes(2, 3)).sum(0).reshape(indices.kernel[:2])
    return kernel.transpose(1, 2, 0).reshape(indices.kernel)


def _split_groups(array: Array, groups: int) -> Array:
    """Return (N, C, *space) as (N, groups, C / groups, prod(space))."""
    n, channels, *space = array.shape
    return array.reshape(n, groups, channels // groups, prod(space))


def _accumulate(
    primitive: Callable[[ConvIndices, Array, Array], Array],
    indices: ConvIndices,
    first: Array,
    second: Array,
    bias: Array | None = None,
) -> Array:
    """Apply ``primitive`` to two arrays in a wide dtype, add the bias, and round the sum once."""
    dtype = np.result_type(first, second)
    if bias is not None and _rank_of(bias.dtype) > _rank_of(dtype):
        raise ValueError(f"bias must not be of {bias.dtype}, as the answer is of {dtype}")
    arrays = (first, second) if bias is None else (first, second, bias)
    wide = np.dtype(np.int64)
    if dtype.kind in "fc":
        wide = np.result_type(np.float32, *(array.dtype for array in arrays))
    with np.errstate(all="ignore"):  # infinities and overflow are answers, as IEEE has them
        result = primitive(indices, first.astype(wide, copy=False), second.astype(wide, copy=False))
        if bias is not None:
            result += bias.astype(wide)
        return result.astype(dtype, copy=False)


def _rank_of(dtype: np.dtype[Any]) -> int:
    """Return 0 for integers, 1 for floats and 2 for complex numbers."""
    return ("iu", "f", "c").index("iu" if dtype.kind in "iu" else dtype.kind)


def to_array(name: str, value: ArrayLike, shape: tuple[int, ...] | None = None) -> Array:
    """Return an array of numbers, of this shape if one is stated.

    Raises
    ------
    ValueError
        If the value is no such array.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iufc":
        raise ValueError(f"{name} must hold integers, floats or complex numbers, got {array.dtype}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {array.shape}")
    return array


def _broadcast_bias(value: ArrayLike | None, output: tuple[int, ...]) -> Array | None:
    """Return the bias with as many axes as the output."""
    if value is None:
        return None
    bias = to_array("bias", value)
    if bias.ndim != len(output):
        return to_array("bias", bias, output[1:2]).reshape(-1, *(1,) * (len(output) - 2))
    if any(n not in (1, m) for n, m in zip(bias.shape, output, strict=True)):
        raise ValueError(f"bias of shape {bias.shape} does not fit an output of shape {output}")
    return bias
