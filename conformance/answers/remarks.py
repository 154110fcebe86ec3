"""Say what can still be said of an answer that no convention explains."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.question import Array
from conformance.utils.excerpt import listed

NEAR = 1e-3
"""The largest relative difference of an answer from a multiple or a shift of the right one."""


def remarks(answer: Array, expected: Array, agrees: Array) -> Iterator[str]:
    """Yield sentences about an answer of the right shape.

    ``answer`` and ``expected`` are the answer (N, C, *space), and the oracle's. Yields a sentence:
    what it is of the right numbers, or where it differs.
    """
    if np.iscomplexobj(answer) or np.iscomplexobj(expected):
        return
    y, right = answer.astype(np.float64), expected.astype(np.float64)
    if not (np.isfinite(y).all() and np.isfinite(right).all()):
        return
    if not y.any():
        yield "All numbers are zero."
        return
    yield from _places(agrees)
    norm = float(np.vdot(right, right))
    factor = float(np.vdot(right, y)) / norm if norm else 0.0
    shift = y - right
    channels = shift.mean(
        axis=tuple(axis for axis in range(shift.ndim) if axis != 1), keepdims=True
    )
    if factor and _is_near(y, factor * right):
        yield f"It is {factor:.6g} times the right answer."
    elif _is_near(y, np.maximum(right, 0)):
        yield "It is the right answer with zeros for negative numbers, as after a ReLU."
    elif _is_near(y, right + shift.mean()):
        yield f"It is the right answer and {shift.mean():.6g} more everywhere."
    elif y.shape[1] > 1 and y[:, 0].size > 1 and _is_near(y, right + channels):
        numbers = ", ".join(f"{number:.6g}" for number in channels.ravel()[:_MOST])
        yield f"It is the right answer and {numbers} more in its channels, as by another bias."


_MOST = 8
"""Places or numbers that a sentence has."""
_AXES = ("example", "channel")


def _is_near(y: Array, other: Array) -> bool:
    return bool(np.abs(y - other).max() <= NEAR * np.abs(y).max())


def _places(agrees: Array) -> Iterator[str]:
    """Yield on which places of an axis alone the numbers differ."""
    for axis in range(agrees.ndim):
        others = tuple(other for other in range(agrees.ndim) if other != axis)
        differing = np.flatnonzero(~agrees.all(axis=others))
        if 0 < len(differing) < agrees.shape[axis] and len(differing) <= _MOST:
            name = _AXES[axis] if axis < 2 else f"index of spatial axis {axis - 2}:"
            yield f"It differs only in {name} {listed(list(map(str, differing.tolist())), _MOST)}."
