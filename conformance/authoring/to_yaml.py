"""A question in the words of a case file, so that whatever a program found becomes a case."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.cases.fields import Topic
from conformance.question import Array, Question

FEW = 8
"""Numbers that are written one by one though they are all the same."""
_DEFAULTS = {"stride": 1, "output_padding": 0, "dilation": 1}


def fields(q: Question) -> dict[str, Any]:
    """The keys of a case that asks this, without those that have their defaults.

    Arrays of one batch entry and one channel are bare. What the loader reads from them is the
    question again, to the bit, if its numbers are whole.
    """
    said: dict[str, Any] = {"op": q.op}
    arrays = {"x": q.x, "kernel": q.kernel, "gradient": q.gradient}
    if q.operator == "interpolate":
        del arrays["kernel"]
    said |= {name: _operand(a, q.rank) for name, a in arrays.items() if a is not None}
    if q.bias is not None:
        said["bias"] = _whole(q.bias)
    if q.rank == 3 and isinstance(said["x"], np.ndarray) and said["x"].ndim == q.rank:
        said["rank"] = q.rank  # or else three axes are a batch, a channel and one of space
    for name, default in _DEFAULTS.items():
        values = getattr(q, name)
        if set(values) != {default}:
            said[name] = _once(values)
    if q.zero_given:
        said["output_padding"] = 0
    if isinstance(q.padding, str):
        said["padding"] = q.padding
    elif any(map(any, q.padding)):
        pairs = [begin if begin == end else [begin, end] for begin, end in q.padding]
        said["padding"] = pairs if any(isinstance(pair, list) for pair in pairs) else _once(pairs)
    if q.groups != 1:
        said["groups"] = q.groups
    if q.dtype != "float32":
        said["dtype"] = q.dtype
    return {key: value for key, value in said.items() if (key, value) != ("op", "conv_transpose")}


def topics(q: Question) -> tuple[Topic, ...]:
    """What a case that asks this is about."""
    touched: dict[Topic, bool] = {
        "gradients": q.wanted.endswith("gradient"),
        "parameters": q.wanted == "parameters",
        "interpolation": q.operator == "interpolate",
        "degenerate": not len(q.x),
        "same": q.padding == "same",
        "valid": q.padding == "valid",
        "padding": not isinstance(q.padding, str) and any(map(any, q.padding)),
        "stride": max(q.stride) > 1,
        "dilation": max(q.dilation) > 1,
        "output-padding": any(q.output_padding),
        "groups": q.groups > 1,
        "channels": max(q.x.shape[1], q.output_channels) > q.groups,
        "bias": q.bias is not None,
        "dtype": q.dtype != "float32",
    }
    return tuple(topic for topic, is_about in touched.items() if is_about) or ("basic",)


def _operand(array: Array, rank: int) -> Any:
    """The numbers, or a rule for them where they are all the same and many, or none."""
    bare = array[0, 0] if array.shape[:2] == (1, 1) and array.ndim == rank + 2 else array
    if not array.size or (array.size > FEW and (array == array.flat[0]).all()):
        return {"shape": list(bare.shape), "fill": _whole(array).flat[0] if array.size else 0}
    return _whole(bare)


def _whole(array: Array) -> Array:
    """The same numbers as integers, if they are some: so written they show no dtype."""
    whole = np.rint(array).astype(np.int64)
    return whole if (whole == array).all() else array


def _once(values: Any) -> Any:
    """One number where all axes have the same."""
    return values[0] if len(set(values)) == 1 else list(values)
