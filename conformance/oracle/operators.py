"""Compute convolution, transposed convolution and their gradients.

All of them are derivatives of one number, which is linear in each of three arrays:

    sum over i and a of  narrow[i] kernel[a] wide[i s + a d - b]

A convolution reads the wide side and writes the narrow side; a transposed convolution reads the
narrow side and writes the wide side. What lies outside the wide side is left out of the sum. The
derivatives by the three arrays are the only primitives:

    by the wide side    transposed convolution, or the gradient of a convolution by its input
    by the narrow side  convolution, or the gradient of a transposed convolution by its input
    by the kernel       the gradient of either by its kernel

Arrays hold integers, floats or complex numbers. An answer has the dtype to which NumPy promotes
those of the two arrays that are multiplied. float16 is summed in float32 and rounded once; integers
are summed in int64. Complex numbers are multiplied as they are, and no conjugate is taken, in the
gradients neither. Where there is no answer, ``ValueError`` states the wrong number and what is
allowed.

References
----------
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from conformance.oracle import indexing
from conformance.oracle.bias import broadcast_bias
from conformance.oracle.geometry import Padding
from conformance.oracle.indexing import Numbers
from conformance.oracle.sums import (
    Array,
    accumulate,
    correlate,
    gather,
    scatter,
    to_array,
)


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
    return accumulate(scatter, indices, x, kernel, broadcast_bias(bias, indices.wide_side))


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
    return accumulate(gather, indices, x, kernel, broadcast_bias(bias, indices.narrow_side))


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
    return accumulate(scatter, indices, gradient, kernel)


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
    return accumulate(correlate, indices, gradient, x)


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
    return accumulate(gather, indices, gradient, kernel)


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
    return accumulate(correlate, indices, x, gradient)


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
