"""Locks open files where the system supports it; a lock ends with the process that holds it.

Windows has no `fcntl`, and some shared file systems have no locks. Files are read and written there
without protection from a second writer.
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
        An open file. Closing it releases the lock.
    """
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)


def share(file: int) -> None:
    """Wait until nobody holds the lock of a file, and share it.

    Parameters
    ----------
    file
        The descriptor of an open file. Closing it releases the lock.
    """
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH)


def try_to_hold(file: IO[Any]) -> bool:
    """Take the lock of a file, unless another process or another open file has it.

    Parameters
    ----------
    file
        An open file. Closing it releases the lock.

    Returns
    -------
    bool
        False where another one has the lock; True also where the system has no locks.
    """
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass
    return True
