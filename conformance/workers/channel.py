"""One worker process and its three pipes: everything that can go wrong between two processes.

A single thread serves all three by turns, so that a worker that floods one of them never blocks,
and nothing is left running when an exception leaves the controller. A worker runs on POSIX only, as
process groups are what keeps a question's children from outliving it; imported it is anywhere.
"""

from __future__ import annotations

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
"""Bytes of standard error that are kept."""
KILLED = "killed by SIGKILL, perhaps by the system for want of memory"
"""The end that comes from outside."""
_CHUNK = 2**16
_PIPE = 2**20  # so that a worker finds its next questions there, whatever the controller does
_GLANCE = 0.05  # seconds between looks at whether the process lives: a child may hold its pipe
_GRACE = 60.0  # seconds that a process may take to end after its pipe, on a machine that is busy


@dataclass(frozen=True)
class Message:
    """A frame that the worker sent, and that has the form of one."""

    reply: Reply
    arrays: Arrays


@dataclass(frozen=True)
class Gone:
    """No frame will come any more."""

    reason: str


class Channel:
    """A worker, from its start to its death; ``close`` must be called and may be called twice."""

    def __init__(
        self, executable: str, variables: Mapping[str, str], memory: int | None = None
    ) -> None:
        """Starts the process. Raises ``OSError`` when there is no such program, or on Windows.

        memory  bytes that it may use before it limits itself; None for any number
        """
        self._token = secrets.token_bytes(worker.TOKEN_SIZE)
        program = str(Path(worker.__file__).resolve())
        self._process = Process([executable, program], variables, memory=memory)
        self._questions, self._answers, self._errors = map(_pipe, self._process.streams)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._answers, selectors.EVENT_READ)
        self._selector.register(self._errors, selectors.EVENT_READ)
        self._outgoing = bytearray(self._token)
        self._incoming = bytearray()
        self._tail = bytearray()
        self._sent = self._heard = 0
        self._ended = False
        self._closed = False
        self._pages = _pages(self._process.pid)

    @property
    def unsent(self) -> int:
        """Bytes that the worker's pipe had no room for yet."""
        return len(self._outgoing)

    @property
    def stderr(self) -> str:
        """The last that the worker said; whole lines, unless it said only one."""
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
        """Bytes of memory that are the process's own; 0 where there is no way to tell."""
        try:
            counts = os.pread(self._pages, _CHUNK, 0).split() if self._pages is not None else []
        except OSError:
            counts = []
        if not counts:  # not Linux, or already dead
            return 0
        resident, shared = map(int, counts[1:3])
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")

    def forget_stderr(self) -> None:
        """Drops what was said so far, such as what frameworks say while they are imported."""
        self._tail.clear()

    def send(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Sends it with the next ``push``, or while a frame is waited for in ``receive``.

        Raises ``TypeError`` for an array of anything but numbers.
        """
        self._outgoing += worker.pack(self._token, {**header, "number": self._sent}, arrays)
        self._sent += 1

    def push(self) -> None:
        """Sends as much as the pipe has room for; the rest goes during ``receive``."""
        if not self._outgoing or self._questions in self._selector.get_map():
            return  # nothing waits, or there was no room the last time
        self._write()
        if self._outgoing:
            self._selector.register(self._questions, selectors.EVENT_WRITE)

    def receive(self, seconds: float) -> Message | Gone | None:
        """The next frame, or that none will come; None after so many seconds without either."""
        self.push()
        deadline = monotonic() + seconds
        while True:
            try:
                frame = worker.take(self._incoming, self._token, worker.LONGEST_REPLY)
                if frame is not None:
                    return self._message(*frame)
            except worker.Rubbish as rubbish:
                return Gone(f"wrote rubbish where its answers go: {rubbish}")
            except Malformed as malformed:
                return Gone(f"sent a frame that is no answer: {malformed}")
            if self._ended:
                return Gone(self._end())
            left = deadline - monotonic()
            heard = self._serve(min(max(left, 0.0), _GLANCE))
            if left < 0 and not (heard or self._ended):  # what has come is never too late
                return None

    def _message(self, header: Mapping[str, Any], arrays: Arrays) -> Message | Gone:
        reply = protocol.reply(header, arrays)
        number, self._heard = self._heard, self._heard + 1
        return Message(reply, arrays) if reply.number == number else Gone("answered out of turn")

    def kill(self) -> None:
        """Kills the worker, from any thread; its death is noticed where answers are awaited."""
        self._process.kill()

    def close(self) -> None:
        """Kills the worker and all its children, and waits for it; ``stderr`` is still there."""
        if self._closed:
            return
        self._closed = True
        self._process.end()
        for _ in range(_PIPE // _CHUNK):  # no more: whoever left the group may still be writing
            if self._errors in self._selector.get_map():
                self._read_errors()
        self._selector.close()
        if self._pages is not None:
            os.close(self._pages)
            self._pages = None
        self._process.close()

    def _serve(self, seconds: float) -> bool:
        """Reads and writes what can be, and says whether answers were among it."""
        heard = False
        for key, _ in self._selector.select(seconds):
            if key.fd == self._questions:
                self._write()
            elif key.fd == self._answers:
                heard = self._read_answers()
            else:
                self._read_errors()
        if not heard and self._process.status is not None:
            heard = self._read_answers()  # it may have spoken in its last moments
            self._ended = not heard
        return heard

    def _write(self) -> None:
        try:
            while self._outgoing:
                del self._outgoing[: os.write(self._questions, self._outgoing[:_CHUNK])]
        except BlockingIOError:
            return
        except BrokenPipeError:  # its end is noticed where answers are read
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

    def _end(self) -> str:
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
        known = {number.value: number.name for number in signal.Signals}
        return f"killed by {known.get(-status, f'signal {-status}')}"


def _pages(process: int) -> int | None:
    """What is kept open to count the pages of a process, as that is done after every question."""
    try:
        return os.open(f"/proc/{process}/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _pipe(stream: IO[bytes]) -> int:
    import fcntl  # here, as Windows lacks it

    descriptor = stream.fileno()
    os.set_blocking(descriptor, False)
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux; refused when a user's pipes are at their limit
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE)
    return descriptor


def _read(descriptor: int) -> bytes | None:
    """What is there, ``b""`` at the end, None while there is nothing."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
