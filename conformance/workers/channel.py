"""Starts one worker process and exchanges frames with it over its pipes.

A single thread serves all three pipes in turn, so a worker that floods one of them never blocks,
and nothing keeps running after an exception in the controller. A worker runs on POSIX only, as
process groups end the children of a question; the module can be imported anywhere.
"""

import os
import secrets
import selectors
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Any

from numpy.typing import NDArray

from conformance.workers import protocol, worker
from conformance.workers.process import Process
from conformance.workers.protocol import Arrays, Malformed, Reply

TAIL = 4096
"""Bytes of standard error that a channel keeps."""
KILLED = "killed by SIGKILL, perhaps by the system for want of memory"
"""The reason for the end of a worker that something else has killed."""
_CHUNK = 2**16
_PIPE = 2**20  # large, so that the next questions are there while the controller is busy
_GLANCE = 0.05  # seconds between checks that the process lives, as a child may hold its pipe
_GRACE = 60.0  # seconds from the end of its pipe to that of a process, on a busy machine


@dataclass(frozen=True)
class Message:
    """A well-formed frame of the worker.

    ``reply`` is the header. ``arrays`` are the arrays by their names.
    """

    reply: Reply
    arrays: Arrays


@dataclass(frozen=True)
class Termination:
    """The end of a worker, which sends no more frames.

    ``reason`` says how it ended.
    """

    reason: str


class Channel:
    """A worker process; `close` must be called, and may be called twice.

    Raises ``OSError`` where there is no such program, and on Windows.

    Parameters
    ----------
    variables
        Environment variables added to those of this process.
    memory
        Bytes that it may use before it limits itself; None for any number.
    """

    def __init__(
        self, executable: str, variables: Mapping[str, str], memory: int | None = None
    ) -> None:
        self._token = secrets.token_bytes(worker.TOKEN_SIZE)
        program = str(Path(worker.__file__).resolve())
        # -u: what a framework wrote before it died is not left in a buffer.
        self._process = Process([executable, "-u", program], variables, memory=memory)
        self._questions, self._answers, self._errors = map(_pipe, self._process.streams)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._answers, selectors.EVENT_READ)
        self._selector.register(self._errors, selectors.EVENT_READ)
        self._outgoing = bytearray(self._token)
        self._incoming = bytearray()
        self._tail = bytearray()
        self._sent_count = self._received_count = 0
        self._ended = False
        self._closed = False
        self._pages = _pages(self._process.pid)

    @property
    def unsent(self) -> int:
        """Bytes that still wait for room in the worker's pipe."""
        return len(self._outgoing)

    @property
    def stderr(self) -> str:
        """The end of the worker's standard error: whole lines, unless it is a single line."""
        text = self._tail.decode(errors="replace")
        if len(self._tail) == TAIL:
            text = text.partition("\n")[2] or text
        return text.strip()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return not self._closed and self._process.status is None

    @property
    def memory(self) -> int:
        """Bytes of memory that the process does not share; 0 where that is not known."""
        try:
            counts = os.pread(self._pages, _CHUNK, 0).split() if self._pages is not None else []
        except OSError:
            counts = []
        if not counts:  # not Linux, or already dead
            return 0
        resident, shared = map(int, counts[1:3])
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")

    def forget_stderr(self) -> None:
        """Drop the standard error up to now, such as warnings of an import."""
        self._tail.clear()

    def send(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Queue a frame of JSON values and arrays by their names; `push` and `receive` send it.

        Raise ``TypeError`` for an array of anything but numbers.
        """
        self._outgoing += worker.pack(self._token, {**header, "number": self._sent_count}, arrays)
        self._sent_count += 1

    def push(self) -> None:
        """Send as much as the pipe has room for."""
        if not self._outgoing or self._questions in self._selector.get_map():
            return  # nothing waits, or the pipe was full the last time
        self._write()
        if self._outgoing:
            self._selector.register(self._questions, selectors.EVENT_WRITE)

    def receive(self, seconds: float) -> Message | Termination | None:
        """Wait some seconds for the next frame, and return it, or the end of the worker.

        The result is None if neither has come in time.
        """
        self.push()
        deadline = monotonic() + seconds
        while True:
            try:
                frame = worker.take(self._incoming, self._token, worker.LONGEST_REPLY)
                if frame is not None:
                    return self._message(*frame)
            except worker.Rubbish as rubbish:
                return Termination(f"wrote rubbish where its answers go: {rubbish}")
            except Malformed as malformed:
                return Termination(f"sent a frame that is no answer: {malformed}")
            if self._ended:
                return Termination(self._reason())
            remaining = deadline - monotonic()
            progress = self._serve(min(max(remaining, 0.0), _GLANCE))
            if remaining < 0 and not (progress or self._ended):  # no frame in the pipe is too late
                return None

    def _message(self, header: Mapping[str, Any], arrays: Arrays) -> Message | Termination:
        reply = protocol.reply(header, arrays)
        number, self._received_count = self._received_count, self._received_count + 1
        return (
            Message(reply, arrays)
            if reply.number == number
            else Termination("answered out of turn")
        )

    def kill(self) -> None:
        """Kill the worker, from any thread; `receive` then returns `Termination`."""
        self._process.kill()

    def close(self) -> None:
        """Kill the worker and its children, and wait for it; `stderr` can still be read."""
        if self._closed:
            return
        self._closed = True
        self._process.end()
        for _ in range(_PIPE // _CHUNK):  # no more, as a process outside its group may still write
            if self._errors in self._selector.get_map():
                self._read_errors()
        self._selector.close()
        if self._pages is not None:
            os.close(self._pages)
            self._pages = None
        self._process.close()

    def _serve(self, seconds: float) -> bool:
        """Read and write what is ready, and return whether that includes answers."""
        progress = False
        for key, _ in self._selector.select(seconds):
            if key.fd == self._questions:
                self._write()
            elif key.fd == self._answers:
                progress = self._read_answers()
            else:
                self._read_errors()
        if not progress and self._process.status is not None:
            progress = self._read_answers()  # it may have answered just before its end
            self._ended = not progress
        return progress

    def _write(self) -> None:
        try:
            while self._outgoing:
                del self._outgoing[: os.write(self._questions, self._outgoing[:_CHUNK])]
        except BlockingIOError:
            return
        except BrokenPipeError:  # `_read_answers` notices the end
            self._outgoing.clear()
        if self._questions in self._selector.get_map():
            self._selector.unregister(self._questions)

    def _read_answers(self) -> bool:
        chunk = _read(self._answers)
        if chunk:
            self._incoming += chunk
        elif chunk is not None:
            self._ended = True
        return bool(chunk)

    def _read_errors(self) -> bool:
        chunk = _read(self._errors)
        if chunk:
            self._tail += chunk
            del self._tail[:-TAIL]
        elif chunk is not None:
            self._selector.unregister(self._errors)
        return bool(chunk)

    def _reason(self) -> str:
        """Return how the process ended, once it has."""
        deadline = monotonic() + _GRACE
        while self._process.status is None and monotonic() < deadline:
            if not (self._errors in self._selector.get_map() and self._read_errors()):
                self._process.wait(_GLANCE)
        status = self._process.status
        if status is None or status == worker.LOST:
            return "closed the pipe that its answers go through"
        if status >= 0:
            return f"ended with exit status {status}"
        if status == -signal.SIGKILL:
            return KILLED
        names = {number.value: number.name for number in signal.Signals}
        return f"killed by {names.get(-status, f'signal {-status}')}"


def _pages(process: int) -> int | None:
    """Open the file that counts the pages of a process, as it is read after every question."""
    try:
        return os.open(f"/proc/{process}/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _pipe(stream: IO[bytes]) -> int:
    """Make a pipe large and non-blocking, and return its descriptor."""
    import fcntl  # here, as Windows lacks it

    descriptor = stream.fileno()
    os.set_blocking(descriptor, False)
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux; refused when a user's pipes are at their limit
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE)
    return descriptor


def _read(descriptor: int) -> bytes | None:
    """Read what there is: ``b""`` at the end, None while there is nothing."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
