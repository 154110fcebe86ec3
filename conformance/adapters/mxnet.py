"""Describe MXNet: the NumPy-style function, the Gluon layers and the legacy operator agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    keywords,
    layer,
    numbers,
    operands,
    output_space,
    symmetric,
    unless,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, Framework, convolution_beside
from conformance.adapters.interop import CPU, Device, TensorInterop
from conformance.adapters.mxnet_limitations import (
    CHANNELS_LAST,
    CONV_LIMITS,
    NATIVE,
    ONEDNN,
    SIZED_LIMITS,
    TRANSPOSE_LIMITS,
    total_crops,
)
from conformance.adapters.runtime import RuntimeClass
from conformance.oracle.geometry import Axes
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    source = call_source.source(by)
    of_layer = source.startswith("layer")
    gradient = f"{source}.grad()" if of_layer else f"{source}.grad"
    return (
        *(() if of_layer else (f"{source}.attach_grad()",)),
        "with mx.autograd.record():",
        f"    y = {call_source.expression}",
        "y.backward(g)",
        f"y = {gradient}",
    )


NUMPY = TensorInterop(
    imports=("import mxnet as mx", "mx.npx.set_np()"),
    tensor="mx.np.array({v}, dtype={v}.dtype)",
    array="{v}.asnumpy()",
    gradient=_gradient,
    switches=("MXNET_MKLDNN_ENABLED", "MXNET_ONEDNN_ENABLED"),
    device="mx.context.current_context().device_type",
    packages={"mxnet": "mx.__version__"},
    # MXNet's own routine adds these products at wrong places: docs/findings.md.
    probes={
        ONEDNN: (
            "mx.npx.deconvolution(mx.np.array([[[1, 2]]]), mx.np.array([[[1, 2]]]), kernel=(2,),"
            " stride=(2,), dilate=(2,), num_filter=1, no_bias=True).tolist() == [[[1, 0, 4, 0, 4]]]"
        )
    },
    classes=(
        RuntimeClass(name=ONEDNN, probes=(ONEDNN,)),
        RuntimeClass(name=NATIVE),
    ),
)
LEGACY = TensorInterop(
    imports=("import mxnet as mx",),
    tensor="mx.nd.array({v}, dtype={v}.dtype)",
    array="{v}.asnumpy()",
    gradient=_gradient,
)


def _operator(
    transposed: str, forward: str, layouts: Sequence[str | None] = (None,) * 3
) -> CallBuilder:
    """Return the builder of a call.

    ``layouts`` are the layouts for one, two and three spatial axes, if not the default ones.
    """

    @symmetric
    def build(q: Question, padding: Axes) -> CallSource:
        name = by_operator(q, transposed, forward)
        size = {
            "pad": unless(padding, 0),
            "adj": q.output_padding if q.has_output_padding else None,
            "target_shape": None if q.length is None else q.length.space,
        }
        return _operator_call(name, q, **size, layout=layouts[q.rank - 1])

    return build


def _operator_call(name: str, q: Question, **size: object) -> CallSource:
    # These operators take one number for each axis, and no single one for all.
    words = keywords(
        kernel=q.window,
        stride=unless(q.stride, 1),
        **size,
        dilate=unless(q.dilation, 1),
        num_filter=q.output_channels,
        num_group=numbers((q.groups,), 1),
        no_bias=q.bias is None,
    )
    return CallSource(f"{name}({operands(q)}{words})")


def _with_target_shape(q: Question) -> CallSource | Inexpressible:
    """Write a call with the size of the output, for which MXNet chooses the crop."""
    if q.length is not None:
        return _npx(q)
    if q.padding == "same" and q.has_output_padding:
        return Inexpressible("output padding is part of the size, and has no parameter of its own")
    if q.padding == "same":
        space = output_space(q)
        if isinstance(space, Inexpressible):
            return space
        return _operator_call(DECONVOLUTION, q, target_shape=space)
    if any(map(any, q.pairs)):
        return Inexpressible("padding takes no numbers, only the size of the output")
    return Inexpressible("nobody says the size of an output of which nothing is cropped")


def _with_target_shape_and_pad(q: Question) -> CallSource | Inexpressible:
    """Write the same call with the crop at the start; oneDNN ignores the size, MXNet the crop."""
    space = output_space(q)
    if isinstance(space, Inexpressible):
        return space
    begins = tuple(begin for begin, _ in q.pairs)
    if begins != tuple((total + 1) // 2 for total in total_crops(q)) or min(total_crops(q)) < 0:
        return Inexpressible("of what is cropped, half goes at the start, and the odd element too")
    return _operator_call(DECONVOLUTION, q, pad=unless(begins, 0), target_shape=space)


@symmetric
def _layer(q: Question, padding: Axes) -> CallSource:
    name = f"Conv{q.rank}D{by_operator(q, 'Transpose', '')}"
    names = "strides=stride padding output_padding dilation groups use_bias=bias in_channels"
    words = arguments(q, names, padding, in_channels=q.x.shape[1])
    return layer(
        q,
        f"mx.gluon.nn.{name}({q.output_channels}, {q.window}{words})",
        "{parameter}.set_data({v})",
        prepare=("layer.initialize()", "layer.cast(x.dtype)"),
        parameters="sum(p.data().size for p in layer.collect_params().values())",
    )


def _resize(q: Question) -> CallSource | Inexpressible:
    if q.rank != 2:
        return Inexpressible("only images of two axes can be resized")
    height, width = q.output_space
    return CallSource(
        f"mx.contrib.nd.BilinearResize2D(x, height={height}, width={width}, align_corners=False)"
    )


DECONVOLUTION = "mx.npx.deconvolution"
_npx = _operator(DECONVOLUTION, "mx.npx.convolution")
_npx_last = _operator(DECONVOLUTION, "mx.npx.convolution", ("NWC", "NHWC", "NDHWC"))
_nd = _operator("mx.nd.Deconvolution", "mx.nd.Convolution")

NPX = Api(
    id="mxnet.npx.deconvolution",
    exists="mx.npx.deconvolution",
    native=_npx,
    limits=TRANSPOSE_LIMITS,
    forward="mxnet.npx.convolution",
    parameters=words(
        "data=x weight=kernel bias stride pad=padding dilate=dilation num_group=groups"
        " adj=output_padding target_shape=output_size"
    ),
)
ND = replace(
    NPX,
    id="mxnet.nd.Deconvolution",
    exists="mx.nd.Deconvolution",
    native=_nd,
    forward="mxnet.nd.Convolution",
    interop=LEGACY,
)
LAYER = replace(
    NPX,
    id="mxnet.gluon.nn.ConvTranspose",
    exists="mx.gluon.nn.Conv1DTranspose",
    native=_layer,
    has_parameters=True,
    forward="mxnet.gluon.nn.Conv",
    parameters=words("x weight=kernel bias strides=stride padding dilation groups output_padding"),
)

FRAMEWORK = Framework(
    name="mxnet",
    title="MXNet",
    prelude="import mxnet as mx\nmx.npx.set_np()",
    version="mx.__version__",
    interops={None: NUMPY},
    devices={CPU: Device(variables={"CUDA_VISIBLE_DEVICES": ""})},
    # MXNet computes in threads, and may raise the error of one call in another.
    synchronize="mx.nd.waitall()",
    apis=(
        NPX,
        replace(
            NPX,
            id="mxnet.npx.deconvolution(target_shape)",
            native=_with_target_shape,
            recipe=_with_target_shape_and_pad,
            limits=SIZED_LIMITS,
        ),
        replace(
            NPX,
            id="mxnet.npx.deconvolution(channels_last)",
            layout="N *s C",
            kernel_axes="in *k out",
            native=_npx_last,
            limits=(CHANNELS_LAST,),
            base=NPX,
            topics=LAYOUT,
        ),
        LAYER,
        ND,
        convolution_beside(NPX, CONV_LIMITS, exists="mx.npx.convolution"),
        convolution_beside(LAYER, CONV_LIMITS, exists="mx.gluon.nn.Conv1D"),
        convolution_beside(ND, CONV_LIMITS, exists="mx.nd.Convolution"),
        Api(
            id="mxnet.contrib.nd.BilinearResize2D",
            operator="interpolate",
            exists="mx.contrib.nd.BilinearResize2D",
            kernel_axes="out in *k",
            native=_resize,
            interop=LEGACY,
        ),
    ),
)
