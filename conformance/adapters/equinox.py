"""Describe Equinox: layers of one image, in the words of PyTorch, that reverse the kernel."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import jax, xla
from conformance.adapters.call_source import (
    CallSource,
    arguments,
    by_operator,
    layer_sizes,
    words,
)
from conformance.adapters.framework import Api, convolution_beside
from conformance.adapters.limitation import OUTPUT_PADDING_BELOW_STRIDE, Limitation
from conformance.question import Question

INTEROP = replace(jax.INTEROP, imports=(*jax.INTEROP.imports, "import equinox"))


def _layer(q: Question) -> CallSource:
    """Write a layer, and its map over the batch if there is one."""
    is_circular = q.padding == "circular"
    words = arguments(
        q,
        "stride padding padding_mode output_padding dilation groups use_bias=bias",
        padding="SAME" if is_circular else jax.padding(q),
        padding_mode="CIRCULAR" if is_circular else None,
    )
    name = f"{by_operator(q, 'ConvTranspose', 'Conv')}{q.rank}d"
    leaves, arrays = ("layer.weight", "w")
    if q.bias is not None:
        leaves, arrays = ("(layer.weight, layer.bias)", f"(w, b.reshape(-1{', 1' * q.rank}))")
    weighted = f"equinox.tree_at(lambda layer: {leaves}, layer, {arrays})"
    return CallSource(
        # Random weights would take longer to compile than the call.
        setup=(
            f"layer = equinox.filter_eval_shape(equinox.nn.{name}, {layer_sizes(q)}{words},"
            " key=jax.random.key(0))",
        ),
        expression=f"{weighted}(x)" if q.unbatched else f"jax.vmap({weighted})(x)",
        parameters="sum(array.size for array in jax.tree.leaves(layer))",
    )


SAME_WITH_OUTPUT_PADDING = Limitation(
    "padding='SAME' takes output padding from the length",
    lambda q: q.padding == "same" and any(q.output_padding),
    another_meaning=True,
)
CIRCULAR_WITH_OUTPUT_PADDING = Limitation(
    "padding_mode='CIRCULAR' has no output padding",
    lambda q: q.padding == "circular" and any(q.output_padding),
)
LAYER = Api(
    id="equinox.nn.ConvTranspose",
    exists="equinox.nn.ConvTranspose1d",
    kernel_axes="out in *k",
    divides_inputs=True,
    native=_layer,
    limits=(
        *xla.LIMITS,
        OUTPUT_PADDING_BELOW_STRIDE,
        SAME_WITH_OUTPUT_PADDING,
        CIRCULAR_WITH_OUTPUT_PADDING,
    ),
    reads_kernel_reversed=True,
    takes_circular=True,
    takes_unbatched=True,
    has_parameters=True,
    forward="equinox.nn.Conv",
    parameters=words("x weight=kernel bias stride padding output_padding dilation groups"),
)
CONV = convolution_beside(LAYER, xla.LIMITS, exists="equinox.nn.Conv1d")

FRAMEWORK = replace(
    jax.FRAMEWORK,
    name="equinox",
    title="Equinox",
    prelude=f"{jax.FRAMEWORK.prelude}\nimport equinox",
    version="equinox.__version__",
    interops={None: INTEROP},
    apis=(LAYER, replace(CONV, reads_kernel_reversed=False)),
)
