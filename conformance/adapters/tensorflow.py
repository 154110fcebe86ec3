"""Describe TensorFlow's own functions: channels are last, and the output shape is an argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.adapters import onednn
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    crop_totals,
    keywords,
    listed,
    numbers,
    output_space,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, Framework
from conformance.adapters.interop import CPU, Device, TensorInterop
from conformance.adapters.limitation import (
    Limitation,
    boundary,
)
from conformance.adapters.tensorflow_limitations import (
    CHANNELS_FIRST_LIMITS,
    CONVOLUTION_LIMITS,
    EIGEN,
    SHARED_LIMITS,
    TRANSPOSE_LIMITS,
)
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    source = call_source.source(by)
    return (
        "with tf.GradientTape() as tape:",
        # A tape watches variables, such as those of a layer, automatically.
        *(() if source.startswith("layer") else (f"    tape.watch({source})",)),
        f"    y = {call_source.expression}",
        f"y = tape.gradient(y, {source}, g)",
    )


def _jvp(call_source: CallSource, names: tuple[str, ...]) -> tuple[str, ...]:
    primals, tangents = listed(names), listed(names, "t")
    return (
        f"with tf.autodiff.ForwardAccumulator([{primals}], [{tangents}]) as accumulator:",
        f"    y = {call_source.as_function}",
        "y = accumulator.jvp(y)",
    )


def _double_backward(call_source: CallSource, by: str, names: tuple[str, ...]) -> tuple[str, ...]:
    sources = listed(names)
    return (
        "with tf.GradientTape() as outer:",
        f"    outer.watch({by})",
        "    with tf.GradientTape() as tape:",
        f"        tape.watch([{sources}])",
        f"        y = {call_source.as_function}",
        f"    gradients = tape.gradient(y, [{sources}], g)",
        f"y = outer.gradient(gradients, {by}, [{listed(names, 't')}])",
    )


INTEROP = TensorInterop(
    imports=("import tensorflow as tf",),
    tensor="tf.constant({v})",
    array="{v}.numpy()",
    gradient=_gradient,
    jvp=_jvp,
    double_backward=_double_backward,
    dtype_conversions={
        "bfloat16": ("tf.constant({v}, tf.bfloat16)", "tf.cast({v}, tf.float32).numpy()")
    },
    switches=("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS"),
    device="tf.constant(0).device.split(':')[-2].lower()",
    packages={"tensorflow": "tf.__version__"},
    # On a CPU only oneDNN supports dilation in a transposed convolution.
    probes={
        **{
            name: (
                f"tf.nn.conv2d_transpose(tf.ones((1, 2, 2, 1), {dtype}),"
                f" tf.ones((2, 2, 1, 1), {dtype}), (1, 4, 4, 1), 1, 'VALID', dilations=2).shape"
                " == (1, 4, 4, 1)"
            )
            for name, dtype in (
                (onednn.FLOAT32, "tf.float32"),
                (onednn.BFLOAT16, "tf.bfloat16"),
                (onednn.FLOAT16, "tf.float16"),
            )
        },
        **onednn.INSTRUCTIONS,
    },
    classes=onednn.classes(without=EIGEN),
)


def _padding(q: Question, *, channels_first: bool = False) -> str | list[list[int]]:
    if isinstance(q.padding, str):
        return q.padding.upper()
    # A person writes no padding as a word, not as zeros.
    if not any(map(any, q.padding)):
        return "VALID"
    pairs = list(map(list, q.padding))
    return [[0, 0], [0, 0], *pairs] if channels_first else [[0, 0], *pairs, [0, 0]]


def _same_with_output_shape(q: Question) -> Question | None:
    """Return SAME with the wanted output shape, or None; the start loses half of what it crops.

    It takes the lengths for which a SAME convolution gives the input's length.
    """
    if crop_totals(q) is None:
        return None
    lengths = zip(q.output_space, q.space, q.stride, strict=True)
    extra = tuple(length - n * s for length, n, s in lengths)
    if any(not -s < e <= 0 for e, s in zip(extra, q.stride, strict=True)):
        return None
    return q.but(padding="same", output_padding=extra)


def _transpose(name: str, *, channels_first: bool = False) -> CallBuilder:
    def build(q: Question) -> CallSource | Inexpressible:
        space = output_space(q)
        if isinstance(space, Inexpressible):
            return space
        if q.length is not None and q.has_output_padding:
            return Inexpressible("output padding is part of the output's shape")
        batch = () if q.unbatched else (len(q.x),)
        c = q.output_channels
        arguments = keywords(
            output_shape=(*batch, c, *space) if channels_first else (*batch, *space, c),
            strides=numbers(q.stride, None),
            padding=_padding(q, channels_first=channels_first),
            data_format=("NCW", "NCHW", "NCDHW")[q.rank - 1] if channels_first else None,
            dilations=numbers(q.dilation, 1),
        )
        return CallSource(f"{name.format(rank=q.rank)}(x, w{arguments})")

    return build


def _raw(q: Question) -> CallSource | Inexpressible:
    """Write the operator that the functions call, which has one number for each array axis."""
    space = output_space(q)
    if isinstance(space, Inexpressible):
        return space
    name = "Conv2DBackpropInput" if q.rank == 2 else "Conv3DBackpropInputV2"
    padding = _padding(q)
    is_word = isinstance(padding, str)
    arguments = keywords(
        input_sizes=(len(q.x), *space, q.output_channels),
        strides=(1, *q.stride, 1),
        padding=padding if is_word else "EXPLICIT",
        explicit_paddings=None if is_word else [end for pair in padding for end in pair],
        dilations=_per_array_axis(q.dilation),
    )
    return CallSource(f"tf.raw_ops.{name}(filter=w, out_backprop=x{arguments})")


def _conv(name: str, *, names_layout: bool = False) -> Callable[[Question], CallSource]:
    def build(q: Question) -> CallSource:
        stride: dict[str, object] = {"strides": numbers(q.stride, None)}
        dilations: object = numbers(q.dilation, 1)
        if name != "tf.nn.convolution" and q.rank == 1:
            stride = {"stride": q.stride[0]}
        if name != "tf.nn.convolution" and q.rank == 3:
            stride, dilations = {"strides": (1, *q.stride, 1)}, _per_array_axis(q.dilation)
        arguments = keywords(
            **stride,
            padding=_padding(q),
            data_format=_LAYOUTS[q.rank - 1] if names_layout and _needs_layout(q) else None,
            dilations=dilations,
        )
        return CallSource(f"{name.format(rank=q.rank)}(x, w{arguments})")

    return build


_LAYOUTS = ("NWC", "NHWC", "NDHWC")


def _needs_layout(q: Question) -> bool:
    """Return whether `tf.nn.convolution` needs the layout, its default, by name (2.21).

    Without it there is no kernel gradient over three axes and no derivative of one over two.
    """
    return q.rank == 3 or (q.rank == 2 and q.wanted.startswith("double_backward"))


def _per_array_axis(values: tuple[int, ...]) -> tuple[int, ...] | None:
    return None if set(values) == {1} else (1, *values, 1)


def _resize(q: Question) -> CallSource | Inexpressible:
    if q.rank != 2:
        return Inexpressible("only images of two axes can be resized")
    return CallSource(f"tf.image.resize(x, {q.output_space}, 'bilinear')")


PARAMETERS = words("input=x filters=kernel strides=stride padding dilations=dilation")


def _transpose_api(id: str, name: str, exists: str, forward: str) -> Api:  # noqa: A002  # as in Api
    return Api(
        id=id,
        exists=exists,
        layout="N *s C",
        kernel_axes="*k out in",
        native=_transpose(name),
        native_equivalent=_same_with_output_shape,
        limits=TRANSPOSE_LIMITS,
        takes_bias=False,
        forward=forward,
        defaults={"padding": "same"},
        parameters={**PARAMETERS, "output_shape": "output_size"},
    )


def _convolution_api(id: str, name: str, exists: str, limits: tuple[Limitation, ...]) -> Api:  # noqa: A002
    return Api(
        id=id,
        operator="conv",
        exists=exists,
        layout="N *s C",
        kernel_axes="*k in out",
        native=_conv(name),
        recipe=_conv(name, names_layout=name == "tf.nn.convolution"),
        limits=limits,
        takes_bias=False,
        parameters=PARAMETERS,
    )


CONV_TRANSPOSE = _transpose_api(
    "tf.nn.conv_transpose", "tf.nn.conv_transpose", "tf.nn.conv_transpose", "tf.nn.convolution"
)

FRAMEWORK = Framework(
    name="tensorflow",
    title="TensorFlow",
    prelude="import tensorflow as tf",
    version="tf.__version__",
    interops={None: INTEROP},
    variables={"TF_CPP_MIN_LOG_LEVEL": "3"},
    devices={CPU: Device(variables={"CUDA_VISIBLE_DEVICES": ""})},
    apis=(
        CONV_TRANSPOSE,
        _transpose_api(
            "tf.nn.convNd_transpose",
            "tf.nn.conv{rank}d_transpose",
            "tf.nn.conv1d_transpose",
            "tf.nn.convNd",
        ),
        replace(
            CONV_TRANSPOSE,
            id="tf.nn.conv_transpose(channels_first)",
            layout="N C *s",
            native=_transpose("tf.nn.conv_transpose", channels_first=True),
            limits=(*TRANSPOSE_LIMITS, *CHANNELS_FIRST_LIMITS),
            base=CONV_TRANSPOSE,
            topics=LAYOUT,
        ),
        replace(
            CONV_TRANSPOSE,
            id="tf.raw_ops.ConvNdBackpropInput",
            exists="tf.raw_ops.Conv3DBackpropInputV2",
            native=_raw,
            limits=(
                boundary("there is no such operator for one spatial axis", lambda q: q.rank == 1),
                *TRANSPOSE_LIMITS,
            ),
            forward="tf.nn.convNd",
            defaults={},
            parameters=words(
                "out_backprop=x filter=kernel strides=stride padding dilations=dilation"
            ),
        ),
        _convolution_api(
            "tf.nn.convolution", "tf.nn.convolution", "tf.nn.convolution", CONVOLUTION_LIMITS
        ),
        _convolution_api("tf.nn.convNd", "tf.nn.conv{rank}d", "tf.nn.conv1d", SHARED_LIMITS),
        Api(
            id="tf.image.resize",
            operator="interpolate",
            layout="N *s C",
            kernel_axes="*k in out",
            native=_resize,
        ),
    ),
)
