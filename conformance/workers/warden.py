"""The end of everything that this process starts, when this process ends in whatever way.

Programs are started with a mark in their environment, which all that they start has, too. Beside
the first one a small process is started, the warden: it reads from a pipe that only this process
holds open, and kills whatever has the mark when the pipe ends. So nothing has to be left of this
process for its workers to end, nor of a worker for its children to.

The warden runs this file, so that it imports nothing but the standard library.
"""

from __future__ import annotations

import atexit
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

VARIABLE = "CONFORMANCE_PROCESS"
"""The environment variable that holds the mark: who started it, a random word, and a number."""
_PROCESSES = Path("/proc")
_PAUSE = 0.01  # seconds for what was killed to end
_LOOKS = 2  # with nothing found, before it is believed that nothing is left
_LONGEST = 10.0  # seconds until the warden gives up on what cannot be killed
_GLANCE = 1.0  # seconds between looks at whether its parent lives


def new_mark() -> str:
    """Start the warden of this process unless it runs, and make a mark for one program.

    Returns
    -------
    str
        The value of `VARIABLE` for the program, which nothing else has.

    Raises
    ------
    OSError
        Where no process can be started.
    """
    with _LOCK:
        if not (_WARDENS and _WARDENS[-1].serves()):
            _WARDENS.append(_Warden())
        return _WARDENS[-1].mark()


def kill(mark: str) -> None:
    """Kill every process that has a mark, and all that they start meanwhile.

    Parameters
    ----------
    mark
        A mark, or the beginning of many. Where the system does not say what the environment of a
        process is, as only Linux does, nothing is killed.
    """
    looks = 0
    deadline = monotonic() + _LONGEST
    while looks < _LOOKS and monotonic() < deadline:
        looks += 1
        for process in _marked(mark):
            looks = 0
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        if not looks:
            sleep(_PAUSE)


def _marked(mark: str) -> Iterator[int]:
    start = f"{VARIABLE}={mark}".encode()
    this = os.getpid()
    with suppress(OSError):
        for entry in os.scandir(_PROCESSES):
            if entry.name.isdigit() and int(entry.name) != this:
                with suppress(OSError):  # it has ended, or is somebody else's
                    environment = Path(entry.path, "environ").read_bytes()
                    if any(one.startswith(start) for one in environment.split(b"\0")):
                        yield int(entry.name)


class _Warden:
    """The warden of this process."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._prefix = f"{self._owner}:{secrets.token_hex(8)}:"
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve()), self._prefix],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us
        )
        atexit.register(self._dismiss)

    def serves(self) -> bool:
        """Whether it is of this process, and runs."""
        return self._owner == os.getpid() and self._process.poll() is None

    def mark(self) -> str:
        """A mark that no other program has."""
        self._count += 1
        return f"{self._prefix}{self._count};"

    def _dismiss(self) -> None:
        """Let it end, and with it whatever was left running."""
        if self._owner == os.getpid() and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()


_LOCK = threading.Lock()
_WARDENS: list[_Warden] = []
"""The last one serves; the others have ended, or are of the process that this was forked of."""


def main() -> None:
    """Wait for the end of the process that started this one, and end all that it started."""
    controller = os.getppid()
    while os.getppid() == controller:
        ready, _, _ = select.select([0], [], [], _GLANCE)
        if ready and not os.read(0, 1):
            break
    kill(sys.argv[1])


if __name__ == "__main__":
    main()
