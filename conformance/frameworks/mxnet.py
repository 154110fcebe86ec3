"""MXNet: the NumPy-style function, the Gluon layers and the legacy operator, all of one meaning."""

from __future__ import annotations

from collections.abc import Callable

from conformance.api import (
    NEGATIVE_PADDING,
    OUTPUT_PADDING_BELOW_STRIDE,
    Api,
    Dialect,
    Framework,
    Inexpressible,
    Limit,
    Spelling,
    keywords,
    numbers,
    symmetric,
)
from conformance.question import Question


def _gradient(spelling: Spelling, by: str) -> tuple[str, ...]:
    source = "x" if by == "x" else spelling.kernel
    taken = f"{source}.grad" if by == "x" or spelling.kernel == "w" else f"{source}.grad()"
    return (
        *((f"{source}.attach_grad()",) if by == "x" or spelling.kernel == "w" else ()),
        "with mx.autograd.record():",
        f"    y = {spelling.expression}",
        "y.backward(g)",
        f"y = {taken}",
    )


NUMPY = Dialect(
    imports=("import mxnet as mx", "mx.npx.set_np()"),
    tensor="mx.np.array({v}, dtype={v}.dtype)",
    array="{v}.asnumpy()",
    gradient=_gradient,
)
LEGACY = Dialect(
    imports=("import mxnet as mx",),
    tensor="mx.nd.array({v}, dtype={v}.dtype)",
    array="{v}.asnumpy()",
    gradient=_gradient,
)


def _operator(transposed: str, forward: str) -> Callable[[Question], Spelling | Inexpressible]:
    def spell(q: Question) -> Spelling | Inexpressible:
        padding = symmetric(q)
        if isinstance(padding, Inexpressible):
            return padding
        # These operators take no single number for all axes, only one for each.
        arguments = keywords(
            kernel=q.window,
            stride=_unless(q.stride, 1),
            pad=_unless(padding, 0),
            adj=_unless(q.output_padding, 0),
            dilate=_unless(q.dilation, 1),
            num_filter=q.output_channels,
            num_group=numbers((q.groups,), 1),
            no_bias=q.bias is None,
        )
        name = transposed if q.operator == "conv_transpose" else forward
        return Spelling(f"{name}({'x, w' if q.bias is None else 'x, w, b'}{arguments})")

    return spell


def _unless(values: tuple[int, ...], default: int) -> tuple[int, ...] | None:
    return None if set(values) == {default} else values


def _layer(q: Question) -> Spelling | Inexpressible:
    padding = symmetric(q)
    if isinstance(padding, Inexpressible):
        return padding
    name = f"Conv{q.rank}DTranspose" if q.operator == "conv_transpose" else f"Conv{q.rank}D"
    arguments = keywords(
        strides=numbers(q.stride, 1),
        padding=numbers(padding, 0),
        output_padding=numbers(q.output_padding, 0),
        dilation=numbers(q.dilation, 1),
        groups=numbers((q.groups,), 1),
        use_bias=False if q.bias is None else None,
        in_channels=q.x.shape[1],
    )
    return Spelling(
        setup=(
            f"layer = mx.gluon.nn.{name}({q.output_channels}, {q.window}{arguments})",
            "layer.initialize()",
            "layer.cast(x.dtype)",
            "layer.weight.set_data(w)",
            *(() if q.bias is None else ("layer.bias.set_data(b)",)),
        ),
        expression="layer(x)",
        kernel="layer.weight",
        parameters="sum(p.data().size for p in layer.collect_params().values())",
    )


def _resize(q: Question) -> Spelling | Inexpressible:
    if q.rank != 2:
        return Inexpressible("only images of two axes can be resized")
    height, width = q.output_space
    return Spelling(
        f"mx.contrib.nd.BilinearResize2D(x, height={height}, width={width}, align_corners=False)"
    )


LIMITS = (NEGATIVE_PADDING,)
TRANSPOSE_LIMITS = (
    *LIMITS,
    OUTPUT_PADDING_BELOW_STRIDE,
    Limit(
        "three spatial axes take no dilation",
        lambda q: q.rank == 3 and set(q.dilation) != {1},
    ),
)

_npx = _operator("mx.npx.deconvolution", "mx.npx.convolution")
_nd = _operator("mx.nd.Deconvolution", "mx.nd.Convolution")

FRAMEWORK = Framework(
    name="mxnet",
    title="MXNet",
    prelude="import mxnet as mx\nmx.npx.set_np()",
    version="mx.__version__",
    dialects={None: NUMPY},
    variables={"CUDA_VISIBLE_DEVICES": ""},
    # MXNet computes in threads of its own, and may raise one call's error at another.
    settle="mx.nd.waitall()",
    apis=(
        Api(
            id="mxnet.npx.deconvolution",
            operator="conv_transpose",
            exists="mx.npx.deconvolution",
            layout="N C *s",
            kernel_axes="in out *k",
            native=_npx,
            recipe=_npx,
            limits=TRANSPOSE_LIMITS,
            forward="mxnet.npx.convolution",
        ),
        Api(
            id="mxnet.gluon.nn.ConvTranspose",
            operator="conv_transpose",
            exists="mx.gluon.nn.Conv1DTranspose",
            layout="N C *s",
            kernel_axes="in out *k",
            native=_layer,
            recipe=_layer,
            has_parameters=True,
            limits=TRANSPOSE_LIMITS,
            forward="mxnet.gluon.nn.Conv",
        ),
        Api(
            id="mxnet.nd.Deconvolution",
            operator="conv_transpose",
            exists="mx.nd.Deconvolution",
            layout="N C *s",
            kernel_axes="in out *k",
            native=_nd,
            recipe=_nd,
            limits=TRANSPOSE_LIMITS,
            forward="mxnet.nd.Convolution",
            dialect=LEGACY,
        ),
        Api(
            id="mxnet.npx.convolution",
            operator="conv",
            exists="mx.npx.convolution",
            layout="N C *s",
            kernel_axes="out in *k",
            native=_npx,
            recipe=_npx,
            limits=LIMITS,
        ),
        Api(
            id="mxnet.gluon.nn.Conv",
            operator="conv",
            exists="mx.gluon.nn.Conv1D",
            layout="N C *s",
            kernel_axes="out in *k",
            native=_layer,
            recipe=_layer,
            has_parameters=True,
            limits=LIMITS,
        ),
        Api(
            id="mxnet.nd.Convolution",
            operator="conv",
            exists="mx.nd.Convolution",
            layout="N C *s",
            kernel_axes="out in *k",
            native=_nd,
            recipe=_nd,
            limits=LIMITS,
            dialect=LEGACY,
        ),
        Api(
            id="mxnet.contrib.nd.BilinearResize2D",
            operator="interpolate",
            exists="mx.contrib.nd.BilinearResize2D",
            layout="N C *s",
            kernel_axes="out in *k",
            native=_resize,
            recipe=_resize,
            dialect=LEGACY,
        ),
    ),
)
