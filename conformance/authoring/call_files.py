"""Read a captured call from an .npz file: its arrays, and its arguments."""

import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from conformance.adapters.registry import APIS
from conformance.cases import output_lengths
from conformance.cases.vocabulary import SYNONYMS, key_hint
from conformance.question import Array
from conformance.utils.printable import PrintableError
from conformance.utils.reading import reading

ARRAYS = ("x", "kernel", "bias")
"""Names of the arrays of a call."""
ARGUMENTS = ("stride", "padding", "output_padding", "dilation", "groups")
"""Names of the arguments of a call."""
LENGTH_WORDS = dict.fromkeys(output_lengths.WORDS, output_lengths.WORDS[0])
"""The words of a case for the length of the output, each with its key."""
ANSWERS = frozenset({"y", "Y", "out", "output", "outputs", "answer", "result", "expected"})
"""Usual names of the answer of a call."""
MOST_BYTES = 2**30
"""Bytes that an array in a file may have."""
MOST_NUMBERS = 10
"""Numbers that an argument may have."""
T = TypeVar("T")


class CannotUse(PrintableError):
    """No case can be made of a capture; the message is a sentence."""


class Vocabulary(Protocol):
    """The words of an API for its arrays and arguments, as in its documentation."""

    @property
    def id(self) -> str:
        """Return the name of the API."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """Return the words, each with the key of a case that means the same."""


def read(path: Path, ignored: Collection[str] = ()) -> dict[str, Array]:
    """Read the arrays of an .npz file by their names, except the ignored ones.

    Raises ``CannotUse`` for a file with anything but arrays of at most `MOST_BYTES` with unique
    names, and for a file without one of the ignored names.
    """
    with reading(path, CannotUse):
        stream = path.open("rb")
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
    hint = f"`--ignore {name}` leaves it out"
    try:
        sizes = {info.filename.removesuffix(".npy"): info.file_size for info in file.zip.infolist()}
        array = None if sizes[name] > MOST_BYTES else file[name]
    except Exception as problem:  # as above
        raise CannotUse(f"{path}: {name!r} cannot be read: {_reason(problem)}; {hint}") from None
    if array is None:
        raise CannotUse(f"{path}: {name!r} has {sizes[name]} bytes; at most {MOST_BYTES} are read")
    if not isinstance(array, np.ndarray):
        raise CannotUse(f"{path}: {name!r} is no array; {hint}")
    return array


def _reason(problem: Exception) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def recorded_calls(values: Mapping[str, T]) -> dict[str, dict[str, T]]:
    """Return the calls of a file that ``conformance.capture`` wrote, each by its number.

    Names there begin with the number of a call, as in ``000/x``. Of any other file there are none.
    """
    names = [name.partition("/") for name in values]
    if not all(number.isdecimal() and name for number, _, name in names):
        return {}
    calls: dict[str, dict[str, T]] = {}
    for (number, _, name), value in zip(names, values.values(), strict=True):
        calls.setdefault(number, {})[name] = value
    return dict(sorted(calls.items()))


def layers_named(titles: Iterable[str], layer: str | None) -> list[str]:
    """Return the titles, such as ``001 decoder.1``, that have this number or name."""
    return [title for title in titles if layer in (title, *title.split(maxsplit=1))]


def layer_named(titles: Collection[str], layer: str) -> str:
    """Return the only title that has this number or name. Raises `CannotUse`."""
    found = layers_named(titles, layer)
    if len(found) != 1:
        raise CannotUse(f"{layer!r} is not one of the layers {', '.join(titles)}")
    return found[0]


def split_arguments(
    arrays: Mapping[str, Array],
    names: Mapping[str, str | None],
    api: Vocabulary | None,
    *,
    others: Mapping[str, str] | None = None,
    can_ignore: bool = True,
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Separate the arrays of a call from its arguments.

    Returns the arrays by the keys of ``names``, and the arguments by their keys. Raises
    ``CannotUse`` for an unknown name, two names of one key, and an argument that no case can have.

    Parameters
    ----------
    arrays
        The arrays of a file by their names.
    names
        The names of the arrays of the call in the file, by x, kernel, bias and others that the
        call has; None where the user has not named them.
    can_ignore
        Whether an error says that ``--ignore`` leaves a name out.
    """
    remedy = "; `--ignore {}` leaves it out" if can_ignore else ""
    vocabulary = {key: key for key in (*ARRAYS, *ARGUMENTS)}
    vocabulary |= {**(others or {}), **(api.parameters if api else LENGTH_WORDS)}
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
            raise CannotUse(_unknown_name(name, keys, api) + remedy.format(name))
        key = keys[name]
        if key in by_key:
            hint = "; --ignore leaves one out" if can_ignore else ""
            raise CannotUse(f"{by_key[key]!r} and {name!r} are both {key}{hint}")
        by_key[key] = name
    return (
        {key: arrays[name] for key, name in by_key.items() if key in names},
        {key: _argument(name, arrays[name]) for key, name in by_key.items() if key not in names},
    )


def _unknown_name(name: str, keys: Mapping[str, str], api: Vocabulary | None) -> str:
    """Write that a name is unknown, and suggest others, preferably those of the API."""
    context, vocabulary = "", keys
    if api is not None:
        context = f" of {api.id}"
        vocabulary = {w: k for w, k in keys.items() if w in api.parameters or w == "y"}
    others = [other.id for other in APIS.values() if name in other.parameters]
    by_key = {key: word for word, key in vocabulary.items()}
    if name in ANSWERS and "y" not in keys.values():
        hint = "; a case has the oracle's answer, and not the one that was captured"
    elif others and api is None:
        hint = f"; {others[0]} calls something so, and --api says what was called"
    elif SYNONYMS.get(name) in by_key:
        hint = f"; did you mean {by_key[SYNONYMS[name]]!r}?"
    else:
        hint = key_hint(name, keys).partition("; the keys are")[0]
    return (
        f"{name!r} is no array or argument{context} that is known{hint}; known are"
        f" {', '.join(word for word in vocabulary if word not in ANSWERS or word == 'y')}"
    )


def _argument(name: str, array: Array) -> Any:
    """Return a word, a number, or a list of these or of pairs. Raises `CannotUse`."""
    if array.size > MOST_NUMBERS or array.ndim > 2 or array.dtype.kind not in "iuU":
        is_number = not array.ndim and array.dtype.kind in "bcf"
        got = array.item() if is_number else f"{array.dtype} of shape {array.shape}"
        raise CannotUse(
            f"{name!r} must be a word, a whole number, or one or two for each axis, got {got}"
        )
    value = array.tolist()
    return value.lower() if isinstance(value, str) else value
