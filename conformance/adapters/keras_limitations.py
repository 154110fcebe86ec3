"""List what Keras refuses or answers wrongly, most of it on one of its backends."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from conformance.adapters import onednn, onednn_limitations, tensorflow_limitations, torch, xla
from conformance.adapters.limitation import (
    NO_GRADIENTS,
    OUTPUT_PADDING_BELOW_STRIDE,
    REAL_NUMBERS,
    ZEROS_AROUND,
    ZEROS_BETWEEN,
    Limitation,
    on_backend,
)
from conformance.oracle import geometry
from conformance.question import Question

STRIDE_WITH_DILATION = Limitation(
    "stride and dilation are refused together",
    lambda q: max(q.stride) > 1 and max(q.dilation) > 1,
)
DILATION_LIMITS = onednn.where_onednn_does_not(
    tensorflow_limitations.EIGEN,
    Limitation(
        "dilation on TensorFlow's CPU needs",
        # A layer that is only counted computes nothing.
        lambda q: set(q.dilation) != {1} and q.wanted != "parameters",
        backend="tensorflow",
    ),
)
DTYPES_ON_TENSORFLOW = on_backend("tensorflow", *tensorflow_limitations.DTYPES)


def _initialises_zeros_only(q: Question) -> bool:
    """Return whether Glorot's bound, sqrt(6 / (fan in + fan out)), is below 1 for integers."""
    return q.dtype.startswith("int") and prod(q.window) * sum(q.kernel.shape[:2]) > 6


NO_WHOLE_NUMBERS = Limitation(
    "a layer initialises no kernel of whole numbers", lambda q: q.dtype.startswith("int")
)
DTYPES_OF_LAYERS = (
    *on_backend("jax", NO_WHOLE_NUMBERS, REAL_NUMBERS),
    *on_backend("torch", NO_WHOLE_NUMBERS),
    Limitation(
        "a layer initialises whole numbers only where its inputs and outputs are few",
        _initialises_zeros_only,
        backend="tensorflow",
    ),
    *DTYPES_ON_TENSORFLOW,
)
BUGS = (
    *on_backend("tensorflow", *tensorflow_limitations.BUGS),
    *on_backend("torch", *onednn_limitations.CHANNELS_LAST, *onednn_limitations.ZEROS_BESIDE),
    ZEROS_AROUND,
    *on_backend("jax", *xla.ZEROS),
    *on_backend("numpy", xla.ZEROS_BETWEEN),
    *on_backend("openvino", ZEROS_BETWEEN, onednn_limitations.ONE_PLACE),
    # Groups of a convolution are computed by XLA there.
    replace(
        xla.ZEROS_BETWEEN,
        concerns=lambda q: q.groups > 1 and xla.multiplies_zeros(q),
        backend="tensorflow",
    ),
    *on_backend("tensorflow", xla.ZEROS_OF_GROUPS),
)
CHANNELS_FIRST_LIMITS = onednn.where_onednn_does_not(
    tensorflow_limitations.EIGEN,
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

DERIVATIVES = (
    *on_backend("numpy", NO_GRADIENTS),
    *on_backend("openvino", NO_GRADIENTS),
    *on_backend("torch", torch.NO_EXAMPLES),
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

CONVOLUTION_LIMITS = (
    *DERIVATIVES,
    IN_FLOAT32,
    Limitation(
        "a convolution with a bias makes numbers of 64 bits numbers of 32",
        lambda q: q.bias is not None and NARROWED.concerns(q),
        backend="numpy",
        is_refusal=False,
    ),
    *BUGS,
)
LAYER_LIMITS = (
    *DERIVATIVES,
    IN_FLOAT32,
    NARROWED,
    *BUGS,
    *DTYPES_OF_LAYERS,
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
    *DERIVATIVES,
    IN_FLOAT32,
    NARROWED,
    *BUGS,
    *DTYPES_ON_TENSORFLOW,
    *on_backend("torch", torch.WHOLE_NUMBERS),
    OUTPUT_PADDING_BELOW_STRIDE,
    *SAME_WITH_OUTPUT_PADDING,
    *DILATION_LIMITS,
)
