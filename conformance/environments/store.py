"""List the environments on disk, and remove unused ones.

A process that uses an environment holds a lock beside it until it ends (`definitions.occupy`), and
one that makes an environment holds another. Removal takes both locks.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from conformance.environments import definitions
from conformance.environments.definitions import READY, USED

LOCKS = (USED, ".lock")
"""The suffixes of the files that users and makers of an environment lock."""


class InUse(Exception):
    """An environment is not removed as a process uses or makes it."""


@dataclass(frozen=True)
class Installation:
    """An environment on disk.

    Attributes
    ----------
    names
        Of the pinned environments that it is made for.
    pins
        The pins that it was made of; empty if it is not complete.
    python
        The version of its Python, or "" if it is unknown.
    size
        Of its files, in bytes, including those that it shares with the installer's cache.
    used
        The time of the last use.
    busy
        Whether a process uses or makes it now.
    """

    home: Path
    names: tuple[str, ...]
    pins: tuple[str, ...]
    python: str
    size: int
    used: datetime
    busy: bool

    @property
    def key(self) -> str:
        """The name of its folder."""
        return self.home.name


def installations() -> list[Installation]:
    """List the environments on disk, the last used first, with incomplete ones.

    Raise ``OSError`` if they cannot be read.
    """
    folder = definitions.folder()
    homes = [path for path in folder.iterdir() if _is_environment(path)] if folder.exists() else []
    names: dict[Path, list[str]] = {}
    for name, environment in definitions.pinned().items():
        names.setdefault(environment.home, []).append(name)
    environments = [_read(home, tuple(names.get(home, ()))) for home in homes]
    return sorted(environments, key=lambda environment: environment.used, reverse=True)


def remove(home: Path) -> None:
    """Remove the environment in a folder, with compiled code and the runs of histories in it.

    Raise `InUse` if a process uses or makes it, ``OSError`` if it cannot be removed.
    """
    with _exclusive(home, os.O_CREAT) as free:
        if not free:
            raise InUse(f"{home.name} is in use, and is kept")
        (home / READY).unlink(missing_ok=True)  # or half of it would pass for whole
        shutil.rmtree(home)


def discard(home: Path) -> None:
    """Remove an environment that this process is done with, unless another one uses it."""
    definitions.vacate(home)
    if home.exists():
        with suppress(InUse):
            remove(home)


def _is_environment(path: Path) -> bool:
    """Return whether a path is an environment; nothing else in the folder is touched."""
    lock = path.with_suffix(".lock")
    return bool(_KEY.fullmatch(path.name)) and path.is_dir() and lock.exists()


_KEY = re.compile("[0-9a-f]{12}")


def _read(home: Path, names: tuple[str, ...]) -> Installation:
    ready, used = home / READY, home.with_suffix(USED)
    pins = tuple(ready.read_text(encoding="utf-8").split("\n")) if ready.exists() else ()
    last = next(path for path in (used, ready, home) if path.exists()).stat().st_mtime
    with _exclusive(home) as free:
        busy = not free
    return Installation(
        home=home,
        names=names,
        pins=tuple(filter(None, pins)),
        python=_python(home),
        size=size_of(home),
        used=datetime.fromtimestamp(last).astimezone(),
        busy=busy,
    )


def _python(home: Path) -> str:
    try:
        lines = (home / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    values = {key.strip(): value.strip() for key, _, value in (x.partition("=") for x in lines)}
    return values.get("version_info", "")


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder take on the disk, also where others link them."""
    sizes: dict[tuple[int, int], int] = {}  # of each file, once, whatever the number of its links
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                status = os.lstat(Path(path, name))
                sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())


@contextmanager
def _exclusive(home: Path, create: int = 0) -> Iterator[bool]:
    """Take both locks of an environment, and yield whether they were free.

    The flag ``os.O_CREAT`` makes missing lock files; without it, a missing one counts as free.
    """
    with ExitStack() as files:
        try:
            for suffix in LOCKS:
                with suppress(FileNotFoundError):
                    file = os.open(home.with_suffix(suffix), os.O_RDONLY | create, 0o666)
                    files.callback(os.close, file)
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            free = False
        else:
            free = True
        yield free
