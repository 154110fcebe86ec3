"""Describe Keras on any backend: padding is a word, and an output padding of 0 has a meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.adapters import (
    jax,
    runtime,
    tensorflow,
    torch,
    xla,
)
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    crop_totals,
    numbers,
    operands,
    output_padding,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, Framework
from conformance.adapters.interop import CPU, Device, TensorInterop
from conformance.adapters.keras_limitations import (
    BIAS_ALONG_THE_LAST_AXIS,
    CHANNELS_FIRST_LIMITS,
    CONVOLUTION_LIMITS,
    DTYPES_OF_LAYERS,
    DTYPES_ON_TENSORFLOW,
    FUNCTION_LIMITS,
    LAYER_LIMITS,
    STRIDE_WITH_DILATION,
)
from conformance.adapters.limitation import (
    Limitation,
    on_backend,
)
from conformance.oracle import geometry
from conformance.question import Question

# Calls use the autodiff of the backend by the backend's own name.
PRELUDE = """
import keras
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
elif keras.backend.backend() == "torch":
    import torch
elif keras.backend.backend() in ("jax", "numpy"):  # the latter convolves by JAX
    import jax
    import jax.numpy as jnp
else:
    import openvino
"""


def _for_backend(backend: str, interop: TensorInterop, **changes: object) -> TensorInterop:
    facts = {**vars(interop), **changes}
    choice = ("import os", f"os.environ['KERAS_BACKEND'] = {backend!r}")
    return TensorInterop(**{**facts, "imports": (*choice, *facts["imports"], "import keras")})


def _torch_gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    if call_source.kernel == "layer.kernel":
        # A variable of Keras wraps the parameter that autograd knows.
        call_source = replace(call_source, kernel="layer.kernel.value", bias="layer.bias.value")
    return torch.INTEROP.gradient(call_source, by)


WITHOUT_AUTODIFF = TensorInterop(
    imports=(),
    tensor="keras.ops.convert_to_tensor({v})",
    array="keras.ops.convert_to_numpy({v})",
    gradient=lambda _call_source, _by: (),
    dtype_conversions={
        "bfloat16": (
            "keras.ops.convert_to_tensor({v}, 'bfloat16')",
            "keras.ops.convert_to_numpy(keras.ops.cast({v}, 'float32'))",
        )
    },
    classes=runtime.CPU,
)
INTEROPS: dict[str | None, TensorInterop] = {
    "tensorflow": _for_backend("tensorflow", tensorflow.INTEROP),
    "torch": _for_backend("torch", torch.INTEROP, gradient=_torch_gradient),
    "jax": _for_backend("jax", jax.INTEROP),
    "numpy": _for_backend(
        "numpy",
        WITHOUT_AUTODIFF,
        imports=jax.INTEROP.imports,
        tensor="{v}",
        dtype_contexts=jax.INTEROP.dtype_contexts,
        packages={"numpy": "np.__version__", **jax.INTEROP.packages},
    ),
    "openvino": _for_backend(
        "openvino",
        WITHOUT_AUTODIFF,
        imports=("import openvino",),
        packages={"openvino": "openvino.__version__.partition('-')[0]"},
    ),
}


def _exact_output_padding(q: Question) -> object:
    """Return the output padding, with an explicit 0 for ``valid``.

    Without it, strides above the kernel size lengthen the output.
    """
    return numbers(q.output_padding, 0 if q.padding == "same" else None)


def _same_with_output_padding(q: Question) -> Question | None:
    """Return ``same`` with the output padding, even 0, that crops the same, or None.

    It crops half of the kernel twice, less the output padding; the start loses half of that.
    """
    totals = crop_totals(q)
    if totals is None:
        return None
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    extra = tuple(r // 2 * 2 - total for r, total in zip(extents, totals, strict=True))
    if min(extra) < 0:
        return None
    return q.but(padding="same", output_padding=extra, zero_given=not any(extra))


def _layer(q: Question, **values: object) -> CallSource:
    # A layer has the dtype of its weights.
    dtype = None if q.dtypes["kernel"] == "float32" else q.dtypes["kernel"]
    words = arguments(
        q,
        "strides=stride padding output_padding data_format dilation_rate=dilation groups"
        " use_bias=bias dtype",
        **values,
        dtype=dtype,
    )
    name = f"Conv{q.rank}D{by_operator(q, 'Transpose', '')}"
    weights = operands(q).removeprefix("x, ")
    return CallSource(
        setup=(
            f"layer = keras.layers.{name}({q.output_channels}, {q.window}{words})",
            "layer.build(x.shape)",
            f"layer.set_weights([{weights}])",
        ),
        expression="layer(x)",
        kernel="layer.kernel",
        bias="layer.bias",
        function=f"layer.stateless_call([{weights}], [], x)[0]",
        parameters="layer.count_params()",
    )


def _function(q: Question, **values: object) -> CallSource:
    words = arguments(
        q,
        "strides=stride padding output_padding data_format dilation_rate=dilation",
        **values,
        stride=numbers(q.stride, None if q.operator == "conv_transpose" else 1),
    )
    return CallSource(f"keras.ops.{q.operator}(x, w{words})")


def _builder(
    write: Callable[..., CallSource],
    output_padding: Callable[[Question], object] = output_padding,
    data_format: str | None = None,
) -> CallBuilder:
    def build(q: Question) -> CallSource | Inexpressible:
        if not isinstance(q.padding, str) and q.padding != ((0, 0),) * q.rank:
            return Inexpressible("padding is 'valid' or 'same', never numbers")
        if q.operator == "conv_transpose" and q.groups > 1:
            return Inexpressible("there is no parameter for groups")
        return write(
            q,
            padding="same" if q.padding == "same" else None,
            output_padding=output_padding(q),
            data_format=data_format,
        )

    return build


def _upsampling(q: Question) -> CallSource | Inexpressible:
    if q.rank != 2:
        return Inexpressible("only images of two axes can be up-sampled bilinearly")
    return CallSource(f"keras.layers.UpSampling2D({q.stride}, interpolation='bilinear')(x)")


CONV_PARAMETERS = words("inputs=x kernel bias strides=stride padding dilation_rate=dilation groups")
PARAMETERS = {
    **{name: key for name, key in CONV_PARAMETERS.items() if name != "groups"},
    "output_padding": "output_padding",
}

LAYER = Api(
    id="keras.layers.ConvTranspose",
    exists="keras.layers.Conv1DTranspose",
    layout="N *s C",
    kernel_axes="*k out in",
    native=_builder(_layer),
    recipe=_builder(_layer, _exact_output_padding),
    native_equivalent=_same_with_output_padding,
    has_parameters=True,
    limits=LAYER_LIMITS,
    forward="keras.layers.Conv",
    parameters=PARAMETERS,
)
FUNCTION = Api(
    id="keras.ops.conv_transpose",
    layout="N *s C",
    kernel_axes="*k out in",
    native=_builder(_function),
    recipe=_builder(_function, _exact_output_padding),
    native_equivalent=_same_with_output_padding,
    limits=FUNCTION_LIMITS,
    takes_bias=False,
    forward="keras.ops.conv",
    parameters=PARAMETERS,
)


def _channels_first(api: Api, write: Callable[..., CallSource], *limits: Limitation) -> Api:
    return replace(
        api,
        id=f"{api.id}(channels_first)",
        layout="N C *s",
        native=_builder(write, data_format="channels_first"),
        recipe=_builder(write, _exact_output_padding, "channels_first"),
        base=api,
        limits=(*api.limits, *limits),
        topics=LAYOUT,
    )


FRAMEWORK = Framework(
    name="keras",
    title="Keras",
    prelude=PRELUDE,
    version="keras.__version__",
    backend="keras.backend.backend()",
    backend_variable="KERAS_BACKEND",
    interops=INTEROPS,
    variables=tensorflow.FRAMEWORK.variables,
    devices={
        CPU: Device(
            variables={
                **tensorflow.FRAMEWORK.devices[CPU].variables,
                **jax.FRAMEWORK.devices[CPU].variables,
            }
        )
    },
    compiled=jax.FRAMEWORK.compiled,
    together={"jax": xla.TOGETHER},
    settings=("~/.keras/keras.json", "$KERAS_HOME/keras.json"),
    apis=(
        LAYER,
        FUNCTION,
        _channels_first(LAYER, _layer, *CHANNELS_FIRST_LIMITS, BIAS_ALONG_THE_LAST_AXIS),
        _channels_first(FUNCTION, _function, *CHANNELS_FIRST_LIMITS),
        Api(
            id="keras.layers.Conv",
            operator="conv",
            exists="keras.layers.Conv1D",
            layout="N *s C",
            kernel_axes="*k in out",
            native=_builder(_layer),
            has_parameters=True,
            limits=(*CONVOLUTION_LIMITS, *DTYPES_OF_LAYERS, STRIDE_WITH_DILATION),
            parameters=CONV_PARAMETERS,
        ),
        Api(
            id="keras.ops.conv",
            operator="conv",
            layout="N *s C",
            kernel_axes="*k in out",
            native=_builder(_function),
            limits=(
                *CONVOLUTION_LIMITS,
                *DTYPES_ON_TENSORFLOW,
                *on_backend("tensorflow", STRIDE_WITH_DILATION),
                *on_backend("torch", torch.DILATED_WHOLE_NUMBERS),
            ),
            takes_bias=False,
            parameters=CONV_PARAMETERS,
        ),
        Api(
            id="keras.layers.UpSampling",
            operator="interpolate",
            exists="keras.layers.UpSampling2D",
            layout="N *s C",
            kernel_axes="*k in out",
            native=_upsampling,
        ),
    ),
)
