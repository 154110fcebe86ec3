"""Watch TensorFlow: its functions, and the graphs that call operators without them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any

import tensorflow as tf
from tensorflow.python.eager.polymorphic_function.concrete_function import ConcreteFunction

from conformance.recorder.calls import (
    RANKS,
    Calls,
    Function,
    replaced,
    replaced_everywhere,
    to_numpy,
)

API = "tf.nn.conv_transpose"
_ARRAYS = ("input", "filters")
_NUMBERS = ("output_shape", "strides", "dilations")
"""The parameters that may be tensors, of one number or of several."""
_OPERATORS = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
"""The operators of a transposed convolution in a graph."""


@contextmanager
def watch(calls: Calls, _: Any) -> Iterator[None]:
    """Record the transposed convolutions of TensorFlow within the block.

    Functions that TensorFlow would compile run eagerly meanwhile, and graphs are named.
    """

    def watched(original: Function) -> Function:
        signature = inspect.signature(original)

        def conv_transpose(*args: Any, **kwargs: Any) -> Any:
            with calls.outermost() as is_outermost:
                y = original(*args, **kwargs)
            if is_outermost and tf.is_tensor(y) and not tf.is_symbolic_tensor(y):
                _add(calls, y, signature.bind(*args, **kwargs).arguments)
            return y

        return conv_transpose

    def called(original: Function) -> Function:
        def call_flat(self: Any, *args: Any, **kwargs: Any) -> Any:
            graph = self.graph.as_graph_def()
            nodes = chain(graph.node, *(function.node_def for function in graph.library.function))
            count = sum(node.op in _OPERATORS for node in nodes)
            calls.unrecorded.extend([f"the graph {self.graph.name}"] * count)
            return original(self, *args, **kwargs)

        return call_flat

    functions = (tf.nn.conv_transpose, *(getattr(tf.nn, f"conv{n}d_transpose") for n in RANKS))
    was_eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with ExitStack() as stack:
            for function in functions:
                stack.enter_context(replaced_everywhere(function, watched))
            stack.enter_context(replaced(ConcreteFunction, "_call_flat", called))
            yield
    finally:
        tf.config.run_functions_eagerly(was_eager)


def _add(calls: Calls, y: Any, arguments: dict[str, Any]) -> None:
    """Record a call of a function of any rank, as they have the same words."""
    arguments.pop("name", None)
    arrays = {name: arguments.pop(name) for name in _ARRAYS}
    layout = arguments.pop("data_format", None) or ""
    words = {
        name: to_numpy(value) if name in _NUMBERS and value is not None else value
        for name, value in arguments.items()
    }
    variant = "(channels_first)" if layout.startswith("NC") else ""
    calls.add(f"{API}{variant}", {**arrays, "y": y}, words)
