"""Describe Equinox: layers of one image, in the words of PyTorch, that reverse the kernel."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import jax, xla
from conformance.adapters.call_source import (
    CallSource,
    arguments,
    by_operator,
    layer_sizes,
    with_input_padding,
    words,
)
from conformance.adapters.framework import Api, convolution_beside
from conformance.adapters.limitation import OUTPUT_PADDING_BELOW_STRIDE, Limitation
from conformance.oracle.geometry import effective_kernel_size
from conformance.question import Question, stand_in

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


def _ends_the_process(q: Question) -> bool:
    """Return whether XLA aborts on the call that Equinox makes.

    For circular padding Equinox repeats the input around, as far as the stride divides what
    surrounds it.
    """
    if q.padding != "circular" or q.operator != "conv_transpose":
        return xla.ends_the_process(q)
    extents = effective_kernel_size(q.window, q.dilation)
    pairs = with_input_padding(q).pairs
    repeated = (begin // s + end // s for (begin, end), s in zip(pairs, q.stride, strict=True))
    space = (n + more for n, more in zip(q.space, repeated, strict=True))
    return xla.ends_the_process(
        q.but(
            x=stand_in((*q.x.shape[:2], *space), q.x.dtype),
            padding=tuple(
                (r - 1 - begin % s, r - 1 - end % s)
                for r, (begin, end), s in zip(extents, pairs, q.stride, strict=True)
            ),
        )
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
        *(limit for limit in xla.LIMITS if limit is not xla.ENDS_PROCESS),
        replace(xla.ENDS_PROCESS, concerns=_ends_the_process),
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
