"""Asks a framework questions in its own interpreter, and outlives whatever they do to it.

A question is a piece of Python source over NumPy arrays that leaves its answer in ``y``. Trouble
costs exactly the question it came from: that one is asked once more, alone in a fresh worker, and
all the others are answered as if nothing had happened. Questions may be asked together, where a
framework has a way to answer them as one; those that cannot be are asked alone after all.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from time import monotonic
from types import TracebackType
from typing import Self

from conformance.workers import batched
from conformance.workers.batching import Batch, Batches, Lost, Submission, Task
from conformance.workers.channel import KILLED, Channel, Gone, Message
from conformance.workers.interpreter import (
    STARTUP,
    CannotStart,
    Interpreter,
    RuntimeInfo,
    WorkerError,
    start,
)
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal
from conformance.workers.protocol import (
    Answered,
    AnsweredTogether,
    Broken,
    Mistaken,
    OutOfMemory,
    Refused,
)

__all__ = [
    "BadSource",
    "CannotStart",
    "Interpreter",
    "RuntimeInfo",
    "Stopped",
    "Task",
    "WorkerClient",
    "WorkerError",
]

WINDOW = 64
"""How many questions are under way at most, so that the worker never waits for the next."""
PATIENCE = 0.002
"""Seconds that a question may wait for others to be sent with: each sending wakes the worker."""
UNSENT = 2**24
"""Bytes on their way to the worker beyond which no further question is sent."""

GROWTH = 2**30
"""Bytes that a worker may keep of what it was asked before another takes its place."""
MEMORY = 8 * 2**30
"""Bytes that a worker may use beyond what it starts with."""

_OUT_OF_MEMORY = re.compile(
    r"MemoryError|bad_alloc|out of memory|can(?:no|')t allocate memory|unable to allocate"
    r"|RESOURCE_EXHAUSTED",
    re.IGNORECASE,
)
_OTHERWISE = "sent a frame that is no answer: it is of another kind"


class BadSource(WorkerError):
    """The source of a question is misspelt, as the worker says, so nobody was asked anything."""


class Stopped(Exception):
    """Another thread put an end to the client."""


class WorkerClient:
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
        startup: float = STARTUP,
        memory: int | None = MEMORY,
        growth: int = GROWTH,
    ) -> None:
        self._interpreter = interpreter
        self._timeout = timeout
        self._startup = startup
        self._memory = memory
        self._growth = growth
        self._weight = 0
        self._broken = False
        self._entered = False
        self._asking = False
        self._stopped = False
        self._identity: RuntimeInfo | None = None
        self._channel: Channel | None = None
        self._starting: Channel | None = None

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
        """Gives up what is being asked, or started, from any thread: that raises ``Stopped``."""
        self._stopped = True
        for channel in (self._starting, self._channel):
            if channel is not None:
                channel.kill()

    @property
    def identity(self) -> RuntimeInfo:
        """Who answers. Raises ``RuntimeError`` before anyone was started."""
        if self._identity is None:
            raise RuntimeError("a client has an identity once it has been entered")
        return self._identity

    def ask(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Every task with its outcome, in order; tasks are pulled a few ahead of the outcomes.

        Raises ``BadSource`` for a misspelt source, ``TypeError`` for an array of anything but
        numbers, ``CannotStart`` when a worker died and no other could be started, and ``Stopped``.
        """
        if not self._entered or self._asking:
            raise RuntimeError("a client answers one ask at a time, within its with block")
        asked: deque[Submission] = deque()
        self._asking = True
        try:
            yield from self._outcomes(iter(tasks), asked)
        finally:
            self._asking = False
            if asked or self._broken:  # late answers would be taken for those to the next questions
                self._retire()

    def _outcomes(
        self, tasks: Iterator[Task], asked: deque[Submission]
    ) -> Iterator[tuple[Task, Outcome]]:
        """``asked`` holds what was pulled and not told yet."""
        batches = Batches(self._interpreter.most)
        window = max(WINDOW, 2 * self._interpreter.most)
        sent: deque[Batch] = deque()
        pulling, filling, waited, pushed = True, True, 0.0, 0.0
        grown = self._has_grown()
        while True:
            # Filled only once half of it is told: questions cost less to send by the dozen.
            filling = pulling and len(asked) < (window if filling else window // 2)
            if filling:
                task = next(tasks, None)
                if task is None:
                    pulling = filling = False
                else:
                    asked.append(Submission(task))
                    batches.add(asked[-1])
            if not asked:
                return
            spent = grown or self._broken
            if not sent and self._channel is not None and (spent or not self._channel.alive):
                self._retire()  # for what was left behind, with no question to blame
                grown = False
            channel = self._worker()
            hurry = not filling or len(asked) == window
            while not (grown or self._broken) and channel.unsent < UNSENT:
                if (batch := batches.take(hurry=hurry)) is None:
                    break
                self._send(channel, batch)
                sent.append(batch)
            if not hurry and monotonic() - pushed > PATIENCE:
                channel.push()
                pushed = monotonic()
            # Only time spent here counts: a slow reader of outcomes makes no question hang.
            began = monotonic()
            reply = channel.receive(self._timeout - waited) if sent and hurry else None
            waited += monotonic() - began
            if not (sent and hurry) or (reply is None and waited < self._timeout):
                continue
            batch, waited = sent.popleft(), 0.0
            self._tell(batch, reply)
            if self._channel is not channel:  # nobody is left to answer what was sent
                batches.put_back(sent)
                sent.clear()
            batches.put_back((one,) for one in batch if one.outcome is None)
            grown = self._has_grown()
            while asked and (outcome := _settled(asked[0])):
                yield asked.popleft().task, outcome

    def _tell(self, batch: Batch, reply: Message | Gone | None) -> None:
        """What a reply comes to, for each of a bundle that need not be asked again."""
        if len(batch) == 1:
            (one,) = batch
            outcome = self._outcome(one.task, reply)
            if isinstance(outcome, Crash | Hang):
                one.outcome = self._once_more(one, outcome)
            else:
                one.outcome = outcome
        elif isinstance(reply, Message) and _is_of(batch, reply):
            for number, array in reply.arrays.items():
                batch[int(number)].outcome = Answer(array)
        else:
            self._retire()
            lost = Lost(self._why_lost(reply), batch)
            for one in batch:
                one.lost = None if lost.reason == KILLED else lost

    def _why_lost(self, reply: Message | Gone | None) -> str:
        if reply is None:
            return f"gave no answer within {self._timeout:g} s"
        return reply.reason if isinstance(reply, Gone) else _OTHERWISE

    def _once_more(self, one: Submission, first: Crash | Hang) -> Outcome:
        """Asks again, in a worker that was asked nothing else."""
        channel = self._worker()
        self._send(channel, (one,))
        second = self._outcome(one.task, channel.receive(self._timeout))
        if isinstance(first, Crash) and first.reason == KILLED:
            return second  # no framework kills itself so, and what others do is not its answer
        return _of_two(first, second)

    def _outcome(self, task: Task, reply: Message | Gone | None) -> Answer | Refusal | Crash | Hang:
        """What a reply comes to; the worker does not outlive a crash or a hang."""
        if reply is None:
            return Hang(self._timeout, self._retire())
        if isinstance(reply, Gone):
            return self._crash(reply.reason)
        match reply.reply:
            case Answered():
                return Answer(reply.arrays["y"])
            case Mistaken(type=name, message=message):
                raise BadSource(f"{task.key}: {name}: {message} in\n{task.source}")
            case Refused(type=name, message=message) if not self._spent(message):
                return Refusal(name, message)
            case Refused(type=name, message=message) | OutOfMemory(type=name, message=message):
                limit = "" if self._memory is None else f": limit {self._memory} bytes"
                refusal = Refusal(name, message)
                reason = f"ran out of memory{limit} ({refusal.type}: {refusal.first_line})"
                return Crash(reason, self._retire(), out_of_memory=True)
            case Broken(reason=reason):
                return self._crash(reason)
            case _:
                return self._crash(_OTHERWISE)

    def _crash(self, reason: str) -> Crash:
        stderr = self._retire()
        out_of_memory = self._spent(stderr)
        if out_of_memory:
            reason = f"ran out of memory: limit {self._memory} bytes ({reason})"
        return Crash(reason, stderr, out_of_memory=out_of_memory)

    def _spent(self, said: str) -> bool:
        """Frameworks say in their own words that they met the limit."""
        return self._memory is not None and _OUT_OF_MEMORY.search(said) is not None

    def _worker(self) -> Channel:
        if self._channel is None and not self._stopped:
            self._channel, self._identity = start(
                self._interpreter, seconds=self._startup, memory=self._memory, begun=self._begin
            )
            self._starting = None
            self._weight = self._channel.memory
        if self._channel is None or self._stopped:
            self._retire()  # here, as nobody leaves a with block that was never entered
            raise Stopped
        return self._channel

    def _begin(self, channel: Channel) -> None:
        self._starting = channel
        if self._stopped:  # also where that was what ended the one before
            raise Stopped

    def _send(self, channel: Channel, batch: Batch) -> None:
        if len(batch) == 1:
            channel.send({"source": batch[0].task.source}, batch[0].task.arrays)
        else:
            asked = [(one.task.source, one.task.traceable_spans) for one in batch]
            channel.send({"together": asked}, batched.named(one.task.arrays for one in batch))
        self._broken = any(one.task.last for one in batch)

    def _has_grown(self) -> bool:
        return self._channel is not None and self._channel.memory > self._weight + self._growth

    def _retire(self) -> str:
        """Ends the worker, if there is one, and returns the last that it said."""
        if self._channel is None:
            return ""
        channel, self._channel, self._broken = self._channel, None, False
        channel.close()
        return channel.stderr


def _is_of(batch: Batch, reply: Message) -> bool:
    """Whether a reply has answers to questions of this bundle, and no others."""
    numbers = set(map(str, range(len(batch))))
    return isinstance(reply.reply, AnsweredTogether) and reply.arrays.keys() <= numbers


def _settled(asked: Submission) -> Outcome | None:
    """What came of a task, with the reason why it was asked again where nothing else says so.

    None while that is not known: of a bundle that was lost one task after the other is asked, and
    only when all have come to something is it known whether one of them was at fault.
    """
    outcome, lost = asked.outcome, asked.lost
    if lost is None or outcome is None:
        return outcome
    if not lost.is_over:
        return None
    if lost.words is None or not isinstance(outcome, Answer | Refusal):
        return outcome
    return replace(outcome, retry=lost.words)


def _of_two(first: Crash | Hang, second: Answer | Refusal | Crash | Hang) -> Outcome:
    """What a question comes to that came to this in company, and to that alone."""
    short = [one for one in (first, second) if isinstance(one, Crash) and one.out_of_memory]
    if short and {type(first), type(second)} == {Crash, Hang}:
        return short[0]  # it takes ever more, and which limit it meets first is the machine's
    if first in short:
        return second  # others may have left it too little
    return second if type(second) is type(first) else Flaky(first, second)
