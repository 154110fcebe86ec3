"""Lay arrays out in memory in other orders, and recognise these orders.

NumPy keeps the order in an array's strides. Between processes it gets lost, so the source of a call
repeats the NumPy expression that restores it.
"""

from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Memory = Literal["reversed", "strided", "fortran", "channels-last"]
"""reversed       every axis runs backwards, by negative strides
strided        every other element of a longer last axis
fortran        the first axis is the one whose elements are neighbours
channels-last  the second axis is
"""
MEMORIES: tuple[Memory, ...] = get_args(Memory)

_EXPRESSIONS: dict[Memory, str] = {
    "reversed": "np.flip(np.flip({v}).copy())",
    "strided": "np.repeat({v}, 2, -1)[..., ::2]",
    "fortran": "np.asfortranarray({v})",
    "channels-last": "np.moveaxis(np.moveaxis({v}, 1, -1).copy(), -1, 1)",
}


def source(memory: Memory, variable: str) -> str:
    """Return the NumPy expression that lays ``variable`` out in this order."""
    return _EXPRESSIONS[memory].format(v=variable)


def laid(array: Array, memory: Memory) -> Array:
    """Return the same numbers laid out in another order, by the expression that a call shows.

    Returns an equal array of the same dtype.
    """
    names: dict[str, Any] = {"np": np, "v": array}
    result: Array = eval(source(memory, "v"), names)
    return result


def memory_of(array: Array) -> Memory | None:
    """Return the order of an array in memory, or None if it is C-contiguous or unknown."""
    if array.flags.c_contiguous:
        return None
    strides = {memory: laid(array, memory).strides for memory in MEMORIES}
    return next((memory for memory in MEMORIES if strides[memory] == array.strides), None)


class Laid(NamedTuple):
    """An array and its order in memory, in a form that keeps both between processes."""

    array: Array
    memory: Memory

    @classmethod
    def of(cls, value: Any) -> Any:
        """Return ``value``, wrapped if it is an array whose order in memory pickling would lose."""
        memory = memory_of(value) if isinstance(value, np.ndarray) else None
        return cls(np.ascontiguousarray(value), memory) if memory else value

    @staticmethod
    def restored(value: Any) -> Any:
        """Return the value that `of` was called with."""
        return laid(value.array, value.memory) if isinstance(value, Laid) else value
