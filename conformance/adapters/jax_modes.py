"""Describe transformations of JAX's function, which should not change its answers."""

from __future__ import annotations

from conformance.adapters import jax
from conformance.adapters.limitation import ZEROS_BETWEEN
from conformance.adapters.modes import framework_of, mapped, mode, traced

FRAMEWORK = framework_of(
    jax.FRAMEWORK,
    "modes",
    "JAX in other modes",
    mode(jax.CONV_TRANSPOSE, "jax.jit", traced("jax.jit({function})")),
    mode(
        jax.CONV_TRANSPOSE,
        "jax.vmap",
        mapped("jax.vmap({function})", "jnp.stack"),
        limits=(ZEROS_BETWEEN,),  # mapped over kernels, it is computed in groups
        is_slow=True,
    ),
)
