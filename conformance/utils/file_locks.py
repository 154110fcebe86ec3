"""Locks open files where the system supports it; a lock ends with the process that holds it.

Windows has no `fcntl`, and some shared file systems have no locks. Files are read and written there
without protection from a second writer.
"""

from contextlib import suppress
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # as mypy knows it for this system only


def hold(file: IO[Any] | int) -> None:
    """Wait for the lock of an open file, or folder, and take it; closing it releases the lock."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)


def share(file: int) -> None:
    """Wait until nobody holds the lock of an open file, and share it; as of `hold`."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH)


def release(file: int) -> None:
    """Release the lock of an open file before it is closed.

    A process that another thread is just starting has the file open, too, until its program runs.
    """
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


def try_to_hold(file: IO[Any]) -> bool:
    """Take the lock of an open file as `hold` does, and return whether nobody else has it.

    The result is True also where the system has no locks.
    """
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass
    return True
