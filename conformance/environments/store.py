"""The environments that are kept: which there are, and how those that nobody uses are removed.

Whoever uses an environment holds a lock beside it as long as he lives (`environments.occupy`), and
whoever makes one holds another. What is removed is locked against both.
"""

from __future__ import annotations

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
    """An environment that is not removed as somebody uses or makes it."""


@dataclass(frozen=True)
class Stored:
    """An environment on disk.

    names   of the pinned environments that it is made for
    pins    what it was made of; nothing where it was not made to its end
    python  the version that it runs, or "" where it does not say so
    size    of its files, in bytes; those that it shares with the installer's cache are counted
    used    when it was last used
    busy    whether somebody uses it now, or makes it
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
        """What tells it from the others."""
        return self.home.name


def stored() -> list[Stored]:
    """Lists the environments that are kept, the one that was used last first.

    Returns
    -------
    list of Stored
        Those that were not made to their end are among them.

    Raises
    ------
    OSError
        Where they cannot be read.
    """
    folder = definitions.folder()
    homes = [path for path in folder.iterdir() if _is_one(path)] if folder.exists() else []
    names: dict[Path, list[str]] = {}
    for name, environment in definitions.pinned().items():
        names.setdefault(environment.home, []).append(name)
    found = [_stored(home, tuple(names.get(home, ()))) for home in homes]
    return sorted(found, key=lambda one: one.used, reverse=True)


def remove(environment: Stored) -> None:
    """Removes an environment, with what is kept in it: compiled code, and the runs of histories.

    Parameters
    ----------
    environment
        One that is kept.

    Raises
    ------
    InUse
        Where somebody uses or makes it.
    OSError
        Where it cannot be removed.
    """
    with _exclusive(environment.home, os.O_CREAT) as free:
        if not free:
            raise InUse(f"{environment.key} is in use, and is kept")
        (environment.home / READY).unlink(missing_ok=True)  # or half of it would pass for whole
        shutil.rmtree(environment.home)


def _is_one(path: Path) -> bool:
    """Nothing else in the folder is touched, whatever it is."""
    lock = path.with_suffix(".lock")
    return bool(_KEY.fullmatch(path.name)) and path.is_dir() and lock.exists()


_KEY = re.compile("[0-9a-f]{12}")


def _stored(home: Path, names: tuple[str, ...]) -> Stored:
    ready, used = home / READY, home.with_suffix(USED)
    pins = tuple(ready.read_text(encoding="utf-8").split("\n")) if ready.exists() else ()
    last = next(path for path in (used, ready, home) if path.exists()).stat().st_mtime
    with _exclusive(home) as free:
        busy = not free
    return Stored(
        home=home,
        names=names,
        pins=tuple(filter(None, pins)),
        python=_python(home),
        size=_size(home),
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


def _size(home: Path) -> int:
    sizes: dict[tuple[int, int], int] = {}  # of each file, once, whatever the number of its links
    for folder, _, names in os.walk(home):
        for name in names:
            with suppress(FileNotFoundError):
                status = os.lstat(Path(folder, name))
                sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())


@contextmanager
def _exclusive(home: Path, create: int = 0) -> Iterator[bool]:
    """Within it nobody uses or makes the environment, if that could be had at once.

    create  the flag that makes the files to lock where they are not there; without, there is nobody
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
