"""Keep the calls that were recorded, and name those that could not be."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = dict[str, Any]
Function: TypeAlias = Callable[..., Any]

RANKS = (1, 2, 3)


class _Thread(threading.local):
    """What one thread is inside: its layers, and how many watched functions."""

    def __init__(self) -> None:
        self.layers: list[tuple[str, int]] = []  # each with the number of calls before it
        self.depth = 0


@dataclass
class Calls:
    """The calls that were recorded so far.

    Attributes
    ----------
    calls
        For each call the id of its API, its arrays x, kernel, bias and y, and its arguments, by
        the API's own words, and the name of its layer where that is known. A call that no API can
        make has canonical words, and no id.
    unrecorded
        The names of layers and functions whose transposed convolutions could not be recorded, one
        for each call.
    """

    calls: list[Values] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    _thread: _Thread = field(default_factory=_Thread, repr=False)

    def __len__(self) -> int:
        return len(self.calls)

    @property
    def unreadable(self) -> int:
        """Return the number of calls that could not be recorded."""
        return len(self.unrecorded)

    def add(self, api: str | None, arrays: Mapping[str, Any], arguments: Values) -> None:
        """Record one call; arrays and arguments that are None are left out."""
        layer = self._thread.layers[-1][0] if self._thread.layers else None
        try:
            values = {name: to_numpy(a) for name, a in arrays.items() if a is not None}
        except _NoNumbersError:
            self.unrecorded.append(f"{api} in {layer}" if layer else str(api))
            return
        names: Values = {"api": api, "layer": layer}
        if "bfloat16" in str(arrays["y"].dtype):
            names["dtype"] = "bfloat16"
        entries = {**names, **values, **arguments}
        self.calls.append({name: value for name, value in entries.items() if value is not None})

    def enter(self, layer: str) -> None:
        """Name the calls of this thread from now on."""
        self._thread.layers.append((layer, len(self) + self.unreadable))

    def leave(self) -> tuple[str, bool]:
        """Return the name of the layer that was entered last, and whether it had any call."""
        layer, count = self._thread.layers.pop()
        return layer, len(self) + self.unreadable > count

    @property
    def is_in_layer(self) -> bool:
        """Return whether this thread is inside a layer with a name."""
        return bool(self._thread.layers)

    @property
    def is_inside(self) -> bool:
        """Return whether this thread is inside a watched function, which will be recorded."""
        return self._thread.depth > 0

    @contextmanager
    def outermost(self) -> Iterator[bool]:
        """Say whether a call is not inside another watched one, as those of Keras' backends are."""
        self._thread.depth += 1
        try:
            yield self._thread.depth == 1
        finally:
            self._thread.depth -= 1

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything by names such as ``000/x``, as the file holds it."""
        width = max(3, len(str(len(self.calls))))
        return {
            f"{index:0{width}}/{name}": np.asarray(value)
            for index, call in enumerate(self.calls)
            for name, value in call.items()
        }


class _NoNumbersError(Exception):
    """An array whose numbers do not exist yet."""


def to_numpy(value: Any) -> NDArray[Any]:
    """Return a copy of a framework's array; bfloat16 as float32, which holds its numbers."""
    try:
        if hasattr(value, "detach"):  # PyTorch
            value = value.to_dense() if value.is_mkldnn else value
            value = value.float() if str(value.dtype) == "torch.bfloat16" else value
            value = value.numpy(force=True)
        array = np.array(value)
        if array.dtype.name == "bfloat16":
            array = array.astype(np.float32)
    except Exception as problem:  # each framework raises its own for what is not computed yet
        raise _NoNumbersError from problem
    if array.dtype == object:
        raise _NoNumbersError
    return array


@contextmanager
def replaced(owner: Any, name: str, wrapped: Callable[[Function], Function]) -> Iterator[None]:
    """Replace a function of a module or a class within the block."""
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(wrapped(original)))
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextmanager
def replaced_everywhere(
    original: Function, wrapped: Callable[[Function], Function], *, but: str = ""
) -> Iterator[None]:
    """Replace a function within the block in every module that has it, except in one."""
    replacement = wraps(original)(wrapped(original))
    places = [
        (names, name)
        for module_name, module in list(sys.modules.items())
        if module_name != but and isinstance(names := getattr(module, "__dict__", None), dict)
        for name, value in list(names.items())
        if value is original
    ]
    for names, name in places:
        names[name] = replacement
    try:
        yield
    finally:
        for names, name in places:
            names[name] = original
