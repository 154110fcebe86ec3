"""A call captured in somebody's model made into a case: its arrays in canonical axes, small enough.

People hand over what they have: arrays in a framework's own layout, large and real-valued. A case
is to be read, and to be compared with ``==`` where that can be had.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.authoring.entries import READABLE
from conformance.cases.operands import first_real, random
from conformance.printable import PrintableError
from conformance.question import DTYPES, Array
from conformance.recipes import order

ARGUMENTS = ("stride", "padding", "output_padding", "dilation", "groups")
"""Names in a file that are arguments of the call, and not arrays."""
X_AXES = "N C *s"
"""The canonical axes of x."""
RANGES = ((-3, 3), (-2, 2), (-1, 1))
"""What is drawn in place of captured numbers, the first that sums stay exact with."""

_OF_NUMPY = tuple(dtype for dtype in DTYPES if dtype != "bfloat16")


class CannotUse(PrintableError):
    """A capture that no case can be made of, in a sentence."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Capture:
    """The arrays of one call, with canonical axes.

    x       (N, C, *space)
    kernel  (C_in, C_out / groups, *k) of a transposed convolution, (C_out, C_in / groups, *k)
            of a convolution
    """

    x: Array
    kernel: Array
    bias: Array | None
    groups: int

    @property
    def arrays(self) -> dict[str, Array]:
        """Those that there are, by the keys of a case."""
        named = {"x": self.x, "kernel": self.kernel, "bias": self.bias}
        return {key: array for key, array in named.items() if array is not None}


def read(path: Path) -> dict[str, Array]:
    """The arrays in an .npz file by their names. Raises `CannotUse`."""
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.lib.npyio.NpzFile):
            with file:
                return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as problem:
        raise CannotUse(f"{path} cannot be read as an .npz file: {problem}") from None
    raise CannotUse(f"{path} holds one array without a name; np.savez writes names")


def capture(
    arrays: Mapping[str, Array],
    *,
    names: tuple[str, str, str | None],
    x_axes: str,
    kernel_axes: str,
    canonical: str,
    groups: int,
    dtype: str | None,
) -> Capture:
    """The call whose x, kernel and bias have these names, moved into canonical axes.

    names        without one for the bias, there is a bias if an array is called so
    x_axes       the axes of x as they are, such as "N *s C"
    kernel_axes  the axes of the kernel as they are, such as "*k out in"
    canonical    the axes of the kernel as they are to be
    dtype        what all are stored in, whatever they were; without it they must agree
    Raises `CannotUse`.
    """
    x_name, kernel_name, bias_name = names
    x = _named(arrays, x_name, "--x-name")
    kernel = _named(arrays, kernel_name, "--kernel-name")
    bias = None
    if bias_name or "bias" in arrays:
        bias = _named(arrays, bias_name or "bias", "--bias-name")
    if dtype is None and kernel.dtype != x.dtype:
        raise CannotUse(
            f"{x_name} has dtype {x.dtype}, {kernel_name} {kernel.dtype}; --dtype says which"
        )
    return Capture(
        x=_moved(x_name, x, x_axes, X_AXES),
        kernel=_moved(kernel_name, kernel, kernel_axes, canonical),
        bias=bias,
        groups=groups,
    )


def _named(arrays: Mapping[str, Array], name: str, option: str) -> Array:
    """The array with this name, in a dtype that a case may have."""
    if name not in arrays:
        has = ", ".join(arrays) or "nothing"
        raise CannotUse(f"the file has no {name!r}, it has {has}; {option} says which it is")
    array = arrays[name]
    if array.dtype.name not in _OF_NUMPY:
        raise CannotUse(
            f"{name} has dtype {array.dtype}; allowed are {', '.join(_OF_NUMPY)}, of which float32"
            " may stand for bfloat16 with `--dtype bfloat16`"
        )
    if not np.isfinite(array).all():
        raise CannotUse(f"{name} holds numbers that are not finite")
    return array


def argument(array: Array) -> Any:
    """An argument as a case says it: a word, a number, or a list of them, or of pairs."""
    value = array.tolist()
    return value.lower() if isinstance(value, str) else value


def _moved(name: str, array: Array, axes: str, canonical: str) -> Array:
    """The array with its axes, named in ``axes``, in the order of ``canonical``."""
    if sorted(axes.split()) != sorted(canonical.split()):
        raise CannotUse(f"the axes of {name} are named {canonical!r} in some order, got {axes!r}")
    rank = array.ndim - 2
    if rank not in (1, 2, 3):
        raise CannotUse(f"{name} must have 3 to 5 axes, {axes!r}, got shape {array.shape}")
    return array.transpose(order(axes, canonical, rank))


def cropped(capture: Capture, most: int) -> Capture:
    """The call with at most so many images, groups, channels in each of them, and positions.

    The window of the kernel stays whole. Raises `CannotUse` where the channels are no groups.
    """
    x, groups = capture.x, capture.groups
    inner = (slice(most),) * 2
    space = (slice(most),) * (x.ndim - 2)
    # Either kernel has the side that is grouped first.
    return replace(
        capture,
        x=_joined(_grouped("x", x, 1, groups)[(slice(most), *inner, *space)], 1),
        kernel=_joined(_grouped("kernel", capture.kernel, 0, groups)[(*inner, slice(most))], 0),
        bias=None
        if capture.bias is None
        else _joined(_grouped("bias", capture.bias, 0, groups)[inner], 0),
        groups=min(groups, most),
    )


def _grouped(name: str, array: Array, axis: int, groups: int) -> Array:
    """The array with one axis made two, of groups and of what is in each."""
    length = array.shape[axis]
    if groups < 1 or length % groups:
        raise CannotUse(f"{name} has {length} channels, which are not {groups} groups")
    return array.reshape(*array.shape[:axis], groups, -1, *array.shape[axis + 1 :])


def _joined(array: Array, axis: int) -> Array:
    return array.reshape(*array.shape[:axis], -1, *array.shape[axis + 2 :])


def literal(capture: Capture, *, real: bool) -> dict[str, Any]:
    """The numbers of the call as they are, by the keys of a case.

    Raises `CannotUse` for more numbers than are read, and for those that are not whole unless
    ``real``; the sentence says what to do.
    """
    for key, array in capture.arrays.items():
        if array.size > READABLE:
            raise CannotUse(
                f"{_too_many(key, array)}; `--integers 1` keeps the shape and draws small whole"
                f" numbers{_hint(capture)}"
            )
        at = None if real else first_real(array)
        if at is not None:
            raise CannotUse(
                f"{key} holds {array[at]!s}, which is not whole; `--integers 1` keeps the shape and"
                " draws small whole numbers, so that answers are compared with ==; `--real` keeps"
                " the numbers, and answers are compared within a bound"
            )
    said: dict[str, Any] = {key: _bare(key, array) for key, array in capture.arrays.items()}
    whole = all(first_real(array) is None for array in capture.arrays.values())
    return said if whole else {**said, "exact": False}


def drawn(capture: Capture, seed: int, numbers: tuple[int, int]) -> dict[str, Any]:
    """Whole numbers in place of those of the call, by the keys of a case.

    Raises `CannotUse` for a bias that is too long to be written, as there is no rule for one.
    """
    low, high = numbers
    made: dict[str, Any] = {
        key: {"shape": array.shape, "integers": [low, high], "seed": seed + place}
        for place, (key, array) in enumerate(capture.arrays.items())
    }
    if capture.bias is not None:
        if capture.bias.size > READABLE:
            raise CannotUse(f"{_too_many('bias', capture.bias)}{_hint(capture)}")
        made["bias"] = random(seed + 2).integers(low, high, capture.bias.shape, endpoint=True)
    return made


def _too_many(key: str, array: Array) -> str:
    return (
        f"{key} has {array.size} numbers, shape {array.shape}, and at most {READABLE} are written"
    )


def _hint(capture: Capture) -> str:
    """How much to crop so that every number is written, if that does it."""
    for most in reversed(range(1, READABLE)):
        if all(array.size <= READABLE for array in cropped(capture, most).arrays.values()):
            where = "along each axis but the kernel's window"
            return f"; `--crop {most}` keeps the first {most} {where}"
    return ""


def _bare(key: str, array: Array) -> Array:
    """An array without batch and channels where it has one of each."""
    bare = key != "bias" and array.shape[:2] == (1, 1) and array.ndim < 5
    return array[0, 0] if bare else array
