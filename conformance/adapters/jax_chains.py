"""Describe JAX's function converted to TensorFlow by jax2tf, and run there."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import jax
from conformance.adapters.call_source import CallSource
from conformance.adapters.limitation import NO_GRADIENTS
from conformance.adapters.modes import framework_of, mode
from conformance.question import Question


def _converted(q: Question, call_source: CallSource) -> CallSource:
    """Convert a function of both arrays, as a model's weights would be arguments of it."""
    del q
    return replace(
        call_source,
        setup=(
            "# Stage: convert",
            f"function = jax.experimental.jax2tf.convert(lambda x, w: {call_source.expression})",
            "# Stage: run",
        ),
        expression="jnp.asarray(tf.function(function, autograph=False)(x, w).numpy())",
    )


_BASE = framework_of(
    jax.FRAMEWORK,
    "tensorflow",
    "JAX through TensorFlow",
    mode(
        jax.CONV_TRANSPOSE,
        "jax2tf",
        _converted,
        needs="jax.experimental.jax2tf",
        limits=(NO_GRADIENTS,),
    ),
    imports=("import tensorflow as tf", "import jax.experimental.jax2tf"),
)
FRAMEWORK = replace(
    _BASE,
    interops={
        None: replace(
            _BASE.interops[None],
            packages={**jax.INTEROP.packages, "tensorflow": "tf.__version__"},
        )
    },
    variables={**jax.FRAMEWORK.variables, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
)
