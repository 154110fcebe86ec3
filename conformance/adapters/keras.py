"""Describe Keras on any backend: padding is a word, and an output padding of 0 has a meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

from conformance.adapters import (
    jax,
    limitation,
    onednn,
    runtime,
    tensorflow,
    torch,
    xla,
)
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    crop_totals,
    keywords,
    numbers,
    output_padding,
)
from conformance.adapters.framework import LAYOUT, Api, Framework, words
from conformance.adapters.interop import CPU, Device, TensorInterop
from conformance.adapters.limitation import OUTPUT_PADDING_BELOW_STRIDE, ZEROS_AROUND, Limitation
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


WITHOUT_GRADIENTS = ("numpy", "openvino")
"""The backends that cannot differentiate."""
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


def _layer(q: Question, **arguments: object) -> CallSource:
    transposed = q.operator == "conv_transpose"
    words = keywords(
        strides=numbers(q.stride, 1),
        **arguments,
        dilation_rate=numbers(q.dilation, 1),
        groups=numbers((q.groups,), 1),
        use_bias=False if q.bias is None else None,
        # A layer has the dtype of its weights.
        dtype=None if q.dtypes["kernel"] == "float32" else q.dtypes["kernel"],
    )
    name = f"Conv{q.rank}DTranspose" if transposed else f"Conv{q.rank}D"
    return CallSource(
        setup=(
            f"layer = keras.layers.{name}({q.output_channels}, {q.window}{words})",
            "layer.build(x.shape)",
            f"layer.set_weights([{'w' if q.bias is None else 'w, b'}])",
        ),
        expression="layer(x)",
        kernel="layer.kernel",
        bias="layer.bias",
        function=f"layer.stateless_call([{'w' if q.bias is None else 'w, b'}], [], x)[0]",
        parameters="layer.count_params()",
    )


def _function(q: Question, **arguments: object) -> CallSource:
    transposed = q.operator == "conv_transpose"
    words = keywords(
        strides=numbers(q.stride, None if transposed else 1),
        **arguments,
        dilation_rate=numbers(q.dilation, 1),
    )
    name = "conv_transpose" if transposed else "conv"
    return CallSource(f"keras.ops.{name}(x, w{words})")


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


STRIDE_WITH_DILATION = Limitation(
    "stride and dilation are refused together",
    lambda q: max(q.stride) > 1 and max(q.dilation) > 1,
)
DILATION_LIMITS = onednn.where_onednn_does_not(
    tensorflow.EIGEN,
    Limitation(
        "dilation on TensorFlow's CPU needs",
        # A layer that is only counted computes nothing.
        lambda q: set(q.dilation) != {1} and q.wanted != "parameters",
        backend="tensorflow",
    ),
)
WHOLE_NUMBERS = tuple(replace(limit, backend="tensorflow") for limit in tensorflow.WHOLE_NUMBERS)


def _initialises_zeros_only(q: Question) -> bool:
    """Return whether Glorot's bound, sqrt(6 / (fan in + fan out)), is below 1 for integers."""
    return q.dtype.startswith("int") and prod(q.window) * sum(q.kernel.shape[:2]) > 6


LAYERS_OF_WHOLE_NUMBERS = (
    *(
        Limitation(
            "a layer initialises no kernel of whole numbers",
            lambda q: q.dtype.startswith("int"),
            backend=backend,
        )
        for backend in ("jax", "torch")
    ),
    Limitation(
        "a layer initialises whole numbers only where its inputs and outputs are few",
        _initialises_zeros_only,
        backend="tensorflow",
    ),
    *WHOLE_NUMBERS,
)
WRONG_ANSWERS = (
    *(replace(limit, backend="tensorflow") for limit in tensorflow.WRONG_ANSWERS),
    *(replace(limit, backend="torch") for limit in onednn.CHANNELS_LAST),
    ZEROS_AROUND,
    *(replace(xla.ZEROS_BETWEEN, backend=backend) for backend in ("jax", "numpy")),
)
CHANNELS_FIRST_LIMITS = onednn.where_onednn_does_not(
    tensorflow.EIGEN,
    Limitation(
        "channels first on TensorFlow's CPU need",
        lambda q: q.wanted != "parameters",
        backend="tensorflow",
    ),
)
BIAS_ALONG_THE_LAST_AXIS = Limitation(
    "with channels first, TensorFlow adds the bias along the last axis where that is as long",
    lambda q: q.bias is not None and q.output_space[-1] == q.output_channels,
    backend="tensorflow",
    is_refusal=False,
)
SAME_WITH_OUTPUT_PADDING = (
    Limitation(
        "padding='same' counts another length with output padding",
        lambda q: q.padding == "same" and q.has_output_padding,
        another_meaning=True,
    ),
    Limitation(
        "of an even kernel padding='same' crops too much with an output padding of 0",
        lambda q: (
            q.padding == "same"
            and q.has_output_padding
            and any(
                r % 2 == p == 0
                for r, p in zip(
                    geometry.effective_kernel_size(q.window, q.dilation),
                    q.output_padding,
                    strict=True,
                )
            )
        ),
        backend="tensorflow",
    ),
    Limitation(
        "padding='same' crops half of the kernel at the start, whatever the output padding",
        lambda q: q.padding == "same" and any(q.output_padding),
        backend="torch",
        versions="keras<3.15.1",
    ),
)

NO_GRADIENTS = tuple(
    replace(limitation.NO_GRADIENTS, backend=backend) for backend in WITHOUT_GRADIENTS
)

IN_FLOAT32 = Limitation(  # docs/findings.md
    "numbers other than float32 are computed in float32, or float16 in float16",
    lambda q: q.dtype != "float32" and q.wanted != "parameters",
    backend="openvino",
    is_refusal=False,
)
NARROWED = Limitation(
    "numbers of 64 bits are made numbers of 32",
    lambda q: (
        not {"float64", "int64", "complex128"}.isdisjoint(q.dtypes.values())
        and q.wanted != "parameters"
    ),
    backend="numpy",
)

LAYER_LIMITS = (
    *NO_GRADIENTS,
    IN_FLOAT32,
    NARROWED,
    *WRONG_ANSWERS,
    *LAYERS_OF_WHOLE_NUMBERS,
    OUTPUT_PADDING_BELOW_STRIDE,
    STRIDE_WITH_DILATION,
    *SAME_WITH_OUTPUT_PADDING,
    Limitation(  # docs/findings.md
        "a layer refuses an output padding of 0",
        lambda q: q.zero_given,
        versions="keras<3.11",
    ),
    *DILATION_LIMITS,
)
FUNCTION_LIMITS = (
    *NO_GRADIENTS,
    IN_FLOAT32,
    NARROWED,
    *WRONG_ANSWERS,
    *WHOLE_NUMBERS,
    OUTPUT_PADDING_BELOW_STRIDE,
    *SAME_WITH_OUTPUT_PADDING,
    *DILATION_LIMITS,
)

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
    exists="keras.ops.conv_transpose",
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
        replace(
            LAYER,
            id="keras.layers.ConvTranspose(channels_first)",
            layout="N C *s",
            native=_builder(_layer, data_format="channels_first"),
            recipe=_builder(_layer, _exact_output_padding, "channels_first"),
            base=LAYER,
            limits=(*LAYER_LIMITS, *CHANNELS_FIRST_LIMITS, BIAS_ALONG_THE_LAST_AXIS),
            topics=LAYOUT,
        ),
        replace(
            FUNCTION,
            id="keras.ops.conv_transpose(channels_first)",
            layout="N C *s",
            native=_builder(_function, data_format="channels_first"),
            recipe=_builder(_function, _exact_output_padding, "channels_first"),
            base=FUNCTION,
            limits=(*FUNCTION_LIMITS, *CHANNELS_FIRST_LIMITS),
            topics=LAYOUT,
        ),
        Api(
            id="keras.layers.Conv",
            operator="conv",
            exists="keras.layers.Conv1D",
            layout="N *s C",
            kernel_axes="*k in out",
            native=_builder(_layer),
            recipe=_builder(_layer),
            has_parameters=True,
            limits=(
                *NO_GRADIENTS,
                IN_FLOAT32,
                *WRONG_ANSWERS,
                *LAYERS_OF_WHOLE_NUMBERS,
                STRIDE_WITH_DILATION,
            ),
            parameters=CONV_PARAMETERS,
        ),
        Api(
            id="keras.ops.conv",
            operator="conv",
            exists="keras.ops.conv",
            layout="N *s C",
            kernel_axes="*k in out",
            native=_builder(_function),
            recipe=_builder(_function),
            limits=(
                *NO_GRADIENTS,
                IN_FLOAT32,
                *WRONG_ANSWERS,
                *WHOLE_NUMBERS,
                replace(STRIDE_WITH_DILATION, backend="tensorflow"),
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
            recipe=_upsampling,
        ),
    ),
)
