"""Record the transposed convolutions of a running model, in the framework's own process.

The package needs NumPy only, and looks only at frameworks that are imported already.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from conformance.recorder.calls import Calls

__all__ = ["Calls", "capture"]

_WATCHED = ("torch", "tensorflow", "keras", "jax")
"""The frameworks that are watched, each by the module of its name."""


@contextmanager
def capture(path: str | Path, model: Any = None) -> Iterator[Calls]:
    """Record every transposed convolution that is called in a ``with`` block.

    PyTorch, TensorFlow, Keras and JAX are watched if they are imported. The calls themselves are
    not changed. What JAX, TensorFlow or OpenVINO compiled runs operation by operation meanwhile. A
    warning names each layer and function whose calls could not be recorded.

    Parameters
    ----------
    path
        The .npz file to write when the block ends. Each call has names of its own, such as
        ``000/x``; ``conformance diagnose``, ``new`` and ``translate`` take the file whole.
    model
        A PyTorch module; its layers are recorded under the names that they have in it.

    Yields
    ------
    Calls
        The calls so far.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import conformance
    >>> with conformance.capture("calls.npz") as calls:  # doctest: +SKIP
    ...     model(x)
    """
    calls = Calls()
    with ExitStack() as stack:
        for name in filter(sys.modules.__contains__, _WATCHED):
            stack.enter_context(import_module(f"{__name__}.{name}").watch(calls, model))
        try:
            yield calls
        finally:
            with Path(path).open("wb") as file:
                np.savez(file, **calls.arrays())  # type: ignore[arg-type]  # of its own keyword
    if calls.unrecorded:
        names = Counter(calls.unrecorded)
        listed = ", ".join(name if n == 1 else f"{name} ({n} times)" for name, n in names.items())
        warnings.warn(
            f"{len(calls.unrecorded)} transposed convolutions were not recorded, as their arrays"
            f" cannot be seen: {listed}; run the model eagerly, and in the thread of the block",
            stacklevel=3,
        )
