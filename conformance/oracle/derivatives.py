"""Compute the other derivatives of both operators, which are linear in x, in the kernel and in g.

The loss <g, y(x, w)> is a trilinear form T(x, w, g), where <., .> is the sum of products of the
elements, y is the output without its bias, and g is the gradient of the loss by the output. Then

    y(x, w)                      the derivative of T by g
    input gradient (w, g)        the derivative of T by x
    kernel gradient (x, g)       the derivative of T by w

A derivative along tangents x' and w' replaces one array at a time (the product rule), so that each
derivative of any order is one of these three functions of other arrays, or a sum of them.

References
----------
Griewank and Walther, "Evaluating Derivatives" (2008), chapters 3 and 5.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from conformance.oracle.operators import (
    conv,
    conv_input_gradient,
    conv_kernel_gradient,
    conv_transpose,
    conv_transpose_input_gradient,
    conv_transpose_kernel_gradient,
)
from conformance.oracle.sums import Array, to_array, wide_dtype

By = Literal["input", "kernel", "gradient"]
"""The array by which a gradient is differentiated again; ``gradient`` is that by the output."""


def conv_jvp(x: ArrayLike, kernel: ArrayLike, **arguments: Any) -> Array:
    """Compute the derivative of `conv` along tangents: y' = y(x', w) + y(x, w') + b'.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel
        Array (C_out, C_in / groups, *k).
    **arguments
        ``x_tangent``, ``kernel_tangent`` and ``bias_tangent``, arrays x', w' and b' of the shapes
        of x, of the kernel and of a bias, of which one that is left out is zero; and the arguments
        of `conv`, without a bias.

    Returns
    -------
    Array
        (N, C_out, *out) in the dtype of x, rounded once.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other, or there is no tangent.
    """
    return _jvp(_CONV, x, kernel, **arguments)


def conv_transpose_jvp(x: ArrayLike, kernel: ArrayLike, **arguments: Any) -> Array:
    """Compute the derivative of `conv_transpose` along tangents, as `conv_jvp` does.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel
        Array (C_in, C_out / groups, *k).
    **arguments
        The tangents, as of `conv_jvp`, and the arguments of `conv_transpose`, without a bias.

    Returns
    -------
    Array
        (N, C_out, *out) in the dtype of x, rounded once.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other, or there is no tangent.
    """
    return _jvp(_CONV_TRANSPOSE, x, kernel, **arguments)


def conv_double_backward(
    x: ArrayLike, kernel: ArrayLike, gradient: ArrayLike, *, by: By, **arguments: Any
) -> Array:
    """Compute a gradient of gradients of `conv`: of S = <dL/dx, x'> + <dL/dw, w'> + <dL/db, b'>.

    S = T(x', w, g) + T(x, w', g) + <g, b'>, so that its gradient by x is the input gradient of the
    kernel w', that by the kernel is the kernel gradient of the input x', and that by g is
    y(x', w) + y(x, w') + b', which is what `conv_jvp` computes.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel
        Array (C_out, C_in / groups, *k).
    gradient
        Array (N, C_out, *out), the gradient g of the loss L by the output.
    by
        The array by which S is differentiated.
    **arguments
        The tangents, as of `conv_jvp`, and the arguments of `conv`, without a bias.

    Returns
    -------
    Array
        Of the shape of the array by which S is differentiated, in the dtype of x.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other, or S does not depend on the array.
    """
    return _double_backward(_CONV, x, kernel, gradient, by, **arguments)


def conv_transpose_double_backward(
    x: ArrayLike, kernel: ArrayLike, gradient: ArrayLike, *, by: By, **arguments: Any
) -> Array:
    """Compute a gradient of gradients of `conv_transpose`, as `conv_double_backward` does.

    Parameters
    ----------
    x
        Array (N, C_in, *space).
    kernel
        Array (C_in, C_out / groups, *k).
    gradient
        Array (N, C_out, *out), the gradient of the loss by the output.
    by
        The array by which the sum is differentiated.
    **arguments
        The tangents, as of `conv_jvp`, and the arguments of `conv_transpose`, without a bias.

    Returns
    -------
    Array
        Of the shape of the array by which the sum is differentiated, in the dtype of x.

    Raises
    ------
    ValueError
        If the arrays and arguments do not fit each other, or the sum does not depend on the array.
    """
    return _double_backward(_CONV_TRANSPOSE, x, kernel, gradient, by, **arguments)


class _Derivatives(NamedTuple):
    """The derivatives of the trilinear form of one operator."""

    by_gradient: Callable[..., Array]
    by_input: Callable[..., Array]
    by_kernel: Callable[..., Array]


_CONV = _Derivatives(conv, conv_input_gradient, conv_kernel_gradient)
_CONV_TRANSPOSE = _Derivatives(
    conv_transpose, conv_transpose_input_gradient, conv_transpose_kernel_gradient
)


def _jvp(
    operator: _Derivatives,
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    x_tangent: ArrayLike | None = None,
    kernel_tangent: ArrayLike | None = None,
    bias_tangent: ArrayLike | None = None,
    **arguments: Any,
) -> Array:
    """Return y(x', w) + y(x, w') + b', summed in a wide dtype and rounded once."""
    x, kernel = to_array("x", x), to_array("kernel", kernel)
    if x_tangent is kernel_tangent is bias_tangent is None:
        raise ValueError("a tangent is needed, of x, of the kernel or of the bias; got none")
    pairs = []
    if x_tangent is not None:
        pairs.append((to_array("x_tangent", x_tangent, x.shape), kernel))
    if kernel_tangent is not None:
        pairs.append((x, to_array("kernel_tangent", kernel_tangent, kernel.shape)))
    pairs = pairs or [(np.zeros_like(x), np.zeros_like(kernel))]
    biases = (*(None,) * (len(pairs) - 1), bias_tangent)
    with np.errstate(all="ignore"):
        total = sum(
            operator.by_gradient(first.astype(wide_dtype(x)), second, bias=bias, **arguments)
            for (first, second), bias in zip(pairs, biases, strict=True)
        )
        return np.asarray(total).astype(x.dtype)


def _double_backward(
    operator: _Derivatives,
    x: ArrayLike,
    kernel: ArrayLike,
    gradient: ArrayLike,
    by: By,
    *,
    x_tangent: ArrayLike | None = None,
    kernel_tangent: ArrayLike | None = None,
    bias_tangent: ArrayLike | None = None,
    **arguments: Any,
) -> Array:
    x, kernel = to_array("x", x), to_array("kernel", kernel)
    if by == "gradient":
        tangents = {"x_tangent": x_tangent, "kernel_tangent": kernel_tangent}
        result = _jvp(operator, x, kernel, **tangents, bias_tangent=bias_tangent, **arguments)
        to_array("gradient", gradient, result.shape)
        return result
    if by == "input":
        if kernel_tangent is None:
            raise ValueError("by the input the tangent of the kernel is needed, got none")
        tangent = to_array("kernel_tangent", kernel_tangent, kernel.shape)
        return operator.by_input(x.shape, tangent, gradient, **arguments)
    if by == "kernel":
        if x_tangent is None:
            raise ValueError("by the kernel the tangent of x is needed, got none")
        tangent = to_array("x_tangent", x_tangent, x.shape)
        return operator.by_kernel(tangent, kernel.shape, gradient, **arguments)
    raise ValueError(f"by must be input, kernel or gradient, got {by!r}")
