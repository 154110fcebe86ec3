"""Move arrays from the layout that somebody names, with or without a batch, to canonical axes."""

import re
from typing import Any

import numpy as np

from conformance.authoring.call_files import CannotUse
from conformance.question import Array
from conformance.recipes.search import order

_SPATIAL = "DHWLT"
"""Letters of spatial axes."""


def axes_of(name: str, layout: str, canonical: str) -> str:
    """Return the order of axes behind the name of a layout.

    Returns the canonical axes in another order. Raises ``CannotUse`` if it is no order of the
    canonical axes.

    Parameters
    ----------
    layout
        Such as ``NHWC``, ``HWIO``, ``channels_last`` or ``N *s C``.
    """
    letters = {axis[0].upper(): axis for axis in canonical.split() if not axis.startswith("*")}
    (space,) = {*canonical.split()} - {*letters.values()}
    order_ = {"channels_first": "NCW", "channels_last": "NWC"}.get(str(layout), str(layout))
    if order_.isalpha() and order_.isupper():
        runs = re.findall(f"[{_SPATIAL}]+|.", order_)
        order_ = " ".join(space if run[0] in _SPATIAL else letters.get(run, run) for run in runs)
    if sorted(order_.split()) != sorted(canonical.split()):
        example = "NHWC" if "C" in letters else "HWIO"
        raise CannotUse(
            f"the layout of {name} must be a name such as {example}, or {canonical!r} in some"
            f" order, got {layout!r}"
        )
    return order_


def with_all_axes(array: Array, rank: int, axes: str) -> Array:
    """Return an array with axes of batch and channels, of length one where it lacks them.

    Parameters
    ----------
    array
        Array with ``rank`` spatial axes, and with all others, with all but the batch, or with none.
    axes
        The order of all axes, such as ``N *s C``.
    """
    others = [name for name in axes.split() if not name.startswith("*")]
    missing = {0: [], 1: ["N"], 2: others}[rank + 2 - array.ndim]
    names = axis_names(axes, rank)
    return np.expand_dims(array, tuple(names.index(name) for name in missing))


def to_canonical(array: Array, rank: int, axes: str, canonical: str) -> Array:
    """Return an array with all axes, transposed from the order of ``axes`` to the canonical one."""
    return with_all_axes(array, rank, axes).transpose(order(axes, canonical, rank))


def axis_names(axes: str, rank: int) -> list[str]:
    """Return the names of all axes of an array, such as N, 0, 1, C of ``N *s C``."""
    names = (map(str, range(rank)) if axis.startswith("*") else [axis] for axis in axes.split())
    return [name for axis in names for name in axis]


def spatial_entries(name: str, value: Any, rank: int, axes: str, neutral: int) -> Any:
    """Return the entries for spatial axes of a value that may have some for batch and channels.

    ``axes`` is the order of the axes of x. Raises ``CannotUse`` if another number stands there.
    """
    if not isinstance(value, list):
        return value
    if len(value) == 1 and rank > 1:
        return value[0]
    if len(value) != rank + 2:
        return value
    entries = dict(zip(axis_names(axes, rank), value, strict=True))
    for axis in ("N", "C"):
        if entries.pop(axis) not in (neutral, [neutral, neutral]):
            raise CannotUse(f"{name} must be {neutral} for batch and channels, got {value}")
    return [*entries.values()]
