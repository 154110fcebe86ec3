"""Describe Flax: the layers of linen and nnx, which compute floats and pad as JAX does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from conformance.adapters import jax, xla
from conformance.adapters.call_source import (
    CallSource,
    arguments,
    by_operator,
    keywords,
    layer_sizes,
    with_input_padding,
    words,
)
from conformance.adapters.framework import Api, convolution_beside
from conformance.adapters.limitation import Limitation
from conformance.oracle import geometry
from conformance.question import Question

Write = Callable[..., CallSource]


LINEN = replace(jax.INTEROP, imports=(*jax.INTEROP.imports, "import flax.linen"))
NNX = replace(jax.INTEROP, imports=(*jax.INTEROP.imports, "import flax.nnx"))


def _name(q: Question) -> str:
    return by_operator(q, "ConvTranspose", "Conv")


def _arguments(q: Question, **others: object) -> str:
    names = (
        "strides=stride padding kernel_dilation=dilation feature_group_count=groups use_bias=bias"
    )
    return arguments(q, names, padding=jax.padding(q)) + keywords(**others)


def _linen(q: Question, **options: bool) -> CallSource:
    words = _arguments(q, **options)
    parameters = "{'kernel': w}" if q.bias is None else "{'kernel': w, 'bias': b}"
    return CallSource(
        setup=(f"layer = flax.linen.{_name(q)}({q.output_channels}, {q.window}{words})",),
        expression=f"layer.apply({{'params': {parameters}}}, x)",
        parameters="sum(array.size for array in jax.tree.leaves(layer.init(jax.random.key(0), x)))",
    )


def _nnx(q: Question, **options: bool) -> CallSource:
    words = _arguments(q, **options) + ", kernel_init=lambda *_: w"
    if q.bias is not None:
        words += ", bias_init=lambda *_: b"
    layer = f"flax.nnx.{_name(q)}({layer_sizes(q)}{words}, rngs=flax.nnx.Rngs(0))"
    return CallSource(
        setup=(f"layer = {layer}",),
        expression="layer(x)",
        function=f"{layer}(x)",
        parameters="sum(array.size for array in jax.tree.leaves(flax.nnx.state(layer)))",
    )


WHOLE_NUMBERS = Limitation(
    "whole numbers become floats",
    lambda q: q.dtype.startswith("int") and q.wanted != "parameters",
    is_refusal=False,
)
LIMITS = (*xla.LIMITS, WHOLE_NUMBERS)
ODD_AT_THE_START = Limitation(
    "CIRCULAR pads an odd element at the start",
    lambda q: (
        q.padding == "circular" and any((end - begin) % 2 for begin, end in q.pairs if end > 0)
    ),
    another_meaning=True,
)
EMPTY_CIRCULAR = Limitation(
    "CIRCULAR refuses an empty batch", lambda q: q.padding == "circular" and not len(q.x)
)
HALF_A_KERNEL = Limitation(
    "CIRCULAR pads half of a kernel at the start, whatever the stride",
    lambda q: (
        q.padding == "circular"
        and any(
            (r - 1) // 2 != begin
            for r, (begin, _) in zip(
                geometry.effective_kernel_size(q.window, q.dilation), q.pairs, strict=True
            )
        )
    ),
    another_meaning=True,
)


def _apis(module: str, write: Write) -> tuple[Api, ...]:
    """Return the layers of ``flax.linen`` or of ``flax.nnx``."""
    transpose_kernel = partial(write, transpose_kernel=True)
    layer = Api(
        id=f"{module}.ConvTranspose",
        exists=f"{module}.ConvTranspose",
        layout="N *s C",
        kernel_axes="*k in out",
        native=jax.builder(write),
        recipe=jax.builder(write, with_input_padding),
        limits=(*LIMITS, EMPTY_CIRCULAR),
        reads_kernel_reversed=True,
        takes_circular=True,
        takes_unbatched=True,
        has_parameters=True,
        forward=f"{module}.Conv",
        defaults={"padding": "same"},
        parameters=words("inputs=x kernel bias strides=stride padding kernel_dilation=dilation"),
    )
    conv = convolution_beside(layer, (*LIMITS, HALF_A_KERNEL))
    return (
        layer,
        replace(
            layer,
            id=f"{module}.ConvTranspose(transpose_kernel=True)",
            native=jax.builder(transpose_kernel),
            recipe=jax.builder(transpose_kernel, with_input_padding),
            kernel_axes="*k out in",
            reads_kernel_reversed=False,
            limits=(*layer.limits, ODD_AT_THE_START),
        ),
        replace(
            conv,
            kernel_axes="*k in out",
            recipe=jax.builder(write),
            reads_kernel_reversed=False,
            parameters={**conv.parameters, "feature_group_count": "groups"},
        ),
    )


FRAMEWORK = replace(
    jax.FRAMEWORK,
    name="flax",
    title="Flax",
    prelude=f"{jax.FRAMEWORK.prelude}\nimport flax.linen\nimport flax.nnx",
    version="flax.__version__",
    interops={None: LINEN},
    apis=(
        *_apis("flax.linen", _linen),
        *(replace(api, interop=NNX) for api in _apis("flax.nnx", _nnx)),
    ),
)
