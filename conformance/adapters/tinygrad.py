"""Describe tinygrad: torch's words, with one padding for each side, the last axis first."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallSource,
    Inexpressible,
    keywords,
    numbers,
    output_padding,
)
from conformance.adapters.framework import Api, convolution_beside, library, words
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import boundary
from conformance.question import Question, is_complex


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    source = call_source.source(by)
    return (
        f"y = {call_source.expression}",
        f"y, = y.gradient({source}, gradient=g)",
    )


INTEROP = TensorInterop(
    imports=("import importlib.metadata", "import tinygrad", "import tinygrad.nn.state"),
    tensor="tinygrad.Tensor({v})",
    array="{v}.numpy()",
    gradient=_gradient,
    dtype_conversions={
        "bfloat16": ("tinygrad.Tensor({v}).cast('bfloat16')", "{v}.cast('float32').numpy()")
    },
    switches=("DEV", "IMAGE", "WINO"),
    device="tinygrad.Device.DEFAULT",
    packages={"tinygrad": "importlib.metadata.version('tinygrad')"},
    probes={runtime.PYTHON: "tinygrad.Device.DEFAULT == 'PYTHON'"},
    classes=runtime.CPU_OR_PYTHON,
)


def _arguments(q: Question) -> str | Inexpressible:
    if isinstance(q.padding, str) and q.padding != "valid":
        return Inexpressible(f"padding takes numbers, not {q.padding!r}")
    equal = all(begin == end for begin, end in q.pairs)
    ends = tuple(end for pair in reversed(q.pairs) for end in pair)
    return keywords(
        groups=numbers((q.groups,), 1),
        stride=numbers(q.stride, 1),
        dilation=numbers(q.dilation, 1),
        padding=numbers(tuple(begin for begin, _ in q.pairs), 0) if equal else ends,
        output_padding=output_padding(q),
    )


def _function(q: Question) -> CallSource | Inexpressible:
    arguments = _arguments(q)
    if isinstance(arguments, Inexpressible):
        return arguments
    name = "conv_transpose2d" if q.operator == "conv_transpose" else "conv2d"
    bias = "" if q.bias is None else ", b"
    return CallSource(f"x.{name}(w{bias}{arguments})")


def _layer(q: Question) -> CallSource | Inexpressible:
    arguments = _arguments(q)
    if isinstance(arguments, Inexpressible):
        return arguments
    name = "ConvTranspose2d" if q.operator == "conv_transpose" else "Conv2d"
    bias = keywords(bias=False if q.bias is None else None)
    sizes = f"{q.x.shape[1]}, {q.output_channels}, {q.window}"
    return CallSource(
        setup=(
            f"layer = tinygrad.nn.{name}({sizes}{arguments}{bias})",
            "layer.weight = w",
            *(() if q.bias is None else ("layer.bias = b",)),
        ),
        expression="layer(x)",
        kernel="layer.weight",
        bias="layer.bias",
        parameters="sum(p.numel() for p in tinygrad.nn.state.get_parameters(layer))",
    )


LIMITS = (boundary("numbers are real", lambda q: is_complex(q.dtype)),)
CONV_TRANSPOSE = Api(
    id="tinygrad.Tensor.conv_transpose2d",
    exists="tinygrad.Tensor.conv_transpose2d",
    native=_function,
    recipe=_function,
    limits=LIMITS,
    forward="tinygrad.Tensor.conv2d",
    parameters=words("self=x weight=kernel bias groups stride dilation padding output_padding"),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="tinygrad.nn.ConvTranspose2d",
    exists="tinygrad.nn.ConvTranspose2d",
    native=_layer,
    recipe=_layer,
    has_parameters=True,
    forward="tinygrad.nn.Conv2d",
)

FRAMEWORK = library(
    "tinygrad",
    "tinygrad",
    INTEROP,
    apis=(
        CONV_TRANSPOSE,
        LAYER,
        *(convolution_beside(api, LIMITS) for api in (CONV_TRANSPOSE, LAYER)),
    ),
)
