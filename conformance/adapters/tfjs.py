"""Describe TensorFlow.js, whose functions have channels last and one name for each rank."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance.adapters import javascript
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    operands,
    output_space,
    unless,
)
from conformance.adapters.framework import Api, Framework
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import (
    NEGATIVE_PADDING,
    NO_GRADIENTS,
    OUTPUT_PADDING_BELOW_STRIDE,
    ZEROS_AROUND,
    Limitation,
    boundary,
)
from conformance.adapters.modes import only
from conformance.adapters.runtime import RuntimeClass
from conformance.oracle.geometry import effective_kernel_size
from conformance.question import Question

NO_GROUPS = Inexpressible("there are no groups")


def _pairs(q: Question) -> object:
    """Return a word, or pairs for all axes of x."""
    if isinstance(q.padding, str) or not any(map(any, q.padding)):
        return "same" if q.padding == "same" else "valid"
    return [[0, 0], *map(list, q.padding), [0, 0]]


def _number(q: Question) -> object:
    """Return one number where all ends have it, and else what `_pairs` returns."""
    ends = set() if isinstance(q.padding, str) else {end for pair in q.padding for end in pair}
    return ends.pop() if len(ends) == 1 and any(ends) else _pairs(q)


def _arguments(*values: object) -> str:
    """Return arguments as JavaScript, without those at the end that are None."""
    kept = [*values]
    while kept and kept[-1] is None:
        kept.pop()
    return "".join(f", {'undefined' if v is None else json.dumps(v)}" for v in kept)


def _transpose(q: Question, padding: object) -> CallSource | Inexpressible:
    if set(q.dilation) != {1}:
        return Inexpressible("there is no dilation")
    if q.groups > 1:
        return NO_GROUPS
    space = output_space(q)
    if isinstance(space, Inexpressible):
        return space
    if q.length is not None and q.has_output_padding:
        return Inexpressible("output padding is part of the output's shape")
    batch = () if q.unbatched else (len(q.x),)
    arguments = _arguments((*batch, *space, q.output_channels), q.stride, padding)
    return javascript.call(f"tf.conv{q.rank}dTranspose(x, w{arguments})", "x, w")


def _convolution(q: Question, padding: object) -> CallSource | Inexpressible:
    if q.groups > 1:
        return NO_GROUPS
    layout = None if set(q.dilation) == {1} else ("NWC", "NHWC", "NDHWC")[q.rank - 1]
    stride, dilation = q.stride, unless(q.dilation, 1)
    numbers = [n if n is None or q.rank > 1 else n[0] for n in (stride, dilation)]
    arguments = _arguments(numbers[0], padding, layout, numbers[1])
    return javascript.call(f"tf.conv{q.rank}d(x, w{arguments})", "x, w")


def _layer(name: str) -> CallBuilder:
    """Return the builder of a layer of this name that is made, given its weights and called."""

    def build(q: Question) -> CallSource | Inexpressible:
        padding = _pairs(q)
        if q.groups > 1:
            return NO_GROUPS
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
        layer = f"tf.layers.{name.format(rank=q.rank)}({{{words}, weights: [{weights}]}})"
        return javascript.call(f"{layer}.apply(x)", operands(q))

    return build


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    source = f"tf.grad(({by}) => {call_source.as_function})({by}, g)"
    return (f"y = {javascript.ask(source, 'x, w, g')}",)


def _has_numbers(q: Question) -> bool:
    return not isinstance(_pairs(q), str)


def _is_strided_beyond_kernel(q: Question) -> bool:
    sizes = effective_kernel_size(q.window, q.dilation)
    return any(s > size for s, size in zip(q.stride, sizes, strict=True))


def _convolves_same_beyond_kernel(q: Question) -> bool:
    """Return whether a convolution leaves places over for SAME: it, or a gradient by it."""
    convolves = (q.operator == "conv") != (q.wanted == "input_gradient")
    return convolves and q.padding == "same" and _is_strided_beyond_kernel(q)


LIMITS = (
    only("float32"),
    replace(
        boundary(
            "there is no gradient by the kernel on WebAssembly",
            lambda q: q.wanted == "kernel_gradient",
        ),
        backend="wasm",
    ),
    ZEROS_AROUND,
    NEGATIVE_PADDING,
    Limitation(
        "padding takes numbers for two spatial axes only",
        lambda q: _has_numbers(q) and q.rank != 2,
    ),
    Limitation(
        "SAME over three axes begins late at strides beyond the kernel: docs/findings.md",
        lambda q: q.rank == 3 and q.padding == "same" and _is_strided_beyond_kernel(q),
        is_refusal=False,
    ),
    Limitation(
        "SAME over two axes gives zeros at strides beyond the kernel: docs/findings.md",
        lambda q: q.rank < 3 and _convolves_same_beyond_kernel(q),
        backend="wasm",
        is_refusal=False,
    ),
)
WRONG_ON_WEBASSEMBLY = Limitation(
    "three axes are wrong on WebAssembly: docs/findings.md",
    lambda q: q.rank == 3 and (q.operator == "conv_transpose" or q.wanted == "input_gradient"),
    backend="wasm",
    is_refusal=False,
    corrupts_process=True,
)
TRANSPOSE_LIMITS = (
    *LIMITS,
    boundary("there is no such function for one spatial axis", lambda q: q.rank == 1),
    boundary("over three axes there is no gradient", lambda q: q.rank == 3 and q.is_derivative),
    Limitation(
        "dilation is ignored: docs/findings.md",
        lambda q: set(q.dilation) != {1},
        is_refusal=False,
    ),
    Limitation(
        "an output that the strides do not reach is left unwritten: docs/findings.md",
        lambda q: (
            OUTPUT_PADDING_BELOW_STRIDE.concerns(q)
            or (q.padding == "same" and max(q.output_padding) > 0)
        ),
        is_refusal=False,
    ),
    Limitation(
        "a shape of the output that is not that of the padding is taken: docs/findings.md",
        lambda q: q.padding != "same" and output_space(q) != output_space(q.but(length=None)),
        is_refusal=False,
        corrupts_process=True,
    ),
    WRONG_ON_WEBASSEMBLY,
)
CONV_LIMITS = (
    *LIMITS,
    WRONG_ON_WEBASSEMBLY,
    Limitation(
        "stride and dilation are refused together",
        lambda q: set(q.stride) != {1} and set(q.dilation) != {1},
    ),
    Limitation(
        "a dilated convolution has no gradient",
        lambda q: q.is_derivative and set(q.dilation) != {1},
    ),
)
VALID_OF_LAYER = Limitation(
    "'valid' gives at least the length of the input times the stride",
    lambda q: q.padding != "same" and _is_strided_beyond_kernel(q),
    another_meaning=True,
)
CONV = Api(
    id="tfjs.conv",
    exists="program.running()",
    operator="conv",
    layout="N *s C",
    kernel_axes="*k in out",
    native=lambda q: _convolution(q, _number(q)),
    recipe=lambda q: _convolution(q, _pairs(q)),
    limits=CONV_LIMITS,
    takes_bias=False,
    takes_unbatched=True,
    parameters={
        "x": "x", "filter": "kernel", "strides": "stride", "pad": "padding",
        "dilations": "dilation",
    },
)  # fmt: skip
CONV_TRANSPOSE = replace(
    CONV,
    id="tfjs.convTranspose",
    operator="conv_transpose",
    kernel_axes="*k out in",
    native=lambda q: _transpose(q, _number(q)),
    recipe=lambda q: _transpose(q, _pairs(q)),
    limits=TRANSPOSE_LIMITS,
    forward=CONV.id,
    parameters={
        "x": "x", "filter": "kernel", "outputShape": "output_size", "strides": "stride",
        "pad": "padding",
    },
)  # fmt: skip


def _layers(api: Api, name: str) -> Api:
    """Return the API of the layers that compute the same as functions do."""
    build = _layer(name)
    return replace(
        api,
        id=f"tfjs.layers.{api.id.removeprefix('tfjs.')}",
        native=build,
        recipe=build,
        limits=(NO_GRADIENTS, *api.limits),
        forward=api.forward and "tfjs.layers.conv",
        takes_bias=True,
        takes_unbatched=False,
        parameters={"strides": "stride", "padding": "padding", "dilationRate": "dilation"},
    )


LAYER = _layers(CONV_TRANSPOSE, "conv{rank}dTranspose")
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
        CONV_TRANSPOSE,
        replace(LAYER, limits=(VALID_OF_LAYER, *LAYER.limits)),
        CONV,
        _layers(CONV, "conv{rank}d"),
    ),
    modules=("@tensorflow/tfjs-core",),
)
