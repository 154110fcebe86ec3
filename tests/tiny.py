"""Questions small enough to be answered by hand."""

from __future__ import annotations

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
    for name, default in (("stride", 1), ("output_padding", 0), ("dilation", 1)):
        value = arguments.get(name, default)
        arguments[name] = value if isinstance(value, tuple) else (value,) * rank
    arguments["padding"] = padding_of(arguments.get("padding", 0), rank)
    if "bias" in arguments:
        arguments["bias"] = np.array(arguments["bias"], np.float32)
    return Question(op=op, x=x, kernel=kernel, **arguments)


def column(*numbers: float) -> list[list[list[float]]]:
    """(1, channels, 1): one number for each channel."""
    return [[[number] for number in numbers]]
