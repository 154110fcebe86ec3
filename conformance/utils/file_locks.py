"""Locks of open files, where the system has them: a lock ends with its holder, unlike a file.

Windows has no `fcntl`, and some shared file systems have no locks. Files are read and written there
all the same, without protection from a second writer.
"""

from __future__ import annotations

from contextlib import suppress
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # as mypy knows it for this system only


def hold(file: IO[Any]) -> None:
    """Wait for the lock of a file, and take it.

    Parameters
    ----------
    file
        An open file; the lock is held until it is closed.
    """
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)


def share(file: int) -> None:
    """Wait until nobody holds the lock of a file, and take it together with others that share it.

    Parameters
    ----------
    file
        The descriptor of an open file; the lock is shared until it is closed.
    """
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH)


def try_to_hold(file: IO[Any]) -> bool:
    """Take the lock of a file, unless another process or another open file has it.

    Parameters
    ----------
    file
        An open file; the lock is held until it is closed.

    Returns
    -------
    bool
        False where another one has the lock; True where there are no locks.
    """
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass
    return True
