"""What a run was made from, as one digest, so that nothing is asked twice for the same reason."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from conformance.utils import resources

PACKAGE = Path(__file__).resolve().parent.parent
_CASE_FILES = (".yaml", ".yml")


def digest(cases: Iterable[Path], words: Sequence[str], variables: Iterable[str]) -> str:
    """A digest of our code, the case files, the words of the command and environment variables.

    A file counts with its folders: as they are within this package or the corpus, or else below
    the working directory, or else from the root. So it does not matter how a file is named, and a
    file that was moved is another one.
    """
    summed = hashlib.sha256()
    for name, data in sorted({**_code(), **_cases(cases)}.items()):
        _add(summed, name.encode(errors="surrogateescape"), data)
    for word in (*words, *(f"{name}={os.environ.get(name)}" for name in sorted(variables))):
        _add(summed, word.encode(errors="surrogateescape"))
    return summed.hexdigest()[:16]


@cache
def code() -> str:
    """A digest of our code alone, as it was when this process first asked."""
    return digest((), (), ())


def _add(summed: hashlib._Hash, *parts: bytes) -> None:
    """Adds parts with their lengths, so that no two lists of parts are the same bytes."""
    for part in parts:
        summed.update(len(part).to_bytes(8, "little"))
        summed.update(part)


def _code() -> dict[str, bytes]:
    files = (path for path in PACKAGE.rglob("*.py") if path.is_file())
    return {f"code/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes() for path in files}


def _cases(paths: Iterable[Path]) -> dict[str, bytes]:
    return {f"cases/{_name(file)}": _data(file) for path in paths for file in _files(path)}


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        found = path.rglob("*")
        yield from (file for file in found if file.suffix in _CASE_FILES and file.is_file())


def _data(file: Path) -> bytes:
    """What a file holds; whoever reads the cases says why it cannot be read."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _name(file: Path) -> str:
    whole = file.resolve()
    for root in (resources.CASES.resolve(), Path.cwd()):
        if whole.is_relative_to(root):
            return whole.relative_to(root).as_posix()
    return whole.as_posix()
