"""Ends everything that this process has started when this process ends, however that happens.

Programs start with a mark in their environment, which their children inherit. With the first
program a small process starts, the warden. It reads from a pipe that only this process holds open,
and kills every process with the mark when the pipe ends.

The warden runs this file, so the file imports the standard library only.
"""

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
"""The environment variable of the mark: the number of this process, a random word, and a number."""
_PROCESSES = Path("/proc")
_PAUSE = 0.01  # seconds between searches, for killed processes to end
_LOOKS = 2  # searches that find nothing before the end
_LONGEST = 10.0  # seconds before the warden gives up, as some processes cannot be killed
_GLANCE = 1.0  # seconds between checks that its parent lives
_KERNEL_THREAD = 0x0020_0000  # of the flags of a process, in `/proc/PID/stat`


def new_mark() -> str:
    """Make a mark for a program, and start the warden of this process unless it runs.

    The mark is unique, and the value of `VARIABLE` for the program. Raise ``OSError`` if no process
    can be started.
    """
    with _LOCK:
        if not (_WARDENS and _WARDENS[-1].serves()):
            _WARDENS.append(_Warden())
        return _WARDENS[-1].mark()


def kill(mark: str) -> None:
    """Kill every process whose mark begins with this one, and all that they start meanwhile.

    Only Linux shows the environment of other processes; elsewhere nothing is killed.
    """
    start = f"{VARIABLE}={mark}".encode()
    looks = 0
    deadline = monotonic() + _LONGEST
    while looks < _LOOKS and monotonic() < deadline:
        looks += 1
        for process, environment in _environments():
            if environment is None:
                looks = 0
            elif any(variable.startswith(start) for variable in environment.split(b"\0")):
                looks = 0
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
        if not looks:
            sleep(_PAUSE)


def _environments() -> Iterator[tuple[int, bytes | None]]:
    """Yield the number and the environment of each other process of this user.

    The environment is None while the process loads a program, before it has one.
    """
    this = os.getpid()
    with suppress(OSError):
        for entry in os.scandir(_PROCESSES):
            if entry.name.isdigit() and int(entry.name) != this:
                with suppress(OSError):  # it has ended, or belongs to another user
                    environment = Path(entry.path, "environ").read_bytes()
                    loads = not environment and _loads_program(Path(entry.path))
                    yield int(entry.name), None if loads else environment


def _loads_program(process: Path) -> bool:
    """Return whether a process without an environment is within ``execve``."""
    fields = Path(process, "stat").read_bytes().rpartition(b")")[2].split()
    state, flags, environment_start = fields[0], int(fields[6]), int(fields[47])
    return state not in b"ZX" and not flags & _KERNEL_THREAD and not environment_start


class _Warden:
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
        """Return whether it runs, and for this process instead of its parent."""
        return self._owner == os.getpid() and self._process.poll() is None

    def mark(self) -> str:
        """Return a unique mark."""
        self._count += 1
        return f"{self._prefix}{self._count};"

    def _dismiss(self) -> None:
        """End it, and with it all programs that still run."""
        if self._owner == os.getpid() and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()


_LOCK = threading.Lock()
_WARDENS: list[_Warden] = []
"""The last one serves; the others have ended, or serve the process that has forked this one."""


def main() -> None:
    """Wait for the end of the parent process, and kill all that it has started."""
    controller = os.getppid()
    while os.getppid() == controller:
        ready, _, _ = select.select([0], [], [], _GLANCE)
        if ready and not os.read(0, 1):
            break
    kill(sys.argv[1])


if __name__ == "__main__":
    main()
