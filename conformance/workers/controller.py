"""Asks a framework questions in its own interpreter, and outlives whatever they do to it.

A question is a piece of Python source over NumPy arrays that leaves its answer in ``y``. Trouble
costs exactly the question it came from: that one is asked once more, alone in a fresh worker, and
all the others are answered as if nothing had happened.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from conformance.workers.channel import KILLED, Channel, Gone, Message
from conformance.workers.interpreter import CannotStart, Identity, Interpreter, start
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal

__all__ = ["BadSource", "CannotStart", "Examination", "Identity", "Interpreter", "Stopped", "Task"]

WINDOW = 16
"""How many questions are under way at most, so that the worker never waits for the next."""
UNSENT = 2**24
"""Bytes on their way to the worker beyond which no further question is sent."""

GROWTH = 2**30
"""Bytes that a worker may keep of what it was asked before another takes its place."""

_OUT_OF_MEMORY = re.compile(
    r"MemoryError|bad_alloc|out of memory|can(?:no|')t allocate memory|unable to allocate"
    r"|RESOURCE_EXHAUSTED",
    re.IGNORECASE,
)


class BadSource(Exception):
    """The source of a question is misspelt, so nobody was asked anything."""


class Stopped(Exception):
    """Another thread put an end to the examination."""


@dataclass(frozen=True, eq=False)
class Task:
    """One question: a key for whoever asks, source that sets ``y``, and the arrays it names."""

    key: str
    source: str
    arrays: Mapping[str, NDArray[Any]]


class Examination:
    """Questions to one interpreter, as a context manager that keeps a worker for them.

    timeout  seconds for each question
    startup  seconds for the interpreter and its prelude
    memory   bytes that a worker may use beyond what it uses after the prelude; Linux only
    growth   bytes that it may keep between two questions, also beyond that; Linux only

    On Linux a worker dies with the *thread* that started it: enter and ask in the same one.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        *,
        timeout: float = 60.0,
        startup: float = 300.0,
        memory: int | None = None,
        growth: int = GROWTH,
    ) -> None:
        self._interpreter = interpreter
        self._timeout = timeout
        self._startup = startup
        self._memory = memory
        self._growth = growth
        self._weight = 0
        self._entered = False
        self._asking = False
        self._stopped = False
        self._identity: Identity | None = None
        self._channel: Channel | None = None

    def __enter__(self) -> Self:
        """Starts a worker. Raises ``CannotStart``."""
        self._worker()
        self._entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kills the worker and whatever it left running."""
        self._entered = False
        self._retire()

    def stop(self) -> None:
        """Gives up what is being asked, from any thread: ``ask`` raises ``Stopped``.

        A hang is not waited for; a worker that is just being started is.
        """
        self._stopped = True
        channel = self._channel
        if channel is not None:
            channel.kill()

    @property
    def identity(self) -> Identity:
        """Who answers. Raises ``RuntimeError`` before anyone was started."""
        if self._identity is None:
            raise RuntimeError("an examination has an identity once it has been entered")
        return self._identity

    def ask(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Every task with its outcome, in order; tasks are pulled a few ahead of the outcomes.

        Raises ``BadSource`` for a misspelt source, ``TypeError`` for an array of anything but
        numbers, ``CannotStart`` when a worker died and no other could be started, and ``Stopped``.
        """
        if not self._entered or self._asking:
            raise RuntimeError("an examination answers one ask at a time, within its with block")
        asked: deque[Task] = deque()
        self._asking = True
        try:
            yield from self._outcomes(iter(tasks), asked)
        finally:
            self._asking = False
            if asked:  # their answers would be taken for those to the next questions
                self._retire()

    def _outcomes(
        self, tasks: Iterator[Task], asked: deque[Task]
    ) -> Iterator[tuple[Task, Outcome]]:
        """``asked`` holds what was pulled and not told yet; ``sent`` of it the worker has."""
        more, sent, waited = True, 0, 0.0
        grown = self._has_grown()
        while True:
            if more and len(asked) < WINDOW:
                task = next(tasks, None)
                if task is None:
                    more = False
                else:
                    asked.append(task)
            if not asked:
                return
            if not sent and self._channel is not None and (grown or not self._channel.alive):
                self._retire()  # it died of something left behind, with no question to blame
                grown = False
            channel = self._worker()
            while not grown and sent < len(asked) and channel.unsent < UNSENT:
                _send(channel, asked[sent])
                sent += 1
            # Only time spent here counts: a slow reader of outcomes makes no question hang.
            began = monotonic()
            pulling = more and len(asked) < WINDOW
            reply = channel.receive(0 if pulling else self._timeout - waited)
            waited += monotonic() - began
            if reply is None and waited < self._timeout:
                continue
            outcome: Outcome = self._outcome(asked[0], reply)
            if isinstance(outcome, Crash | Hang):
                outcome, sent = self._once_more(asked[0], outcome), 1
            sent, waited = sent - 1, 0.0
            grown = self._has_grown()
            yield asked.popleft(), outcome

    def _once_more(self, task: Task, first: Crash | Hang) -> Outcome:
        """Asks again, in a worker that was asked nothing else."""
        channel = self._worker()
        _send(channel, task)
        second = self._outcome(task, channel.receive(self._timeout))
        if isinstance(first, Crash) and first.reason == KILLED:
            return second  # no framework kills itself so, and what others do is not its answer
        return second if type(second) is type(first) else Flaky(first, second)

    def _outcome(self, task: Task, reply: Message | Gone | None) -> Answer | Refusal | Crash | Hang:
        """What a reply comes to; the worker does not outlive a crash or a hang."""
        if reply is None:
            return Hang(self._timeout, self._retire())
        if isinstance(reply, Gone):
            return self._crash(reply.reason)
        told = reply.header
        match told["kind"]:
            case "answer":
                return Answer(reply.arrays["y"])
            case "mistake":
                raise BadSource(f"{task.key}: {told['type']}: {told['message']} in\n{task.source}")
            case "refusal" if not self._spent(told["message"]):
                return Refusal(told["type"], told["message"])
            case "refusal" | "memory":
                said = f"{told['type']}: {Refusal(told['type'], told['message']).first_line}"
                limit = "" if self._memory is None else f": limit {self._memory} bytes"
                return Crash(f"ran out of memory{limit} ({said})", self._retire())
            case _:
                return self._crash(told["reason"])

    def _crash(self, reason: str) -> Crash:
        stderr = self._retire()
        if self._spent(stderr):
            reason = f"ran out of memory: limit {self._memory} bytes ({reason})"
        return Crash(reason, stderr)

    def _spent(self, said: str) -> bool:
        """Frameworks say in their own words that they met the limit."""
        return self._memory is not None and _OUT_OF_MEMORY.search(said) is not None

    def _worker(self) -> Channel:
        if self._channel is None and not self._stopped:
            self._channel, self._identity = start(
                self._interpreter, seconds=self._startup, memory=self._memory
            )
            self._weight = self._channel.memory
        if self._channel is None or self._stopped:
            self._retire()  # here, as nobody leaves a with block that was never entered
            raise Stopped
        return self._channel

    def _has_grown(self) -> bool:
        return self._channel is not None and self._channel.memory > self._weight + self._growth

    def _retire(self) -> str:
        """Ends the worker, if there is one, and returns the last that it said."""
        if self._channel is None:
            return ""
        channel, self._channel = self._channel, None
        channel.close()
        return channel.stderr


def _send(channel: Channel, task: Task) -> None:
    channel.send({"source": task.source}, task.arrays)
