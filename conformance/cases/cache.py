"""Cases of a file as they were read before: reading and checking YAML is most of a short run."""

from __future__ import annotations

import hashlib
import pickle
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from conformance import caches, sources
from conformance.cases.case import Case


def recall(file: Path, data: bytes) -> tuple[Case, ...] | None:
    """The cases that ``data`` held in this file when it was last read, by this code.

    None where they were never kept, or anything that they follow from has changed.
    """
    kept = caches.recall(_place(file), _key(file, data))
    if kept is None:
        return None
    try:
        cases: tuple[Case, ...] = pickle.loads(kept)
    except Exception:  # whatever an older or newer library makes of what this one wrote
        return None
    return cases


def keep(file: Path, data: bytes, cases: tuple[Case, ...]) -> None:
    """Keeps the cases of a file in which nothing was wrong."""
    caches.keep(_place(file), _key(file, data), pickle.dumps(cases, pickle.HIGHEST_PROTOCOL))


def _place(file: Path) -> Path:
    """One for each file, so that what is out of date is written over."""
    return caches.folder("cases") / hashlib.sha256(str(file.absolute()).encode()).hexdigest()[:32]


def _key(file: Path, data: bytes) -> bytes:
    return b"\0".join((_made_by(), str(file).encode(errors="surrogateescape"), data))


@cache
def _made_by() -> bytes:
    libraries = (f"{name} {version(name)}" for name in ("numpy", "pydantic", "pyyaml"))
    return "\n".join((platform.python_version(), sources.code(), *libraries)).encode()
