"""A call captured in somebody's model made into a case: its arrays in canonical axes, small enough.

People hand over what they have: arrays in a framework's own layout, large and real-valued. A case
is to be read, and to be compared with ``==`` where that can be had.
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
from conformance.cases.arrays import first_real, random
from conformance.cases.vocabulary import RENAMED, of_key
from conformance.question import DTYPES, Array
from conformance.recipes.search import order
from conformance.utils.printable import PrintableError

ARRAYS = ("x", "kernel", "bias")
ARGUMENTS = ("stride", "padding", "output_padding", "dilation", "groups")
"""Names in a file that are arguments of the call, and not arrays."""
ANSWERS = frozenset({"y", "Y", "out", "output", "outputs", "answer", "result", "expected"})
"""Names that people give to what a call answered."""
MOST_BYTES = 2**30
"""Of an array in a file."""
MOST_NUMBERS = 10
"""Of an argument."""
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
        For a file that holds anything but arrays of at most `MOST_BYTES`, each with a name of its
        own, or has none of the ignored names.
    """
    try:
        stream = path.open("rb")
    except OSError as problem:
        raise CannotUse(f"{path}: cannot be read: {problem.strerror}") from None
    with stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of NumPy's about old files, which it reads
        try:
            file = np.load(stream, allow_pickle=False)
        except Exception as problem:  # whatever NumPy, zipfile and zlib raise over any bytes
            raise CannotUse(f"{path} cannot be read as an .npz file: {_reason(problem)}") from None
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise CannotUse(f"{path} holds one array without a name; np.savez writes names")
        for name in ignored:
            if name not in file.files:
                raise CannotUse(f"{path} has no {name!r} to ignore; it has {_list(file.files)}")
        again = [name for name, number in Counter(file.files).items() if number > 1]
        if again:
            raise CannotUse(f"{path} has {again[0]!r} more than once")
        kept = [name for name in file.files if name not in ignored]
        return {name: _member(path, file, name) for name in kept}


def _member(path: Path, file: Any, name: str) -> Array:
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
    said = " ".join(str(problem).split())
    return said or type(problem).__name__


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def named(
    arrays: Mapping[str, Array], names: Mapping[str, str | None], api: Api | None
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Tell the arrays of a call and its arguments apart, by the keys of a case.

    Parameters
    ----------
    arrays
        What a file has.
    names
        What x, kernel and bias are called there, where that was said.
    api
        What was called; its own names for arrays and arguments are known beside ours.

    Returns
    -------
    tuple of dict
        The arrays by x, kernel and bias, and the arguments by the keys that a case has for them.

    Raises
    ------
    CannotUse
        For a name that is not known, as nothing that was captured is dropped; for two names of one
        thing; and for an argument that no case can have.
    """
    own_words = {key: key for key in (*ARRAYS, *ARGUMENTS)} | dict(api.parameters if api else {})
    known = {word: key for word, key in own_words.items() if names.get(key) is None}
    known |= {word: key for key, word in names.items() if word is not None}
    for key, named in names.items():
        if named is not None and named not in arrays:
            has = _list(arrays)
            raise CannotUse(
                f"the file has no {named!r}, it has {has}; --{key}-name says which it is"
            )
    found: dict[str, str] = {}
    for word in arrays:
        if word not in known:
            raise CannotUse(_unknown(word, known, api))
        key = known[word]
        if key in found:
            raise CannotUse(f"{found[key]!r} and {word!r} are both {key}; --ignore leaves one out")
        found[key] = word
    return (
        {key: arrays[word] for key, word in found.items() if key in ARRAYS},
        {key: _argument(word, arrays[word]) for key, word in found.items() if key in ARGUMENTS},
    )


def _unknown(word: str, known: Mapping[str, str], api: Api | None) -> str:
    """Why a name cannot be used, and which could be, in the words of the API."""
    where, listed = "", dict(known)
    if api is not None:
        where = f" of {api.id}"
        listed = {name: key for name, key in known.items() if name in api.parameters}
    others = [other.id for other in APIS.values() if word in other.parameters]
    by_key = {key: name for name, key in listed.items()}
    if word in ANSWERS:
        hint = "; a case has the oracle's answer, and not the one that was captured"
    elif others and api is None:
        hint = f"; {others[0]} calls something so, and --api says what was called"
    elif RENAMED.get(word) in by_key:
        hint = f"; did you mean {by_key[RENAMED[word]]!r}?"
    else:
        hint = of_key(word, known).partition("; the keys are")[0]
    return (
        f"{word!r} is no array or argument{where} that is known{hint}; known are"
        f" {', '.join(listed)}; `--ignore {word}` leaves it out"
    )


def _argument(word: str, array: Array) -> Any:
    """An argument as a case says it: a word, a number, or a list of them, or of pairs."""
    if array.size > MOST_NUMBERS or array.ndim > 2 or array.dtype.kind not in "iuU":
        raise CannotUse(
            f"{word!r} must be a word, a whole number, or one or two for each axis,"
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
    """The call of these arrays, moved into canonical axes.

    arrays       x, kernel and, if there is one, bias
    x_axes       the axes of x as they are, such as "N *s C"
    kernel_axes  the axes of the kernel as they are, such as "*k out in"
    canonical    the axes of the kernel as they are to be
    dtype        what all are stored in, whatever they were; without it they must agree
    Raises `CannotUse`.
    """
    for key in ("x", "kernel"):
        if key not in arrays:
            raise CannotUse(f"there is no {key}; --{key}-name says which array of the file it is")
    for key, array in arrays.items():
        _refuse_unusable(key, array)
    x, kernel, bias = (arrays.get(key) for key in ARRAYS)
    assert x is not None and kernel is not None
    if dtype is None and kernel.dtype != x.dtype:
        raise CannotUse(f"x has dtype {x.dtype}, the kernel {kernel.dtype}; --dtype says which")
    if bias is not None and bias.ndim != 1:
        raise CannotUse(f"bias must have one axis, got shape {bias.shape}")
    return Capture(
        x=_moved("x", x, x_axes, X_AXES),
        kernel=_moved("kernel", kernel, kernel_axes, canonical),
        bias=bias,
        groups=groups,
    )


def _refuse_unusable(name: str, array: Array) -> None:
    if array.dtype.name not in _OF_NUMPY:
        raise CannotUse(
            f"{name} has dtype {array.dtype}; allowed are {', '.join(_OF_NUMPY)}, of which float32"
            " may stand for bfloat16 with `--dtype bfloat16`"
        )
    if not array.size:
        raise CannotUse(f"{name} is empty, of shape {array.shape}")
    if not np.isfinite(array).all():
        raise CannotUse(f"{name} holds numbers that are not finite")


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
