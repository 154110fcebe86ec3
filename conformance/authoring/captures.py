"""Converts a captured call to the fields of a case, with small arrays in canonical axes.

A captured call has large arrays of real numbers in a framework's own layout. A person has to read
a case, and its answer is compared with ``==`` where that is possible.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapters.base import Api
from conformance.adapters.registry import APIS
from conformance.authoring.yaml_writer import READABLE
from conformance.cases.array_rules import random
from conformance.cases.arrays import first_real
from conformance.cases.vocabulary import RENAMED, of_key
from conformance.question import DTYPES, Array
from conformance.recipes.search import order
from conformance.utils.printable import PrintableError

ARRAYS = ("x", "kernel", "bias")
"""Names of the arrays of a call."""
ARGUMENTS = ("stride", "padding", "output_padding", "dilation", "groups")
"""Names of the arguments of a call."""
ANSWERS = frozenset({"y", "Y", "out", "output", "outputs", "answer", "result", "expected"})
"""Usual names of the answer of a call."""
MOST_BYTES = 2**30
"""Bytes that an array in a file may have."""
MOST_NUMBERS = 10
"""Numbers that an argument may have."""
X_AXES = "N C *s"
"""The canonical axes of x."""
RANGES = ((-3, 3), (-2, 2), (-1, 1))
"""Ranges of the numbers that replace captured ones; the first with exact sums is used."""

_NUMPY_DTYPES = tuple(dtype for dtype in DTYPES if dtype != "bfloat16")


class CannotUse(PrintableError):
    """No case can be made of a capture; the message is a sentence."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Capture:
    """The arrays of one call, with canonical axes.

    Parameters
    ----------
    x : ndarray of shape (N, C, *space)
        The input.
    kernel : ndarray
        The kernel, of shape (C_in, C_out / groups, *k) for a transposed convolution, and of shape
        (C_out, C_in / groups, *k) for a convolution.
    bias : ndarray of shape (C_out,) or None
        The bias.
    groups : int
        The number of groups.
    """

    x: Array
    kernel: Array
    bias: Array | None
    groups: int

    @property
    def arrays(self) -> dict[str, Array]:
        """The arrays that are not None, by the keys of a case."""
        arrays = {key: getattr(self, key) for key in ARRAYS}
        return {key: array for key, array in arrays.items() if array is not None}


def read(path: Path, ignored: Collection[str] = ()) -> dict[str, Array]:
    """Read the arrays of an .npz file.

    Parameters
    ----------
    path
        The file.
    ignored
        Names of arrays that are left out, whatever they hold.

    Returns
    -------
    dict of str to ndarray
        The arrays by their names.

    Raises
    ------
    CannotUse
        For a file with anything but arrays of at most `MOST_BYTES` with unique names, and for a
        file without one of the ignored names.
    """
    try:
        stream = path.open("rb")
    except OSError as problem:
        raise CannotUse(f"{path}: cannot be read: {problem.strerror}") from None
    with stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns about old files, but reads them
        try:
            file = np.load(stream, allow_pickle=False)
        except Exception as problem:  # NumPy, zipfile and zlib raise many types for bad bytes
            raise CannotUse(f"{path} cannot be read as an .npz file: {_reason(problem)}") from None
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise CannotUse(f"{path} holds one array without a name; np.savez writes names")
        for name in ignored:
            if name not in file.files:
                raise CannotUse(f"{path} has no {name!r} to ignore; it has {_list(file.files)}")
        duplicates = [name for name, number in Counter(file.files).items() if number > 1]
        if duplicates:
            raise CannotUse(f"{path} has {duplicates[0]!r} more than once")
        return {name: _read_array(path, file, name) for name in file.files if name not in ignored}


def _read_array(path: Path, file: Any, name: str) -> Array:
    try:
        sizes = {info.filename.removesuffix(".npy"): info.file_size for info in file.zip.infolist()}
        if sizes[name] > MOST_BYTES:
            raise CannotUse(
                f"{path}: {name!r} has {sizes[name]} bytes; at most {MOST_BYTES} are read"
            )
        array = file[name]
    except CannotUse:
        raise
    except Exception as problem:  # as above
        raise CannotUse(
            f"{path}: {name!r} cannot be read: {_reason(problem)}; `--ignore {name}` leaves it out"
        ) from None
    if not isinstance(array, np.ndarray):
        raise CannotUse(f"{path}: {name!r} is no array; `--ignore {name}` leaves it out")
    return array


def _reason(problem: Exception) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def named(
    arrays: Mapping[str, Array], names: Mapping[str, str | None], api: Api | None
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Separate the arrays of a call from its arguments.

    Parameters
    ----------
    arrays
        The arrays of a file by their names.
    names
        The names of x, kernel and bias in the file, where the user has named them.
    api
        The API that was called, whose own names are accepted in addition to those of a case.

    Returns
    -------
    tuple of dict
        The arrays by x, kernel and bias, and the arguments by the keys of a case.

    Raises
    ------
    CannotUse
        For an unknown name, two names of one key, and an argument that no case can have.
    """
    vocabulary = {key: key for key in (*ARRAYS, *ARGUMENTS)} | dict(api.parameters if api else {})
    keys = {name: key for name, key in vocabulary.items() if names.get(key) is None}
    keys |= {name: key for key, name in names.items() if name is not None}
    for key, choice in names.items():
        if choice is not None and choice not in arrays:
            raise CannotUse(
                f"the file has no {choice!r}, it has {_list(arrays)}; --{key}-name says which it is"
            )
    by_key: dict[str, str] = {}
    for name in arrays:
        if name not in keys:
            raise CannotUse(_unknown_name(name, keys, api))
        key = keys[name]
        if key in by_key:
            raise CannotUse(f"{by_key[key]!r} and {name!r} are both {key}; --ignore leaves one out")
        by_key[key] = name
    return (
        {key: arrays[name] for key, name in by_key.items() if key in ARRAYS},
        {key: _argument(name, arrays[name]) for key, name in by_key.items() if key in ARGUMENTS},
    )


def _unknown_name(name: str, keys: Mapping[str, str], api: Api | None) -> str:
    """Write that a name is unknown, and suggest others, preferably those of the API."""
    context, vocabulary = "", keys
    if api is not None:
        context = f" of {api.id}"
        vocabulary = {word: key for word, key in keys.items() if word in api.parameters}
    others = [other.id for other in APIS.values() if name in other.parameters]
    by_key = {key: word for word, key in vocabulary.items()}
    if name in ANSWERS:
        hint = "; a case has the oracle's answer, and not the one that was captured"
    elif others and api is None:
        hint = f"; {others[0]} calls something so, and --api says what was called"
    elif RENAMED.get(name) in by_key:
        hint = f"; did you mean {by_key[RENAMED[name]]!r}?"
    else:
        hint = of_key(name, keys).partition("; the keys are")[0]
    return (
        f"{name!r} is no array or argument{context} that is known{hint}; known are"
        f" {', '.join(vocabulary)}; `--ignore {name}` leaves it out"
    )


def _argument(name: str, array: Array) -> Any:
    """Convert an argument to its value in a case: a word, a number, or a list of these or of pairs.

    Raises `CannotUse`.
    """
    if array.size > MOST_NUMBERS or array.ndim > 2 or array.dtype.kind not in "iuU":
        raise CannotUse(
            f"{name!r} must be a word, a whole number, or one or two for each axis,"
            f" got {array.dtype} of shape {array.shape}"
        )
    value = array.tolist()
    return value.lower() if isinstance(value, str) else value


def capture(
    arrays: Mapping[str, Array],
    *,
    x_axes: str,
    kernel_axes: str,
    canonical: str,
    groups: int,
    dtype: str | None,
) -> Capture:
    """Move the arrays of a call to canonical axes.

    Parameters
    ----------
    arrays
        The arrays x, kernel and, if there is one, bias.
    x_axes
        The axes of x, such as "N *s C".
    kernel_axes
        The axes of the kernel, such as "*k out in".
    canonical
        The canonical axes of the kernel.
    groups
        The number of groups.
    dtype
        The dtype of the case; None for that of the arrays, which then have to agree.

    Returns
    -------
    Capture
        The call.

    Raises
    ------
    CannotUse
        For a missing array, and for axes, dtypes and numbers that no case has.
    """
    for key in ("x", "kernel"):
        if key not in arrays:
            raise CannotUse(f"there is no {key}; --{key}-name says which array of the file it is")
    for key, array in arrays.items():
        _require_usable(key, array)
    x, kernel, bias = (arrays.get(key) for key in ARRAYS)
    assert x is not None and kernel is not None
    if dtype is None and kernel.dtype != x.dtype:
        raise CannotUse(f"x has dtype {x.dtype}, the kernel {kernel.dtype}; --dtype says which")
    if bias is not None and bias.ndim != 1:
        raise CannotUse(f"bias must have one axis, got shape {bias.shape}")
    return Capture(
        x=_transpose("x", x, x_axes, X_AXES),
        kernel=_transpose("kernel", kernel, kernel_axes, canonical),
        bias=bias,
        groups=groups,
    )


def _require_usable(name: str, array: Array) -> None:
    if array.dtype.name not in _NUMPY_DTYPES:
        raise CannotUse(
            f"{name} has dtype {array.dtype}; allowed are {', '.join(_NUMPY_DTYPES)}, of which"
            " float32 may stand for bfloat16 with `--dtype bfloat16`"
        )
    if not array.size:
        raise CannotUse(f"{name} is empty, of shape {array.shape}")
    if not np.isfinite(array).all():
        raise CannotUse(f"{name} holds numbers that are not finite")


def _transpose(name: str, array: Array, axes: str, canonical: str) -> Array:
    """Transpose an array from the order of ``axes`` to that of ``canonical``."""
    if sorted(axes.split()) != sorted(canonical.split()):
        raise CannotUse(f"the axes of {name} are named {canonical!r} in some order, got {axes!r}")
    rank = array.ndim - 2
    if rank not in (1, 2, 3):
        raise CannotUse(f"{name} must have 3 to 5 axes, {axes!r}, got shape {array.shape}")
    return array.transpose(order(axes, canonical, rank))


def cropped(capture: Capture, most: int) -> Capture:
    """Crop a call along every axis, except the window of the kernel.

    Parameters
    ----------
    capture
        The call.
    most
        How many images, groups, channels in each group, and positions along each axis remain.

    Returns
    -------
    Capture
        The smaller call.

    Raises
    ------
    CannotUse
        Where the channels are no multiple of the groups.
    """
    x, groups = capture.x, capture.groups
    inner = (slice(most),) * 2
    space = (slice(most),) * (x.ndim - 2)
    # The first axis of either kernel is the one with groups.
    return replace(
        capture,
        x=_merge(_split("x", x, 1, groups)[(slice(most), *inner, *space)], 1),
        kernel=_merge(_split("kernel", capture.kernel, 0, groups)[(*inner, slice(most))], 0),
        bias=None
        if capture.bias is None
        else _merge(_split("bias", capture.bias, 0, groups)[inner], 0),
        groups=min(groups, most),
    )


def _split(name: str, array: Array, axis: int, groups: int) -> Array:
    """Split an axis into two: groups, and the channels of each. Raises `CannotUse`."""
    length = array.shape[axis]
    if groups < 1 or length % groups:
        raise CannotUse(f"{name} has {length} channels, which are not {groups} groups")
    return array.reshape(*array.shape[:axis], groups, -1, *array.shape[axis + 1 :])


def _merge(array: Array, axis: int) -> Array:
    """Merge an axis with the next one."""
    return array.reshape(*array.shape[:axis], -1, *array.shape[axis + 2 :])


def literal(capture: Capture, *, real: bool) -> dict[str, Any]:
    """Convert a call to the fields of a case, with its own numbers.

    Parameters
    ----------
    capture
        The call.
    real
        Whether the numbers may be other than whole.

    Returns
    -------
    dict
        The values by the keys of a case.

    Raises
    ------
    CannotUse
        For more numbers than a person reads, and for real numbers unless these are allowed.
    """
    for key, array in capture.arrays.items():
        if array.size > READABLE:
            raise CannotUse(
                f"{_too_many(key, array)}; `--integers 1` keeps the shape and draws small whole"
                f" numbers{_hint(capture)}"
            )
        index = None if real else first_real(array)
        if index is not None:
            raise CannotUse(
                f"{key} holds {array[index]!s}, which is not whole; `--integers 1` keeps the shape"
                " and draws small whole numbers, so that answers are compared with ==; `--real`"
                " keeps the numbers, and answers are compared within a bound"
            )
    fields: dict[str, Any] = {key: _bare(key, array) for key, array in capture.arrays.items()}
    is_whole = all(first_real(array) is None for array in capture.arrays.values())
    return fields if is_whole else {**fields, "exact": False}


def drawn(capture: Capture, seed: int, numbers: tuple[int, int]) -> dict[str, Any]:
    """Convert a call to the fields of a case, with random whole numbers.

    Parameters
    ----------
    capture
        The call, of which only the shapes stay.
    seed
        The seed.
    numbers
        The smallest number and the largest one.

    Returns
    -------
    dict
        The values by the keys of a case.

    Raises
    ------
    CannotUse
        For a bias with more numbers than a person reads, as a case has no rule for a bias.
    """
    low, high = numbers
    fields: dict[str, Any] = {
        key: {"shape": array.shape, "integers": [low, high], "seed": seed + offset}
        for offset, (key, array) in enumerate(capture.arrays.items())
    }
    if capture.bias is not None:
        if capture.bias.size > READABLE:
            raise CannotUse(f"{_too_many('bias', capture.bias)}{_hint(capture)}")
        fields["bias"] = random(seed + 2).integers(low, high, capture.bias.shape, endpoint=True)
    return fields


def _too_many(key: str, array: Array) -> str:
    return (
        f"{key} has {array.size} numbers, shape {array.shape}, and at most {READABLE} are written"
    )


def _hint(capture: Capture) -> str:
    """Suggest the largest crop that makes the arrays small enough; empty where there is none."""
    for most in reversed(range(1, READABLE)):
        if all(array.size <= READABLE for array in cropped(capture, most).arrays.values()):
            axes = "along each axis but the kernel's window"
            return f"; `--crop {most}` keeps the first {most} {axes}"
    return ""


def _bare(key: str, array: Array) -> Array:
    """Drop the axes of batch and channels where both have length one."""
    is_single = key != "bias" and array.shape[:2] == (1, 1) and array.ndim < 5
    return array[0, 0] if is_single else array
