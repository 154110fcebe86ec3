"""Caches: what took time to make is kept, and whatever is kept may be deleted at any moment."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

_MAGIC = b"conformance\0"
_SIZE = hashlib.sha256().digest_size


def folder(name: str) -> Path:
    """Where things of this name are kept: in CONFORMANCE_CACHE, or in the user's cache."""
    chosen = os.environ.get("CONFORMANCE_CACHE")
    if chosen:
        return Path(chosen).resolve() / name
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "conformance", name)


def recall(path: Path, key: bytes) -> bytes | None:
    """What `keep` put at ``path`` for this very ``key``, unless a single bit of it is another."""
    head = _MAGIC + _digest(key)
    try:
        found = path.read_bytes()
    except OSError:
        return None
    whole, data = found[: len(head) + _SIZE], found[len(head) + _SIZE :]
    return data if whole == head + _digest(data) else None


def keep(path: Path, key: bytes, data: bytes) -> None:
    """Puts ``data`` at ``path``, all of it or nothing; where nothing can be written, nothing is."""
    whole = _MAGIC + _digest(key) + _digest(data) + data
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(whole)
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
