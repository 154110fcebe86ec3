"""Define the values that fields of a question may have: ops, dtypes and lengths of outputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from conformance.oracle.geometry import Axes, Pairs, Word

Array: TypeAlias = NDArray[Any]
ArrayMap: TypeAlias = Callable[[Array], Array]
Index: TypeAlias = tuple[slice, ...]

Op = Literal[
    "conv", "conv_bias_gradient", "conv_double_backward_gradient",
    "conv_double_backward_input", "conv_double_backward_kernel", "conv_input_gradient",
    "conv_jvp", "conv_kernel_gradient", "conv_parameters", "conv_transpose",
    "conv_transpose_bias_gradient", "conv_transpose_double_backward_gradient",
    "conv_transpose_double_backward_input", "conv_transpose_double_backward_kernel",
    "conv_transpose_input_gradient", "conv_transpose_jvp",
    "conv_transpose_kernel_gradient", "conv_transpose_parameters", "interpolate"
]  # fmt: skip
Operator = Literal["conv", "conv_transpose", "interpolate"]
Wanted = Literal[
    "output",
    "input_gradient",
    "kernel_gradient",
    "bias_gradient",
    "jvp",
    "double_backward_input",
    "double_backward_kernel",
    "double_backward_gradient",
    "parameters",
]
AnswerSpace = Literal["output", "x", "kernel", "bias", "count"]
Dtype = Literal[
    "float16", "bfloat16", "float32", "float64", "int32", "int64", "complex64", "complex128"
]

OPS: tuple[Op, ...] = get_args(Op)
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
TANGENTS = ("x_tangent", "kernel_tangent", "bias_tangent")
"""The fields of a question with tangents: directions in which x, the kernel and the bias change."""
ARRAYS = ("x", "kernel", "bias", "gradient", *TANGENTS)
"""The fields of a question that are arrays."""
ANSWER_SPACES: Mapping[Wanted, AnswerSpace] = {
    "output": "output",
    "input_gradient": "x",
    "kernel_gradient": "kernel",
    "bias_gradient": "bias",
    "jvp": "output",
    "double_backward_input": "x",
    "double_backward_kernel": "kernel",
    "double_backward_gradient": "output",
    "parameters": "count",
}
"""The array whose shape and axes an answer has."""
DERIVED = ANSWER_SPACES.keys() - {"output", "input_gradient", "kernel_gradient", "parameters"}
"""The derivatives that are sums of outputs and of gradients by the input or the kernel."""


@cache
def operator_of(op: Op) -> Operator:
    """Return the operator, whatever an op wants of it."""
    if op.startswith("conv_transpose"):
        return "conv_transpose"
    return "conv" if op.startswith("conv") else "interpolate"


@cache
def wanted_of(op: Op) -> Wanted:
    """Return what an op wants of its operator."""
    return cast("Wanted", op.removeprefix(operator_of(op)).removeprefix("_") or "output")


def tangents_of(op: Op) -> tuple[str, ...]:
    """Return the tangents that an op may have; it needs one of them, if there are any."""
    every: Mapping[Wanted, tuple[str, ...]] = {
        "jvp": TANGENTS,
        "double_backward_input": ("kernel_tangent",),
        "double_backward_kernel": ("x_tangent",),
        "double_backward_gradient": TANGENTS,
    }
    return every.get(wanted_of(op), ())


def promoted(first: Dtype, second: Dtype) -> Dtype:
    """Return the dtype of a product of two numbers, as NumPy promotes their dtypes.

    bfloat16, which NumPy lacks, is promoted as float16 is, and both together to float32.
    """
    if first == second:
        return first
    if {first, second} == {"float16", "bfloat16"}:
        return "float32"
    pair = ("float16" if dtype == "bfloat16" else dtype for dtype in (first, second))
    return cast(Dtype, np.result_type(*map(np.dtype, pair)).name)


def is_complex(dtype: Dtype) -> bool:
    """Return whether a dtype has complex numbers."""
    return dtype.startswith("complex")


def stand_in(shape: tuple[int, ...], dtype: Any = np.float32, value: float = 0) -> Array:
    """Return a read-only array of one number that takes no memory, for its shape and dtype only."""
    return np.broadcast_to(np.full((), value, dtype), shape)


def all_finite(array: Array | None) -> bool:
    """Return whether no number is NaN or infinite; those of a stand-in are equal: one is read."""
    if array is None:
        return True
    first_element = tuple(slice(None if step else 1) for step in array.strides)
    return bool(np.isfinite(array[first_element]).all())


@dataclass(frozen=True, kw_only=True)
class OutputLength:
    """The length of a transposed convolution's output, as it was written, and what stood beside it.

    A question has the padding and the output padding that follow from it; only a naive call, which
    passes the arguments as a person wrote them, depends on this.

    Attributes
    ----------
    space
        The length of the output along each spatial axis.
    padding, output_padding
        As of `Question`; None for what was left out.
    fault
        Why there is no such output, if there is none.
    """

    space: Axes
    padding: Pairs | Word | None = None
    output_padding: Axes | None = None
    fault: str | None = None
