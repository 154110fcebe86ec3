"""Describe nnabla: a graph of variables, whose arguments have one number for each axis."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    arguments,
    by_operator,
    operands,
    per_axis,
    symmetric,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, convolution_beside, library
from conformance.adapters.interop import TensorInterop, gradient_lines
from conformance.adapters.limitation import PADDING_LIMITS, Limitation, of_dtypes
from conformance.oracle.geometry import Axes
from conformance.question import Question

INTEROP = TensorInterop(
    imports=(
        "import nnabla",
        "import nnabla.functions",
        "import nnabla.parametric_functions",
        "nnabla.set_auto_forward(True)",
    ),
    tensor="nnabla.Variable.from_numpy_array({v})",
    array="{v}.d",
    gradient=gradient_lines(
        "{by}.need_grad = True",
        "{by}.grad.zero()",
        "y = {y}",
        "y.backward(g.d)",
        "y = nnabla.Variable.from_numpy_array({by}.g)",
    ),
    device="nnabla.get_current_context().backend[0].partition(':')[0]",
    packages={"nnabla": "nnabla.__version__"},
    classes=runtime.CPU,
)


def _arguments(q: Question, padding: Axes, *, channel_last: bool = False) -> str:
    names = "pad=padding stride dilation group=groups channel_last output_padding"
    return arguments(q, names, **per_axis(q, padding), channel_last=channel_last or None)


def _function(*, channel_last: bool = False) -> CallBuilder:
    @symmetric
    def build(q: Question, padding: Axes) -> CallSource:
        words = _arguments(q, padding, channel_last=channel_last)
        name = by_operator(q, "deconvolution", "convolution")
        return CallSource(f"nnabla.functions.{name}({operands(q)}{words})")

    return build


@symmetric
def _layer(q: Question, padding: Axes) -> CallSource:
    name = by_operator(q, "deconv", "conv")
    values = f"w_init=w.d{'' if q.bias is None else ', b_init=b.d'}"
    words = f"{_arguments(q, padding)}, {values}{arguments(q, 'with_bias=bias')}"
    call = f"nnabla.parametric_functions.{name}olution(x, {q.output_channels}, {q.window}{words})"
    return CallSource(
        setup=(
            "nnabla.clear_parameters()",
            f"layer = lambda x: {call}",
            "layer(x)",  # which makes the parameters
        ),
        expression="layer(x)",
        kernel=f"nnabla.get_parameters()['{name}/W']",
        bias=f"nnabla.get_parameters()['{name}/b']",
        parameters="sum(p.size for p in nnabla.get_parameters().values())",
    )


CONV_TRANSPOSE = Api(
    id="nnabla.functions.deconvolution",
    native=_function(),
    limits=(of_dtypes("numbers are floats of 32 bits", "float32"), *PADDING_LIMITS),
    forward="nnabla.functions.convolution",
    parameters=words(
        "x weight=kernel bias pad=padding stride dilation group=groups output_padding"
    ),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="nnabla.parametric_functions.deconvolution",
    native=_layer,
    has_parameters=True,
    forward="nnabla.parametric_functions.convolution",
)

FRAMEWORK = library(
    "nnabla",
    "nnabla",
    INTEROP,
    settings=("/etc/nnabla.conf", "~/.nnabla", "nnabla.conf"),
    apis=(
        CONV_TRANSPOSE,
        replace(
            CONV_TRANSPOSE,
            id="nnabla.functions.deconvolution(channel_last)",
            native=_function(channel_last=True),
            layout="N *s C",
            kernel_axes="in *k out",
            limits=(Limitation("channels last are not for the CPU", lambda _: True),),
            base=CONV_TRANSPOSE,
            topics=LAYOUT,
        ),
        LAYER,
        *map(convolution_beside, (CONV_TRANSPOSE, LAYER)),
    ),
)
