"""Describe PaddlePaddle: torch's layout, and padding as a word, one number or both ends."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    keywords,
    numbers,
    operands,
    output_padding,
)
from conformance.adapters.framework import LAYOUT, Api, convolution_beside, library, words
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import (
    NEGATIVE_PADDING,
    OUTPUT_PADDING_BELOW_STRIDE,
    ZEROS_AROUND,
    boundary,
)
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    source = call_source.source(by)
    return (
        f"{source}.stop_gradient = False",
        f"y = {call_source.expression}",
        f"y, = paddle.grad(y, {source}, g)",
    )


INTEROP = TensorInterop(
    imports=("import paddle",),
    tensor="paddle.to_tensor({v})",
    array="{v}.numpy()",
    gradient=_gradient,
    dtype_conversions={
        "bfloat16": ("paddle.to_tensor({v}).astype('bfloat16')", "{v}.astype('float32').numpy()")
    },
    switches=("FLAGS_use_mkldnn", "FLAGS_use_onednn"),
    device="paddle.get_device()",
    packages={"paddle": "paddle.__version__"},
    classes=runtime.CPU,
)


def _arguments(q: Question, data_format: str | None = None) -> str:
    padding: object
    if isinstance(q.padding, str):
        padding = None if q.padding == "valid" else q.padding.upper()
    elif all(begin == end for begin, end in q.padding):
        padding = numbers(tuple(begin for begin, _ in q.padding), 0)
    else:
        padding = [number for pair in q.padding for number in pair]
    return keywords(
        stride=numbers(q.stride, 1),
        padding=padding,
        output_padding=output_padding(q),
        dilation=numbers(q.dilation, 1),
        groups=numbers((q.groups,), 1),
        data_format=data_format,
    )


def _function(formats: tuple[str | None, ...] = (None,) * 3) -> CallBuilder:
    def build(q: Question) -> CallSource:
        name = f"conv{q.rank}d{'_transpose' if q.operator == 'conv_transpose' else ''}"
        arguments = _arguments(q, formats[q.rank - 1])
        return CallSource(f"paddle.nn.functional.{name}({operands(q)}{arguments})")

    return build


def _layer(q: Question) -> CallSource:
    name = f"Conv{q.rank}D{'Transpose' if q.operator == 'conv_transpose' else ''}"
    sizes = f"{q.x.shape[1]}, {q.output_channels}, {q.window}"
    bias = keywords(bias_attr=False if q.bias is None else None)
    cast = () if q.dtype == "float32" else (f"layer.to(dtype={q.dtype!r})",)
    return CallSource(
        setup=(
            f"layer = paddle.nn.{name}({sizes}{_arguments(q)}{bias})",
            *cast,
            "layer.weight.set_value(w)",
            *(() if q.bias is None else ("layer.bias.set_value(b)",)),
        ),
        expression="layer(x)",
        kernel="layer.weight",
        bias="layer.bias",
        parameters="sum(p.size for p in layer.parameters())",
    )


def _without_same(build: CallBuilder) -> CallBuilder:
    """Return the builder of the same call with numbers, as ``SAME`` has a rule of its own."""

    def build_recipe(q: Question) -> CallSource | Inexpressible:
        if q.padding == "same":
            return Inexpressible("padding='SAME' is counted by another rule")
        return build(q)

    return build_recipe


LIMITS = (
    boundary(
        "convolutions on the CPU take float32 and float64",
        lambda q: q.dtype not in ("float32", "float64"),
    ),
    NEGATIVE_PADDING,
    ZEROS_AROUND,
)
TRANSPOSE_LIMITS = (*LIMITS, OUTPUT_PADDING_BELOW_STRIDE)

CONV_TRANSPOSE = Api(
    id="paddle.nn.functional.conv_transpose",
    exists="paddle.nn.functional.conv1d_transpose",
    native=_function(),
    recipe=_without_same(_function()),
    limits=TRANSPOSE_LIMITS,
    forward="paddle.nn.functional.conv",
    parameters=words("x weight=kernel bias stride padding output_padding dilation groups"),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="paddle.nn.ConvTranspose",
    exists="paddle.nn.Conv1DTranspose",
    native=_layer,
    recipe=_without_same(_layer),
    has_parameters=True,
    forward="paddle.nn.Conv",
)

FRAMEWORK = library(
    "paddle",
    "PaddlePaddle",
    INTEROP,
    apis=(
        CONV_TRANSPOSE,
        replace(
            CONV_TRANSPOSE,
            id="paddle.nn.functional.conv_transpose(channels_last)",
            layout="N *s C",
            native=_function(("NLC", "NHWC", "NDHWC")),
            recipe=_without_same(_function(("NLC", "NHWC", "NDHWC"))),
            base=CONV_TRANSPOSE,
            topics=LAYOUT,
        ),
        LAYER,
        convolution_beside(CONV_TRANSPOSE, LIMITS, exists="paddle.nn.functional.conv1d"),
        convolution_beside(LAYER, LIMITS, exists="paddle.nn.Conv1D"),
    ),
)
