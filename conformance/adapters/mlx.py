"""Describe MLX: channels are last, and a kernel begins with all output channels."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    layer,
    symmetric,
    words,
)
from conformance.adapters.framework import Api, convolution_beside, library
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import (
    NEGATIVE_PADDING,
    ZEROS_AROUND,
    Limitation,
    of_dtypes,
)
from conformance.oracle.geometry import Axes, effective_kernel_size
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    expression = call_source.expression
    if by != "x" and call_source.kernel == "layer.weight":
        expression = f"layer.update({{'{'weight' if by == 'w' else 'bias'}': {by}}})(x)"
    return (f"_, (y,) = mx.vjp(lambda {by}: {expression}, [{by}], [g])",)


INTEROP = TensorInterop(
    imports=("import mlx.core as mx", "import mlx.nn", "mx.set_default_device(mx.cpu)"),
    tensor="mx.array({v})",
    array="np.array({v})",
    gradient=_gradient,
    dtype_conversions={
        "bfloat16": ("mx.array({v}, mx.bfloat16)", "np.array({v}.astype(mx.float32))")
    },
    unsupported_layouts=("reversed",),  # it has no negative strides
    device="mx.default_device().type.name",
    packages={"mlx": "mx.__version__"},
    classes=runtime.CPU,
)


ARGUMENTS = "stride padding dilation output_padding groups"


@symmetric
def _function(q: Question, padding: Axes) -> CallSource:
    words = arguments(q, ARGUMENTS, padding)
    return CallSource(f"mx.{by_operator(q, 'conv_transpose', 'conv')}{q.rank}d(x, w{words})")


@symmetric
def _layer_of_numbers(q: Question, padding: Axes) -> CallSource:
    window = q.window[0] if q.rank == 1 else q.window
    sizes = f"{q.x.shape[1]}, {q.output_channels}, {window}"
    words = arguments(q, f"{ARGUMENTS} bias", padding)
    name = f"{by_operator(q, 'ConvTranspose', 'Conv')}{q.rank}d"
    return layer(
        q,
        f"mlx.nn.{name}({sizes}{words})",
        "{parameter} = {v}",
        parameters="sum(p.size for _, p in mlx.utils.tree_flatten(layer.parameters()))",
    )


def _layer(q: Question) -> CallSource | Inexpressible:
    if q.operator == "conv_transpose" and q.groups > 1:
        return Inexpressible("there is no parameter for groups")
    return _layer_of_numbers(q)


LIMITS = (
    of_dtypes(
        "convolutions on the CPU take floats of at most 32 bits", "float16", "bfloat16", "float32"
    ),
    ZEROS_AROUND,
    Limitation(
        "with stride 1 an infinite kernel is multiplied with zeros, which gives NaN",
        lambda q: q.has_infinite_factor and not q.gathers and set(q.stride) == {1},
        is_refusal=False,
    ),
    Limitation("groups need one or two spatial axes", lambda q: q.groups > 1 and q.rank == 3),
    Limitation(
        "the gradient by the kernel of an empty batch ends the process, or is refused",
        lambda q: q.wanted == "kernel_gradient" and len(q.x) == 0,
        versions="mlx<=0.32.4",
        is_refusal=False,
    ),
)
TRANSPOSE_LIMITS = (
    *LIMITS,
    Limitation(
        "padding beyond all of the kernel but one element crops inputs, not outputs",
        lambda q: any(
            b >= r and s > 1
            for (b, _), r, s in zip(
                q.pairs, effective_kernel_size(q.window, q.dilation), q.stride, strict=True
            )
        ),
        versions="mlx<=0.32.4",
        is_refusal=False,
    ),
    Limitation(
        "with output or negative padding the gradient by the input has the wrong shape",
        lambda q: (
            q.wanted == "input_gradient" and (any(q.output_padding) or min(map(min, q.pairs)) < 0)
        ),
        versions="mlx<=0.32.4",
        is_refusal=False,
    ),
)

CONV_TRANSPOSE = Api(
    id="mlx.core.conv_transpose",
    exists="mx.conv_transpose1d",
    layout="N *s C",
    kernel_axes="out *k in",
    divides_inputs=True,
    native=_function,
    limits=TRANSPOSE_LIMITS,
    takes_bias=False,
    forward="mlx.core.conv",
    parameters=words("input=x weight=kernel stride padding dilation output_padding groups"),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="mlx.nn.ConvTranspose",
    native=_layer,
    exists="mlx.nn.ConvTranspose1d",
    takes_bias=True,
    has_parameters=True,
    forward="mlx.nn.Conv",
    parameters={**CONV_TRANSPOSE.parameters, "bias": "bias"},
)

FRAMEWORK = library(
    "mlx",
    "MLX",
    INTEROP,
    apis=(
        CONV_TRANSPOSE,
        LAYER,
        *(
            replace(
                convolution_beside(api, (*LIMITS, NEGATIVE_PADDING), exists=exists),
                kernel_axes="out *k in",
            )
            for api, exists in ((CONV_TRANSPOSE, "mx.conv1d"), (LAYER, "mlx.nn.Conv1d"))
        ),
    ),
)
