"""List the frameworks by name; a new framework needs its file and a line here."""

from __future__ import annotations

from conformance.adapters import (
    equinox,
    flax,
    haiku,
    jax,
    keras,
    mxnet,
    onnx_readers,
    program,
    tensorflow,
    torch,
)
from conformance.adapters.base import Api, Framework

FRAMEWORKS: dict[str, Framework] = {
    framework.name: framework
    for framework in (
        torch.FRAMEWORK,
        keras.FRAMEWORK,
        tensorflow.FRAMEWORK,
        jax.FRAMEWORK,
        flax.FRAMEWORK,
        haiku.FRAMEWORK,
        equinox.FRAMEWORK,
        mxnet.FRAMEWORK,
        *onnx_readers.FRAMEWORKS,
        program.FRAMEWORK,
    )
}
LIBRARIES: tuple[str, ...] = tuple(sorted({*FRAMEWORKS} - {program.FRAMEWORK.name}))
"""The names of the frameworks that are libraries of an interpreter: all but a program."""
APIS: dict[str, Api] = {api.id: api for framework in FRAMEWORKS.values() for api in framework.apis}
