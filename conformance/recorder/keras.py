"""Watch Keras: its function, and the layers that call it and add a bias."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import keras
from keras.src import ops
from keras.src.backend.common.symbolic_scope import in_symbolic_scope
from keras.src.trainers import trainer

from conformance.recorder.calls import (
    Calls,
    Function,
    Values,
    replaced,
    replaced_everywhere,
    to_numpy,
)

_PARAMETERS = (
    *("inputs", "kernel", "strides", "padding", "output_padding", "data_format"),
    "dilation_rate",
)
"""The parameters of the function, in their order."""


@contextmanager
def watch(calls: Calls, _: Any) -> Iterator[None]:
    """Record the transposed convolutions of Keras within the block."""
    without_bias: list[Any] = []  # the last answer of a layer, to which it may add a bias

    def watched(original: Function) -> Function:
        def conv_transpose(*args: Any, **kwargs: Any) -> Any:
            with calls.outermost() as is_outermost:
                y = original(*args, **kwargs)
            if is_outermost and not isinstance(y, keras.KerasTensor) and not in_symbolic_scope():
                arguments = {**dict(zip(_PARAMETERS, args, strict=False)), **kwargs}
                layout = arguments.pop("data_format", None) or keras.config.image_data_format()
                variant = "(channels_first)" if layout == "channels_first" else ""
                arrays = {name: arguments.pop(name) for name in ("inputs", "kernel")}
                count = len(calls)
                api = f"keras.ops.conv_transpose{variant}"
                _deliver(lambda **arrays: calls.add(api, arrays, arguments), **arrays, y=y)
                without_bias[:] = [y] if len(calls) == count + 1 else []
            return y

        return conv_transpose

    def adding(original: Function) -> Function:
        def add(x1: Any, x2: Any) -> Any:
            total = original(x1, x2)
            if calls.is_in_layer and without_bias and x1 is without_bias.pop():
                _deliver(partial(_add_bias, calls.calls[-1]), bias=x2, y=total)
            return total

        return add

    def named(original: Function) -> Function:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.enter(self.name)
            try:
                return original(self, *args, **kwargs)
            finally:
                calls.leave()

        return call

    layer = keras.layers.Conv1DTranspose.__mro__[1]  # of every rank
    with ExitStack() as stack:
        stack.enter_context(replaced_everywhere(keras.ops.conv_transpose, watched))
        stack.enter_context(replaced(ops, "add", adding))
        stack.enter_context(replaced(layer, "call", named))
        if keras.backend.backend() == "openvino":  # its `predict` compiles what it may
            stack.enter_context(replaced(trainer, "model_supports_jit", lambda _: lambda _: False))
        yield


def _add_bias(call: Values, bias: Any, y: Any) -> None:
    """Make a call of the layer that added a bias out of the function's call."""
    api = call["api"].replace("keras.ops.conv_transpose", "keras.layers.ConvTranspose")
    call |= {"api": api, "bias": to_numpy(bias).ravel(), "y": to_numpy(y)}


def _deliver(function: Function, **arrays: Any) -> None:
    """Call a function with arrays, as soon as they have numbers."""
    if keras.backend.backend() == "jax":
        from conformance.recorder import jax

        jax.deliver(function, **{n: keras.ops.convert_to_tensor(a) for n, a in arrays.items()})
    else:
        function(**arrays)
