"""Add a bias to an output, and compute the gradient of a loss by it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from conformance.oracle import indexing
from conformance.oracle.sums import Array, to_array, wide_dtype


def conv_bias_gradient(
    x_shape: Sequence[int],
    kernel_shape: Sequence[int],
    gradient: ArrayLike,
    *,
    bias_shape: Sequence[int] | None = None,
    **arguments: Any,
) -> Array:
    """Compute the gradient of `conv` by its bias: the sum of g over what the bias is added to.

    Parameters
    ----------
    x_shape
        The shape (N, C_in, *space) of the input.
    kernel_shape
        The shape (C_out, C_in / groups, *k) of the kernel.
    gradient
        Array (N, C_out, *out), the gradient g of the loss by the output.
    bias_shape
        The shape of the bias, (C_out,) by default.
    **arguments
        The arguments of `conv`, without a bias.

    Returns
    -------
    Array
        Of the bias's shape, in the dtype of ``gradient``.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other.
    """
    output = indexing.conv(x_shape, kernel_shape, **arguments).narrow_side
    return _bias_gradient(output, gradient, bias_shape)


def conv_transpose_bias_gradient(
    x_shape: Sequence[int],
    kernel_shape: Sequence[int],
    gradient: ArrayLike,
    *,
    bias_shape: Sequence[int] | None = None,
    **arguments: Any,
) -> Array:
    """Compute the gradient of `conv_transpose` by its bias, as `conv_bias_gradient` does.

    Parameters
    ----------
    x_shape
        The shape (N, C_in, *space) of the input.
    kernel_shape
        The shape (C_in, C_out / groups, *k) of the kernel.
    gradient, bias_shape
        As of `conv_bias_gradient`.
    **arguments
        The arguments of `conv_transpose`, without a bias.

    Returns
    -------
    Array
        Of the bias's shape, in the dtype of ``gradient``.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other.
    """
    output = indexing.conv_transpose(x_shape, kernel_shape, **arguments).wide_side
    return _bias_gradient(output, gradient, bias_shape)


def broadcast_bias(value: ArrayLike | None, output: tuple[int, ...]) -> Array | None:
    """Return the bias with as many axes as the output."""
    if value is None:
        return None
    bias = to_array("bias", value)
    if bias.ndim != len(output):
        return to_array("bias", bias, output[1:2]).reshape(-1, *(1,) * (len(output) - 2))
    _check_fit(bias.shape, bias.shape, output)
    return bias


def _bias_gradient(
    output: tuple[int, ...], gradient: ArrayLike, bias_shape: Sequence[int] | None
) -> Array:
    """Sum g over every axis along which the bias is repeated."""
    gradient = to_array("gradient", gradient, output)
    ones = (1,) * (len(output) - 2)
    shape = (output[1],) if bias_shape is None else tuple(bias_shape)
    full = (1, *shape, *ones) if len(shape) == 1 else shape
    _check_fit(shape, full, output)
    axes = tuple(axis for axis, n in enumerate(full) if n == 1)
    with np.errstate(all="ignore"):
        total = gradient.sum(axes, dtype=wide_dtype(gradient), keepdims=True)
        return np.asarray(total.reshape(shape).astype(gradient.dtype))


def _check_fit(shape: tuple[int, ...], full: tuple[int, ...], output: tuple[int, ...]) -> None:
    """Raise ``ValueError`` for a bias whose axes, with those of length 1, are not the output's."""
    if len(full) != len(output) or any(n not in (1, m) for n, m in zip(full, output, strict=True)):
        raise ValueError(f"bias of shape {shape} does not fit an output of shape {output}")
