"""Describe Chainer: torch's layout, and the size of the output in place of an output padding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    keywords,
    numbers,
    operands,
    output_space,
    symmetric,
)
from conformance.adapters.framework import Api, convolution_beside, library, words
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import (
    NEGATIVE_PADDING,
    OUTPUT_PADDING_BELOW_STRIDE,
    ZEROS_AROUND,
    boundary,
)
from conformance.oracle.geometry import Axes
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    # 7.8.1 refuses the gradient of `deconvolution_2d` by the kernel alone.
    sources = ", ".join(map(call_source.source, "xwb"[: "xwb".index(by) + 1]))
    gradients = ("y,", "_, y", "_, _, y")["xwb".index(by)]
    return (
        f"y = {call_source.expression}",
        f"{gradients} = chainer.grad([y], [{sources}], [g])",
    )


INTEROP = TensorInterop(
    imports=("import chainer",),
    tensor="chainer.Variable({v})",
    array="{v}.array",
    gradient=_gradient,
    packages={"chainer": "chainer.__version__"},
    classes=runtime.CPU,
)


def _builder(write: Callable[[Question, str], CallSource]) -> CallBuilder:
    """Return the builder of a call from a function of the question and its keyword arguments."""

    @symmetric
    def build(q: Question, padding: Axes) -> CallSource | Inexpressible:
        if min(q.output_padding) < 0:
            return Inexpressible("the size of the output has a parameter, not its padding")
        size = output_space(q) if q.has_output_padding else None
        if isinstance(size, Inexpressible):
            return size
        arguments = keywords(
            stride=numbers(q.stride, 1),
            pad=numbers(padding, 0),
            outsize=size,
            dilate=numbers(q.dilation, 1),
            groups=numbers((q.groups,), 1),
        )
        return write(q, arguments)

    return build


def _name(q: Question, transposed: str, forward: str) -> str:
    return transposed if q.operator == "conv_transpose" else forward


def _function(suffix: str) -> CallBuilder:
    @_builder
    def build(q: Question, arguments: str) -> CallSource:
        name = _name(q, "deconvolution", "convolution")
        return CallSource(f"chainer.functions.{name}_{suffix}({operands(q)}{arguments})")

    return build


@_builder
def _layer(q: Question, arguments: str) -> CallSource:
    sizes = f"{q.rank}, {q.x.shape[1]}, {q.output_channels}, {q.window}"
    bias = keywords(nobias=True if q.bias is None else None)
    name = _name(q, "DeconvolutionND", "ConvolutionND")
    return CallSource(
        setup=(
            f"layer = chainer.links.{name}({sizes}{arguments}{bias})",
            "layer.W.array = w.array",
            *(() if q.bias is None else ("layer.b.array = b.array",)),
        ),
        expression="layer(x)",
        kernel="layer.W",
        bias="layer.b",
        parameters="layer.count_params()",
    )


LIMITS = (
    boundary("numbers are floats", lambda q: q.dtype not in ("float16", "float32", "float64")),
    NEGATIVE_PADDING,
    ZEROS_AROUND,
)
TRANSPOSE_LIMITS = (*LIMITS, OUTPUT_PADDING_BELOW_STRIDE)
FLAT_ONLY = boundary("two spatial axes are its only number of axes", lambda q: q.rank != 2)

ND = Api(
    id="chainer.functions.deconvolution_nd",
    exists="chainer.functions.deconvolution_nd",
    native=_function("nd"),
    recipe=_function("nd"),
    limits=TRANSPOSE_LIMITS,
    forward="chainer.functions.convolution_nd",
    parameters=words("x W=kernel b=bias stride pad=padding dilate=dilation groups"),
)
FLAT = replace(
    ND,
    id="chainer.functions.deconvolution_2d",
    exists="chainer.functions.deconvolution_2d",
    native=_function("2d"),
    recipe=_function("2d"),
    limits=(FLAT_ONLY, *TRANSPOSE_LIMITS),
    forward="chainer.functions.convolution_2d",
)
LAYER = replace(
    ND,
    id="chainer.links.DeconvolutionND",
    exists="chainer.links.DeconvolutionND",
    native=_layer,
    recipe=_layer,
    has_parameters=True,
    forward="chainer.links.ConvolutionND",
)

FRAMEWORK = library(
    "chainer",
    "Chainer",
    INTEROP,
    apis=(
        ND,
        FLAT,
        LAYER,
        convolution_beside(ND, LIMITS),
        convolution_beside(FLAT, (FLAT_ONLY, *LIMITS)),
        convolution_beside(LAYER, LIMITS),
    ),
)
