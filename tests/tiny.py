"""Questions small enough to be answered by hand."""

from typing import Any

import numpy as np

from conformance.oracle.geometry import padding_of
from conformance.question import Question


def ask(x: Any, kernel: Any, op: str = "conv_transpose", **arguments: Any) -> Question:
    """Arguments as people write them; bare numbers have one sample and one channel."""
    x, kernel = np.array(x, np.float32), np.array(kernel, np.float32)
    if not arguments.pop("channels", False):
        x, kernel = x[None, None], kernel[None, None]
    rank = x.ndim - 2
    for name in {"stride", "output_padding", "dilation"} & arguments.keys():
        value = arguments[name]
        arguments[name] = value if isinstance(value, tuple) else (value,) * rank
    arguments["padding"] = padding_of(arguments.get("padding", 0), rank)
    if "bias" in arguments:
        arguments["bias"] = np.array(arguments["bias"], np.float32)
    return Question(op=op, x=x, kernel=kernel, **arguments)


def asked(op: str = "conv_transpose", **arguments: Any) -> Question:
    """One axis: x of 1, 2, 3 and a kernel of 1, 10, if nothing else is said."""
    arrays = {"x": np.array([[[1, 2, 3]]], np.float32), "kernel": np.array([[[1, 10]]], np.float32)}
    return Question(op=op, **arrays | arguments)


def column(*numbers: float) -> list[list[list[float]]]:
    """(1, channels, 1): one number for each channel."""
    return [[[number] for number in numbers]]
