"""Compute with NumPy the right answer to every question."""

from conformance.oracle.bias import conv_bias_gradient, conv_transpose_bias_gradient
from conformance.oracle.derivatives import (
    conv_double_backward,
    conv_jvp,
    conv_transpose_double_backward,
    conv_transpose_jvp,
)
from conformance.oracle.interpolation import bilinear_kernel, interpolate
from conformance.oracle.operators import (
    conv,
    conv_input_gradient,
    conv_kernel_gradient,
    conv_matrix,
    conv_transpose,
    conv_transpose_input_gradient,
    conv_transpose_kernel_gradient,
)

__all__ = [
    "bilinear_kernel",
    "conv",
    "conv_bias_gradient",
    "conv_double_backward",
    "conv_input_gradient",
    "conv_jvp",
    "conv_kernel_gradient",
    "conv_matrix",
    "conv_transpose",
    "conv_transpose_bias_gradient",
    "conv_transpose_double_backward",
    "conv_transpose_input_gradient",
    "conv_transpose_jvp",
    "conv_transpose_kernel_gradient",
    "interpolate",
]
