"""Describe Chainer: torch's layout, and the size of the output in place of an output padding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    keywords,
    layer,
    layer_sizes,
    operands,
    output_space,
    symmetric,
    words,
)
from conformance.adapters.framework import Api, convolution_beside, library
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import (
    PADDING_LIMITS,
    boundary,
    of_dtypes,
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
        names = "stride pad=padding outsize dilate=dilation groups"
        return write(q, arguments(q, names, padding, outsize=size))

    return build


def _function(suffix: str) -> CallBuilder:
    @_builder
    def build(q: Question, words: str) -> CallSource:
        name = by_operator(q, "deconvolution", "convolution")
        return CallSource(f"chainer.functions.{name}_{suffix}({operands(q)}{words})")

    return build


@_builder
def _layer(q: Question, words: str) -> CallSource:
    name = by_operator(q, "DeconvolutionND", "ConvolutionND")
    words += keywords(nobias=q.bias is None or None)
    return layer(
        q,
        f"chainer.links.{name}({q.rank}, {layer_sizes(q)}{words})",
        "{parameter}.array = {v}.array",
        kernel="layer.W",
        bias="layer.b",
        parameters="layer.count_params()",
    )


LIMITS = (of_dtypes("numbers are floats", "float16", "float32", "float64"), *PADDING_LIMITS)
FLAT_ONLY = boundary("two spatial axes are its only number of axes", lambda q: q.rank != 2)
ND = Api(
    id="chainer.functions.deconvolution_nd",
    native=_function("nd"),
    limits=LIMITS,
    forward="chainer.functions.convolution_nd",
    parameters=words("x W=kernel b=bias stride pad=padding dilate=dilation groups"),
)
FLAT = replace(
    ND,
    id="chainer.functions.deconvolution_2d",
    native=_function("2d"),
    limits=(FLAT_ONLY, *LIMITS),
    forward="chainer.functions.convolution_2d",
)
LAYER = replace(
    ND,
    id="chainer.links.DeconvolutionND",
    native=_layer,
    has_parameters=True,
    forward="chainer.links.ConvolutionND",
)

APIS = (ND, FLAT, LAYER)
FRAMEWORK = library("chainer", "Chainer", INTEROP, (*APIS, *map(convolution_beside, APIS)))
