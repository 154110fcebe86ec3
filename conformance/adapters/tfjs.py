"""Describe TensorFlow.js, whose functions have channels last and one name for each rank."""

from __future__ import annotations

import json
from collections.abc import Callable

from conformance.adapters import javascript
from conformance.adapters.base import (
    NEGATIVE_PADDING,
    NO_GRADIENTS,
    ZEROS_AROUND,
    Api,
    CallBuilder,
    CallSource,
    Framework,
    Inexpressible,
    Limitation,
    TensorInterop,
    boundary,
    operands,
    output_space,
    unless,
)
from conformance.adapters.runtime import RuntimeClass
from conformance.question import Question


def _padding(q: Question) -> object:
    """Return a word, one number for all ends, or pairs for all axes of x."""
    if isinstance(q.padding, str) or not any(map(any, q.padding)):
        return "valid" if q.padding != "same" else "same"
    ends = {end for pair in q.padding for end in pair}
    return ends.pop() if len(ends) == 1 else [[0, 0], *map(list, q.padding), [0, 0]]


def _arguments(*values: object) -> str:
    """Return arguments as JavaScript, without those at the end that are None."""
    kept = [*values]
    while kept and kept[-1] is None:
        kept.pop()
    return "".join(f", {'undefined' if v is None else json.dumps(v)}" for v in kept)


def _transpose(q: Question) -> CallSource | Inexpressible:
    space = output_space(q)
    if isinstance(space, Inexpressible):
        return space
    if q.length is not None and q.has_output_padding:
        return Inexpressible("output padding is part of the output's shape")
    batch = () if q.unbatched else (len(q.x),)
    arguments = _arguments((*batch, *space, q.output_channels), q.stride, _padding(q))
    return javascript.call(f"tf.conv{q.rank}dTranspose(x, w{arguments})", "x, w")


def _convolution(q: Question) -> CallSource:
    layout = None if set(q.dilation) == {1} else ("NWC", "NHWC", "NDHWC")[q.rank - 1]
    stride, dilation = q.stride, unless(q.dilation, 1)
    numbers = [n if n is None or q.rank > 1 else n[0] for n in (stride, dilation)]
    arguments = _arguments(numbers[0], _padding(q), layout, numbers[1])
    return javascript.call(f"tf.conv{q.rank}d(x, w{arguments})", "x, w")


def _layer(name: str) -> CallBuilder:
    def build(q: Question) -> CallSource | Inexpressible:
        padding = _padding(q)
        if not isinstance(padding, str):
            return Inexpressible("padding is a word, never numbers")
        if q.has_output_padding or q.length is not None:
            return Inexpressible("a layer has no output padding")
        config = {
            "filters": q.output_channels,
            "kernelSize": q.window,
            "strides": None if set(q.stride) == {1} else q.stride,
            "padding": padding,
            "dilationRate": unless(q.dilation, 1),
            "useBias": None if q.bias is not None else False,
        }
        words = ", ".join(f"{k}: {json.dumps(v)}" for k, v in config.items() if v is not None)
        weights = operands(q).removeprefix("x, ")
        layer = f"layers.{name.format(rank=q.rank)}({{{words}, weights: [{weights}]}})"
        return javascript.call(f"{layer}.apply(x)", operands(q))

    return build


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    source = f"tf.grad(({by}) => {call_source.as_function})({by}, g)"
    return (f"y = {javascript.ask(source, 'x, w, g')}",)


def _has_numbers(q: Question) -> bool:
    return not isinstance(_padding(q), str)


def _needs_rank(*ranks: int) -> Limitation:
    axes = " or ".join(("one", "two", "three")[rank - 1] for rank in ranks)
    return boundary(f"there is no such function but for {axes} spatial axes", _is_other(ranks))


def _is_other(ranks: tuple[int, ...]) -> Callable[[Question], bool]:
    return lambda q: q.rank not in ranks


LIMITS = (
    boundary("numbers are float32 or int32", lambda q: q.dtype not in ("float32", "int32")),
    ZEROS_AROUND,
    NEGATIVE_PADDING,
    Limitation("there are no groups", lambda q: q.groups > 1),
    Limitation(
        "padding takes numbers for two spatial axes only",
        lambda q: _has_numbers(q) and q.rank != 2,
    ),
)
NO_DILATION = Limitation("there is no dilation", lambda q: set(q.dilation) != {1})
ONE_OF_STRIDE_AND_DILATION = Limitation(
    "stride and dilation are refused together",
    lambda q: set(q.stride) != {1} and set(q.dilation) != {1},
)


def _api(name: str, build: CallBuilder, *limits: Limitation, is_layer: bool = False) -> Api:
    transposes = name.endswith("Transpose")
    return Api(
        id=f"tfjs.{name}",
        exists="program.running()",
        operator="conv_transpose" if transposes else "conv",
        layout="N *s C",
        kernel_axes="*k out in" if transposes else "*k in out",
        native=build,
        recipe=build,
        limits=(*limits, *LIMITS),
        takes_bias=is_layer,
        takes_unbatched=not is_layer,
        forward=f"tfjs.{name.removesuffix('Transpose')}" if transposes else None,
        parameters={"strides": "stride", "pad": "padding"},
    )


FRAMEWORK = Framework(
    name="tfjs",
    title="TensorFlow.js",
    prelude="\n".join(("import os", *javascript.IMPORTS)),
    version="program.running().version",
    backend="os.environ.get('TFJS_BACKEND', 'cpu')",
    backend_variable="TFJS_BACKEND",
    variables=javascript.command("tfjs.js"),
    interops={
        backend: TensorInterop(
            imports=("import os", *javascript.IMPORTS),
            tensor="{v}",
            array="{v}",
            gradient=_gradient,
            classes=(RuntimeClass(name=backend),),
        )
        for backend in ("cpu", "wasm")
    },
    apis=(
        _api("convTranspose", _transpose, NO_DILATION, _needs_rank(2, 3)),
        _api(
            "layers.convTranspose",
            _layer("conv{rank}dTranspose"),
            NO_GRADIENTS,
            NO_DILATION,
            _needs_rank(2, 3),
            is_layer=True,
        ),
        _api("conv", _convolution, ONE_OF_STRIDE_AND_DILATION),
        _api(
            "layers.conv",
            _layer("conv{rank}d"),
            NO_GRADIENTS,
            ONE_OF_STRIDE_AND_DILATION,
            is_layer=True,
        ),
    ),
)
