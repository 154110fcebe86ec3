"""Memory: the same numbers can lie in another order or apart, and a framework has to follow.

NumPy keeps that in an array's strides, and so does a question. Between processes arrays lose it;
a call says it again in its source, which is how whoever reads the source learns of it.
"""

from __future__ import annotations

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

_LAID: dict[Memory, str] = {
    "reversed": "np.flip(np.flip({v}).copy())",
    "strided": "np.repeat({v}, 2, -1)[..., ::2]",
    "fortran": "np.asfortranarray({v})",
    "channels-last": "np.moveaxis(np.moveaxis({v}, 1, -1).copy(), -1, 1)",
}


def source(memory: Memory, variable: str) -> str:
    """The NumPy expression that gives ``variable`` this order in memory."""
    return _LAID[memory].format(v=variable)


def laid(array: Array, memory: Memory) -> Array:
    """The same numbers (N, C, *space) so laid out: by the very text that a call shows."""
    names: dict[str, Any] = {"np": np, "v": array}
    made: Array = eval(source(memory, "v"), names)
    return made


def memory_of(array: Array) -> Memory | None:
    """How the array lies in memory; None where its elements stand in the order of its axes."""
    if array.flags.c_contiguous:
        return None
    strides = {memory: laid(array, memory).strides for memory in MEMORIES}
    return next((memory for memory in MEMORIES if strides[memory] == array.strides), None)


class Laid(NamedTuple):
    """An array on its way to another process, which would lose its order in memory."""

    array: Array
    memory: Memory

    @classmethod
    def of(cls, value: Any) -> Any:
        """The value, which is sent as this if it is an array that needs it."""
        memory = memory_of(value) if isinstance(value, np.ndarray) else None
        return cls(np.ascontiguousarray(value), memory) if memory else value

    @staticmethod
    def restored(value: Any) -> Any:
        """What `of` was given."""
        return laid(value.array, value.memory) if isinstance(value, Laid) else value
