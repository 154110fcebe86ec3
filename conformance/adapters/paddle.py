"""Describe PaddlePaddle: torch's layout, and padding as a word, one number or both ends."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    layer,
    layer_sizes,
    numbers,
    operands,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, convolution_beside, library
from conformance.adapters.interop import TensorInterop, gradient_lines
from conformance.adapters.limitation import (
    PADDING_LIMITS,
    of_dtypes,
)
from conformance.question import Question

INTEROP = TensorInterop(
    imports=("import paddle", "paddle.set_device('cpu')"),
    tensor="paddle.to_tensor({v})",
    array="{v}.numpy()",
    gradient=gradient_lines(
        "{by}.stop_gradient = False", "y = {y}", "y, = paddle.grad(y, {by}, g)"
    ),
    dtype_conversions={
        "bfloat16": ("paddle.to_tensor({v}).astype('bfloat16')", "{v}.astype('float32').numpy()")
    },
    switches=("FLAGS_use_mkldnn", "FLAGS_use_onednn"),
    device="paddle.get_device()",
    packages={"paddle": "paddle.__version__"},
    classes=runtime.CPU,
)


def _arguments(q: Question, names: str, **others: object) -> str:
    padding: object
    if isinstance(q.padding, str):
        padding = None if q.padding == "valid" else q.padding.upper()
    elif all(begin == end for begin, end in q.padding):
        padding = numbers(tuple(begin for begin, _ in q.padding), 0)
    else:
        padding = [number for pair in q.padding for number in pair]
    names = f"stride padding output_padding dilation groups {names}"
    return arguments(q, names, padding=padding, **others)


def _function(formats: tuple[str | None, ...] = (None,) * 3) -> CallBuilder:
    def build(q: Question) -> CallSource:
        name = f"conv{q.rank}d{by_operator(q, '_transpose', '')}"
        words = _arguments(q, "data_format", data_format=formats[q.rank - 1])
        return CallSource(f"paddle.nn.functional.{name}({operands(q)}{words})")

    return build


def _layer(q: Question) -> CallSource:
    name = f"Conv{q.rank}D{by_operator(q, 'Transpose', '')}"
    return layer(
        q,
        f"paddle.nn.{name}({layer_sizes(q)}{_arguments(q, 'bias_attr=bias')})",
        "{parameter}.set_value({v})",
        prepare=() if q.dtype == "float32" else (f"layer.to(dtype={q.dtype!r})",),
        parameters="sum(p.size for p in layer.parameters())",
    )


def _without_same(build: CallBuilder) -> CallBuilder:
    """Return the builder of the same call with numbers, as ``SAME`` has a rule of its own."""

    def build_recipe(q: Question) -> CallSource | Inexpressible:
        if q.padding == "same":
            return Inexpressible("padding='SAME' is counted by another rule")
        return build(q)

    return build_recipe


CONV_TRANSPOSE = Api(
    id="paddle.nn.functional.conv_transpose",
    exists="paddle.nn.functional.conv1d_transpose",
    native=_function(),
    recipe=_without_same(_function()),
    limits=(
        of_dtypes("convolutions on the CPU take float32 and float64", "float32", "float64"),
        *PADDING_LIMITS,
    ),
    forward="paddle.nn.functional.conv",
    parameters=words("x weight=kernel bias stride padding output_padding dilation groups"),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="paddle.nn.ConvTranspose",
    native=_layer,
    exists="paddle.nn.Conv1DTranspose",
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
        convolution_beside(CONV_TRANSPOSE, exists="paddle.nn.functional.conv1d"),
        convolution_beside(LAYER, exists="paddle.nn.Conv1D"),
    ),
)
