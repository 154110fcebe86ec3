"""Runs a program in a session of its own, and ends it with everything that it started."""

import os
import selectors
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO

from conformance.workers import warden, worker

_CHUNK = 2**16
_GLANCE = 0.05  # seconds between checks that a program runs


class Process:
    """A running program; `end` must be called, and may be called twice.

    Raises ``OSError`` where there is no such program, no process can be started, or the system has
    no sessions. Raises ``ValueError`` where a word of the command cannot be passed to the system.

    Parameters
    ----------
    variables
        Environment variables added to those of this process.
    folder
        Its working directory; None for that of this process.
    memory
        Bytes that it may use; None for any number. Linux only.
    """

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        folder: Path | None = None,
        memory: int | None = worker.PRELUDE_MEMORY,
    ) -> None:
        if not hasattr(os, "killpg"):
            raise OSError("a worker needs process groups, as Linux and macOS have them")
        self._mark = warden.new_mark()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=folder,
            env={**os.environ, **variables, warden.VARIABLE: self._mark},
            start_new_session=True,  # Ctrl-C is for us, and what it starts is ours to kill
        )
        # Set from outside, as an interpreter runs its site's code before ours.
        data = {} if memory is None else {"RLIMIT_DATA": memory}
        worker.limit({**worker.limits(), **data}, self.pid)
        self._ended = False

    @property
    def pid(self) -> int:
        """The number of the process, which is also that of its session."""
        return self._process.pid

    @property
    def streams(self) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
        """This side's ends of its standard input, output and error."""
        process = self._process
        assert process.stdin and process.stdout and process.stderr  # all three were asked for
        return process.stdin, process.stdout, process.stderr

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Wait for its end, at most so many seconds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def kill(self) -> None:
        """Kill it, from any thread; `end` also kills what it started."""
        self._process.kill()

    def end(self) -> None:
        """Kill it and all that it started, and wait for it; its streams stay open."""
        if self._ended:
            return
        self._ended = True
        # Also after its death, as its children keep the group and the group's number.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        warden.kill(self._mark)  # and children that have left the group
        self._process.wait()

    def close(self) -> None:
        """Close its streams."""
        for stream in self.streams:
            stream.close()


def read_output(command: Sequence[str], *, seconds: float, most: int) -> bytes:
    """Return what a program prints, and end it and all that it started.

    ``command`` is the program and its arguments. Its standard input is empty. ``seconds`` and
    ``most`` say how long it may take, and how many bytes it may print, before it is ended. Raises
    ``OSError`` or ``ValueError`` as `Process` does.
    """
    process = Process(command, {})
    try:
        stdin, stdout, stderr = process.streams
        stdin.close()
        text = bytearray()
        deadline = monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for stream in (stdout, stderr):
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map() and len(text) < most:
                ended = process.status is not None  # its children may still hold its streams
                remaining = deadline - monotonic()
                ready = selector.select(0 if ended else min(max(0.0, remaining), _GLANCE))
                if remaining < 0 or (ended and not ready):
                    break
                for key, _ in ready:
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is stdout:
                        text += chunk
        return bytes(text[:most])
    finally:
        process.end()
        process.close()
