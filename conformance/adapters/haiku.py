"""Describe Haiku: layers around JAX with the kernel of TensorFlow, read in reverse."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from conformance.adapters import jax, xla
from conformance.adapters.call_source import (
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    with_input_padding,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, convolution_beside
from conformance.question import Question

INTEROP = replace(jax.INTEROP, imports=(*jax.INTEROP.imports, "import haiku"))


def _layer(q: Question, *, channels_first: bool = False) -> CallSource | Inexpressible:
    if q.operator == "conv_transpose" and set(q.dilation) != {1}:
        return Inexpressible("there is no parameter for dilation")
    words = arguments(
        q,
        "stride output_shape rate=dilation padding with_bias=bias data_format"
        " feature_group_count=groups name",
        output_shape=q.length and q.length.space,
        padding=jax.padding(q),
        data_format="NC" + "DHW"[3 - q.rank :] if channels_first else None,
        name="layer",
    )
    name = f"Conv{q.rank}D{by_operator(q, 'Transpose', '')}"
    bias = "b" + f".reshape(-1{', 1' * q.rank})" * channels_first
    parameters = "{'w': w}" if q.bias is None else f"{{'w': w, 'b': {bias}}}"
    return CallSource(
        setup=(
            "layer = haiku.without_apply_rng(haiku.transform("
            f"lambda x: haiku.{name}({q.output_channels}, {q.window}{words})(x)))",
        ),
        expression=f"layer.apply({{'layer': {parameters}}}, x)",
        parameters="haiku.data_structures.tree_size(layer.init(jax.random.PRNGKey(0), x))",
    )


LAYER = Api(
    id="haiku.ConvTranspose",
    exists="haiku.Conv1DTranspose",
    layout="N *s C",
    kernel_axes="*k out in",
    native=jax.builder(_layer),
    recipe=jax.builder(_layer, with_input_padding),
    limits=xla.LIMITS,
    reads_kernel_reversed=True,
    takes_unbatched=True,
    has_parameters=True,
    forward="haiku.Conv",
    defaults={"padding": "same"},
    parameters=words("inputs=x w=kernel b=bias stride padding output_shape=output_size"),
)
CHANNELS_FIRST = partial(_layer, channels_first=True)
CONV = convolution_beside(LAYER, xla.LIMITS, exists="haiku.Conv1D")

FRAMEWORK = replace(
    jax.FRAMEWORK,
    name="haiku",
    title="Haiku",
    prelude=f"{jax.FRAMEWORK.prelude}\nimport haiku",
    version="haiku.__version__",
    interops={None: INTEROP},
    apis=(
        LAYER,
        replace(
            LAYER,
            id="haiku.ConvTranspose(channels_first)",
            layout="N C *s",
            native=jax.builder(CHANNELS_FIRST),
            recipe=jax.builder(CHANNELS_FIRST, with_input_padding),
            topics=LAYOUT,
        ),
        replace(
            CONV,
            kernel_axes="*k in out",
            recipe=jax.builder(_layer),
            reads_kernel_reversed=False,
            parameters={**CONV.parameters, "rate": "dilation", "feature_group_count": "groups"},
        ),
    ),
)
