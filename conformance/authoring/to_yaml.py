"""Convert a question to the fields of a case file."""

from typing import Any

import numpy as np

from conformance.cases.fields import Topic
from conformance.question import Array, Question

FEW = 8
"""Equal numbers of an array up to which they are written one by one."""
_DEFAULTS = {"stride": 1, "output_padding": 0, "dilation": 1}


def fields(q: Question) -> dict[str, Any]:
    """Return the values of a case with the question by their keys, without defaults.

    Arrays with one batch entry and one channel lack these axes. The loader reads the same question
    from them if its numbers are whole.
    """
    case: dict[str, Any] = {} if q.op == "conv_transpose" else {"op": q.op}
    vectors = ("bias", "bias_tangent")
    unused = vectors if q.operator != "interpolate" else (*vectors, "kernel")
    operands = {name: a for name, a in q.arrays.items() if name not in unused}
    if q.unbatched:
        operands |= {name: a[0] for name, a in operands.items() if not name.startswith("kernel")}
    case |= {name: _operand(a, q.rank) for name, a in operands.items()}
    case |= {name: _integers(q.arrays[name]) for name in vectors if name in q.arrays}
    if q.rank == 3 == _axis_count(case["x"]):
        case["rank"] = q.rank  # otherwise three axes are a batch, a channel and one of space
    if q.unbatched and _axis_count(case["kernel"]) == q.rank:
        case["rank"] = q.rank  # otherwise x decides
    if q.length is not None:
        case["output_size"] = _scalar_or_list(q.length.space)
    is_unwritten = q.length is None or q.length.padding is None
    q = q.as_written(((0, 0),) * q.rank)
    for name, default in _DEFAULTS.items():
        values = getattr(q, name)
        if set(values) != {default}:
            case[name] = _scalar_or_list(values)
    if q.zero_given:
        case["output_padding"] = 0
    if isinstance(q.padding, str):
        case["padding"] = q.padding
    elif any(map(any, q.padding)) or not is_unwritten:
        pairs = [start if start == end else [start, end] for start, end in q.padding]
        is_mixed = any(isinstance(pair, list) for pair in pairs)
        case["padding"] = pairs if is_mixed else _scalar_or_list(pairs)
    if q.groups != 1:
        case["groups"] = q.groups
    dtype, kernel_dtype = q.dtypes["x"], q.dtypes["kernel"]
    if dtype != "float32":
        case["dtype"] = dtype
    if kernel_dtype != dtype:
        case["kernel_dtype"] = kernel_dtype
    return case


def topics(q: Question) -> tuple[Topic, ...]:
    """Return the topics of a question, or ``basic`` where there are no others."""
    applicable: dict[Topic, bool] = {
        "gradients": q.is_derivative,
        "parameters": q.wanted == "parameters",
        "interpolation": q.operator == "interpolate",
        "degenerate": not len(q.x),
        "shape": q.unbatched or q.length is not None,
        "same": q.padding == "same",
        "valid": q.padding == "valid",
        "circular": q.padding == "circular",
        "padding": not isinstance(q.padding, str) and any(map(any, q.padding)),
        "stride": max(q.stride) > 1,
        "dilation": max(q.dilation) > 1,
        "output-padding": any(q.output_padding),
        "groups": q.groups > 1,
        "channels": max(q.x.shape[1], q.output_channels) > q.groups,
        "bias": q.bias is not None,
        "dtype": {*q.dtypes.values()} != {"float32"},
    }
    return tuple(topic for topic, applies in applicable.items() if applies) or ("basic",)


def _operand(array: Array, rank: int) -> Any:
    """Return the numbers, or a rule for them where there are none, or many that are equal."""
    array = _integers(array)
    bare = array[0, 0] if array.shape[:2] == (1, 1) and array.ndim == rank + 2 else array
    if not array.size or (array.size > FEW and (array == array.flat[0]).all()):
        return {"shape": list(bare.shape), "fill": array.flat[0] if array.size else 0}
    return bare


def _axis_count(operand: Any) -> int:
    return len(operand["shape"]) if isinstance(operand, dict) else np.ndim(operand)


def _integers(array: Array) -> Array:
    """Convert whole numbers to integers, as these are written without their dtype."""
    with np.errstate(invalid="ignore"):
        integers = np.rint(array.real).astype(np.int64)
    return integers if (integers == array).all() else array


def _scalar_or_list(values: Any) -> Any:
    """Return one number where all axes have the same, otherwise a list."""
    return values[0] if len(set(values)) == 1 else list(values)
