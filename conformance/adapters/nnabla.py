"""Describe nnabla: a graph of variables, whose arguments have one number for each axis."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    keywords,
    numbers,
    operands,
    symmetric,
    unless,
)
from conformance.adapters.framework import LAYOUT, Api, convolution_beside, library, words
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import (
    NEGATIVE_PADDING,
    OUTPUT_PADDING_BELOW_STRIDE,
    ZEROS_AROUND,
    Limitation,
    boundary,
)
from conformance.oracle.geometry import Axes
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    source = call_source.source(by)
    return (
        f"{source}.need_grad = True",
        f"{source}.grad.zero()",
        f"y = {call_source.expression}",
        "y.backward(g.d)",
        f"y = nnabla.Variable.from_numpy_array({source}.g)",
    )


IMPORTS = (
    "import nnabla",
    "import nnabla.functions",
    "import nnabla.parametric_functions",
    "nnabla.set_auto_forward(True)",
)
INTEROP = TensorInterop(
    imports=IMPORTS,
    tensor="nnabla.Variable.from_numpy_array({v})",
    array="{v}.d",
    gradient=_gradient,
    device="nnabla.get_current_context().backend[0].partition(':')[0]",
    packages={"nnabla": "nnabla.__version__"},
    classes=runtime.CPU,
)


def _arguments(q: Question, padding: Axes, *, channel_last: bool = False) -> str:
    return keywords(
        pad=unless(padding, 0),
        stride=unless(q.stride, 1),
        dilation=unless(q.dilation, 1),
        group=numbers((q.groups,), 1),
        channel_last=channel_last or None,
        output_padding=q.output_padding if q.has_output_padding else None,
    )


def _function(*, channel_last: bool = False) -> CallBuilder:
    @symmetric
    def build(q: Question, padding: Axes) -> CallSource:
        name = "deconvolution" if q.operator == "conv_transpose" else "convolution"
        arguments = _arguments(q, padding, channel_last=channel_last)
        return CallSource(f"nnabla.functions.{name}({operands(q)}{arguments})")

    return build


@symmetric
def _layer(q: Question, padding: Axes) -> CallSource:
    name = "deconvolution" if q.operator == "conv_transpose" else "convolution"
    values = f"w_init=w.d{'' if q.bias is None else ', b_init=b.d'}"
    bias = keywords(with_bias=False if q.bias is None else None)
    arguments = f"{_arguments(q, padding)}, {values}{bias}"
    call = f"nnabla.parametric_functions.{name}(x, {q.output_channels}, {q.window}{arguments})"
    return CallSource(
        setup=(
            "nnabla.clear_parameters()",
            f"layer = lambda x: {call}",
            "layer(x)",  # which makes the parameters
        ),
        expression="layer(x)",
        kernel=f"nnabla.get_parameters()['{name.removesuffix('olution')}/W']",
        bias=f"nnabla.get_parameters()['{name.removesuffix('olution')}/b']",
        parameters="sum(p.size for p in nnabla.get_parameters().values())",
    )


LIMITS = (
    boundary("numbers are floats of 32 bits", lambda q: q.dtype != "float32"),
    NEGATIVE_PADDING,
    ZEROS_AROUND,
)
TRANSPOSE_LIMITS = (*LIMITS, OUTPUT_PADDING_BELOW_STRIDE)

CONV_TRANSPOSE = Api(
    id="nnabla.functions.deconvolution",
    exists="nnabla.functions.deconvolution",
    native=_function(),
    recipe=_function(),
    limits=TRANSPOSE_LIMITS,
    forward="nnabla.functions.convolution",
    parameters=words(
        "x weight=kernel bias pad=padding stride dilation group=groups output_padding"
    ),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="nnabla.parametric_functions.deconvolution",
    exists="nnabla.parametric_functions.deconvolution",
    native=_layer,
    recipe=_layer,
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
            layout="N *s C",
            kernel_axes="in *k out",
            native=_function(channel_last=True),
            recipe=_function(channel_last=True),
            limits=(Limitation("channels last are not for the CPU", lambda _: True),),
            base=CONV_TRANSPOSE,
            topics=LAYOUT,
        ),
        LAYER,
        *(convolution_beside(api, LIMITS) for api in (CONV_TRANSPOSE, LAYER)),
    ),
)
