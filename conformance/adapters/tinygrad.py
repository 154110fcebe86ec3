"""Describe tinygrad: torch's words, with one padding for each side, the last axis first."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    layer,
    layer_sizes,
    numbers,
    operands,
    with_input_padding,
    words,
)
from conformance.adapters.framework import Api, convolution_beside, library
from conformance.adapters.interop import TensorInterop, gradient_lines
from conformance.adapters.limitation import (
    REAL_NUMBERS,
    ZEROS_AROUND,
    ZEROS_BETWEEN,
    Limitation,
    differentiates_infinite_input,
    is_transposed,
    meets_no_input,
)
from conformance.cases.exactness import rounds
from conformance.comparison import HALVES
from conformance.question import Question

INTEROP = TensorInterop(
    imports=("import importlib.metadata", "import tinygrad", "import tinygrad.nn.state"),
    tensor="tinygrad.Tensor({v})",
    array="{v}.numpy()",
    gradient=gradient_lines("y = {y}", "y, = y.gradient({by}, gradient=g)"),
    dtype_conversions={
        "bfloat16": ("tinygrad.Tensor({v}).cast('bfloat16')", "{v}.cast('float32').numpy()")
    },
    switches=("DEV", "IMAGE", "WINO"),
    device="tinygrad.Device.DEFAULT",
    packages={"tinygrad": "importlib.metadata.version('tinygrad')"},
    probes={runtime.PYTHON: "tinygrad.Device.DEFAULT == 'PYTHON'"},
    classes=runtime.CPU_OR_PYTHON,
)


def _crops_beyond_input(q: Question) -> bool:
    """Return whether both crops together exceed an axis of the convolution's input.

    That of a transposed one has the inserted zeros.
    """
    lengths, pairs = q.space, q.pairs
    if is_transposed(q):
        lengths = tuple((n - 1) * s + 1 for n, s in zip(q.space, q.stride, strict=True))
        pairs = with_input_padding(q).pairs
    return any(-min(b, 0) - min(e, 0) > n for n, (b, e) in zip(lengths, pairs, strict=True))


LIMITS = (
    replace(REAL_NUMBERS, is_boundary=True),
    ZEROS_AROUND,
    ZEROS_BETWEEN,
    Limitation(
        "a gradient by the kernel multiplies an infinite number with zeros, which gives NaN",
        differentiates_infinite_input,
        is_refusal=False,
    ),
    Limitation(
        "sums in half precision are rounded to it",
        lambda q: q.dtype in HALVES and rounds(q, q.dtype),
        is_refusal=False,
    ),
    Limitation("a crop of more than the input is refused", _crops_beyond_input),
    Limitation(
        "a gradient by a kernel that meets no input is refused",
        lambda q: q.wanted == "kernel_gradient" and any(meets_no_input(q)),
    ),
    Limitation(
        "a kernel that meets no input leaves sums uninitialised: docs/findings.md",
        lambda q: any(meets_no_input(q)),
        classes=frozenset({"cpu"}),
        is_refusal=False,
    ),
)


def _arguments(q: Question) -> str | Inexpressible:
    if isinstance(q.padding, str) and q.padding != "valid":
        return Inexpressible(f"padding takes numbers, not {q.padding!r}")
    equal = all(begin == end for begin, end in q.pairs)
    ends = tuple(end for pair in reversed(q.pairs) for end in pair)
    padding = numbers(tuple(begin for begin, _ in q.pairs), 0) if equal else ends
    return arguments(q, "groups stride dilation padding output_padding", padding=padding)


def _function(q: Question) -> CallSource | Inexpressible:
    words = _arguments(q)
    if isinstance(words, Inexpressible):
        return words
    name = by_operator(q, "conv_transpose2d", "conv2d")
    return CallSource(f"x.{name}({operands(q).removeprefix('x, ')}{words})")


def _layer(q: Question) -> CallSource | Inexpressible:
    words = _arguments(q)
    if isinstance(words, Inexpressible):
        return words
    name = by_operator(q, "ConvTranspose2d", "Conv2d")
    return layer(
        q,
        f"tinygrad.nn.{name}({layer_sizes(q)}{words}{arguments(q, 'bias')})",
        "{parameter} = {v}",
        parameters="sum(p.numel() for p in tinygrad.nn.state.get_parameters(layer))",
    )


CONV_TRANSPOSE = Api(
    id="tinygrad.Tensor.conv_transpose2d",
    native=_function,
    limits=LIMITS,
    forward="tinygrad.Tensor.conv2d",
    parameters=words("self=x weight=kernel bias groups stride dilation padding output_padding"),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="tinygrad.nn.ConvTranspose2d",
    native=_layer,
    has_parameters=True,
    forward="tinygrad.nn.Conv2d",
)

APIS = (CONV_TRANSPOSE, LAYER)
FRAMEWORK = library("tinygrad", "tinygrad", INTEROP, (*APIS, *map(convolution_beside, APIS)))
