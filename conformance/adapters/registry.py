"""The frameworks that can be asked, by name: adding one is adding its file and this line."""

from __future__ import annotations

from conformance.adapters import jax, keras, mxnet, tensorflow, torch
from conformance.adapters.base import Api, Framework

FRAMEWORKS: dict[str, Framework] = {
    framework.name: framework
    for framework in (
        torch.FRAMEWORK,
        keras.FRAMEWORK,
        tensorflow.FRAMEWORK,
        jax.FRAMEWORK,
        mxnet.FRAMEWORK,
    )
}
APIS: dict[str, Api] = {api.id: api for framework in FRAMEWORKS.values() for api in framework.apis}
