"""List the frameworks by name; a new framework needs its file and a line here."""

from __future__ import annotations

import re

from conformance.adapters import (
    aesara,
    chainer,
    equinox,
    flax,
    haiku,
    jax,
    jax_chains,
    jax_modes,
    keras,
    keras_chains,
    mlx,
    mxnet,
    ncnn,
    nnabla,
    onnx2tf,
    onnx_readers,
    paddle,
    program,
    tensorflow,
    tensorflow_modes,
    tfjs,
    tinygrad,
    torch,
    torch_modes,
    torch_onnx,
)
from conformance.adapters.framework import Api, Framework

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
        mlx.FRAMEWORK,
        tinygrad.FRAMEWORK,
        nnabla.FRAMEWORK,
        ncnn.FRAMEWORK,
        paddle.FRAMEWORK,
        chainer.FRAMEWORK,
        aesara.FRAMEWORK,
        *onnx_readers.FRAMEWORKS,
        torch_modes.FRAMEWORK,
        tensorflow_modes.FRAMEWORK,
        jax_modes.FRAMEWORK,
        torch_onnx.FRAMEWORK,
        keras_chains.LITERT,
        keras_chains.ONNX,
        jax_chains.FRAMEWORK,
        onnx2tf.FRAMEWORK,
        tfjs.FRAMEWORK,
        program.FRAMEWORK,
    )
}
LIBRARIES: tuple[str, ...] = tuple(sorted({*FRAMEWORKS} - {program.FRAMEWORK.name}))
"""The names of the frameworks that are libraries of an interpreter: all but a program."""
HOMES: dict[str, Framework] = {}
"""The framework of each API by the id of the API: the first one, where others have it as a twin."""
for _framework in FRAMEWORKS.values():
    for _api in _framework.apis:
        HOMES.setdefault(_api.id, _framework)
APIS: dict[str, Api] = {id_: framework.api(id_) for id_, framework in HOMES.items()}
_RANK = re.compile(r"(?<=[A-Za-z_])([123])[dD](?=[A-Z_(]|$)")
"""The number of axes in the name of a function or a class, as in ``Conv2DTranspose``."""


def api_and_rank(name: str) -> tuple[str, int | None]:
    """Return the id of the API of a name, and the number of spatial axes that the name says.

    An id stands for the functions and classes of all ranks: ``keras.layers.ConvTranspose`` for
    ``keras.layers.Conv2DTranspose``, and for ``tf.keras.layers.Conv2DTranspose`` as well. A name
    that is none of these comes back as it is.
    """
    if name in APIS:
        return name, None
    plain = name.removeprefix("tf.") if name.startswith("tf.keras.") else name
    ranks = _RANK.findall(plain)
    ids = (_RANK.sub(of_any_rank, plain) for of_any_rank in ("Nd", ""))
    return next(
        ((id_, int(ranks[0]) if ranks else None) for id_ in ids if id_ in APIS), (name, None)
    )
