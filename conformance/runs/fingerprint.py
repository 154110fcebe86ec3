"""Compute one digest of all that a run is made from, so that no run is made twice."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from conformance.utils import resources

PACKAGE = Path(__file__).resolve().parent.parent
_SUFFIXES = (".yaml", ".yml")


def digest(cases: Iterable[Path], words: Sequence[str], variables: Iterable[str]) -> str:
    """Return a digest of our code, case files, words and environment variables.

    A file counts with its folders: as they are within this package or the corpus, or else below
    the working directory, or else from the root. So it does not matter how a file is named, and a
    file that was moved is another one.

    Parameters
    ----------
    cases
        Files and folders of cases.
    words
        The words of the command, and others that decide what is run.
    variables
        Names of environment variables.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    total = hashlib.sha256()
    for name, data in sorted({**_code_files(), **_case_files(cases)}.items()):
        _add(total, name.encode(errors="surrogateescape"), data)
    for word in (*words, *(f"{name}={os.environ.get(name)}" for name in sorted(variables))):
        _add(total, word.encode(errors="surrogateescape"))
    return total.hexdigest()[:16]


@cache
def code() -> str:
    """Return a digest of our code alone, as it was at the first call in this process."""
    return digest((), (), ())


def _add(total: hashlib._Hash, *parts: bytes) -> None:
    """Add parts with their lengths, so that no two lists of parts are the same bytes."""
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)


def _code_files() -> dict[str, bytes]:
    files = (path for path in PACKAGE.rglob("*.py") if path.is_file())
    return {f"code/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes() for path in files}


def _case_files(paths: Iterable[Path]) -> dict[str, bytes]:
    return {f"cases/{_name(file)}": _data(file) for path in paths for file in _files(path)}


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        files = path.rglob("*")
        yield from (file for file in files if file.suffix in _SUFFIXES and file.is_file())


def _data(file: Path) -> bytes:
    """Return the bytes of a file; none if it cannot be read, as the loader reports that."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _name(file: Path) -> str:
    path = file.resolve()
    for root in (resources.CASES.resolve(), Path.cwd()):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.as_posix()
