"""Describe TensorFlow's function within graphs, which XLA compiles in one of the modes."""

from __future__ import annotations

from conformance.adapters import tensorflow, xla
from conformance.adapters.limitation import boundary
from conformance.adapters.modes import framework_of, mapped, mode, traced

FRAMEWORK = framework_of(
    tensorflow.FRAMEWORK,
    "modes",
    "TensorFlow in other modes",
    mode(tensorflow.CONV_TRANSPOSE, "tf.function", traced("tf.function({function})")),
    mode(
        tensorflow.CONV_TRANSPOSE,
        "jit_compile",
        traced("tf.function({function}, jit_compile=True)"),
        needs="tf.function",
        limits=xla.ZEROS,
    ),
    mode(
        tensorflow.CONV_TRANSPOSE,
        "tf.vectorized_map",
        mapped(
            "(lambda *pairs: tf.vectorized_map(lambda pair: ({function})(*pair), pairs))",
            "tf.stack",
        ),
        limits=(boundary("it maps no derivative along tangents", lambda q: q.wanted == "jvp"),),
    ),
)
