"""What a run was made from, as one digest, so that nothing is asked twice for the same reason."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def digest(cases: Iterable[Path], words: Sequence[str], variables: Iterable[str]) -> str:
    """A digest of our code, the case files, the words of the command and environment variables."""
    summed = hashlib.sha256()
    files = (*PACKAGE.rglob("*.py"), *(file for path in cases for file in _files(path)))
    for file in sorted(files):
        summed.update(str(file.name).encode() + b"\0" + file.read_bytes() + b"\0")
    for word in (*words, *(f"{name}={os.environ.get(name)}" for name in sorted(variables))):
        summed.update(word.encode() + b"\0")
    return summed.hexdigest()[:16]


@cache
def code() -> str:
    """A digest of our code alone, as it was when this process first asked."""
    return digest((), (), ())


def _files(path: Path) -> Iterable[Path]:
    return (path,) if path.is_file() else path.rglob("*.y*ml")
