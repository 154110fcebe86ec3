"""Asks a framework questions in its own interpreter, and survives crashes and time-outs there.

A question is Python source over NumPy arrays that sets ``y`` to its answer. A failure costs only
its own question: the client asks it once more, alone in a fresh worker, and answers all others as
usual. Where a framework has a way to answer several questions in one program, the client asks them
together, and asks those that get no answer so alone.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from time import monotonic
from types import TracebackType
from typing import Self

from conformance.workers import batched
from conformance.workers.batching import Batch, Batches, LostBatch, Submission, Task
from conformance.workers.channel import KILLED, Channel, Message
from conformance.workers.interpreter import (
    STARTUP,
    CannotStart,
    Interpreter,
    RuntimeInfo,
    WorkerError,
    start,
)
from conformance.workers.outcomes import Answer, Crash, Hang, Outcome, SingleOutcome, combine
from conformance.workers.protocol import BatchReply
from conformance.workers.replies import BadSource, Reply, loss_reason, outcome_of

__all__ = [
    "BadSource",
    "CannotStart",
    "Interpreter",
    "OtherRuntime",
    "RuntimeInfo",
    "Stopped",
    "Task",
    "WorkerClient",
    "WorkerError",
]

WINDOW = 64
"""Questions that the client has in hand at most, so that the worker never waits for the next."""
PATIENCE = 0.002
"""Seconds that a question waits for others, as each transmission wakes the worker."""
UNSENT = 2**24
"""Bytes that wait for the worker's pipe before the client sends no further question."""

GROWTH = 2**30
"""Bytes that a worker may keep after its questions before another worker replaces it."""
MEMORY = 8 * 2**30
"""Bytes that a worker may use beyond what it uses after the prelude."""


class OtherRuntime(WorkerError):
    """A worker reports another runtime than the one that was known."""


class Stopped(Exception):
    """Another thread has stopped the client."""


class WorkerClient:
    """A context manager that asks questions to one interpreter and holds a worker for them.

    On Linux a worker dies with the *thread* that has started it: enter and ask in the same thread.

    Parameters
    ----------
    timeout
        Seconds for each question.
    startup
        Seconds for the interpreter and its prelude.
    memory
        Bytes that a worker may use beyond what it uses after the prelude; None for any number.
        Linux only.
    growth
        Bytes that it may keep between two questions, also beyond that. Linux only.
    identity
        The runtime, if it is known; then no worker starts before the first question.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        *,
        timeout: float = 60.0,
        startup: float = STARTUP,
        memory: int | None = MEMORY,
        growth: int = GROWTH,
        identity: RuntimeInfo | None = None,
    ) -> None:
        self._interpreter = interpreter
        self._timeout = timeout
        self._startup = startup
        self._memory = memory
        self._growth = growth
        self._weight = 0
        self._is_corrupt = False
        self._entered = False
        self._asking = False
        self._stopped = False
        self._known_identity = self._identity = identity
        self._channel: Channel | None = None
        self._starting: Channel | None = None

    def __enter__(self) -> Self:
        """Start a worker, unless its runtime is known. Raises `CannotStart`."""
        if self._identity is None:
            self._worker()
        self._entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill the worker and everything that it has started."""
        self._entered = False
        self._retire()

    def stop(self) -> None:
        """Stop the client from any thread: a start or a `submit` in progress raises `Stopped`."""
        self._stopped = True
        for channel in (self._starting, self._channel):
            if channel is not None:
                channel.kill()

    @property
    def identity(self) -> RuntimeInfo:
        """The runtime of the worker. Raises ``RuntimeError`` before the first one has started."""
        if self._identity is None:
            raise RuntimeError("a client has an identity once it has been entered")
        return self._identity

    def submit(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Ask questions, taking a few tasks ahead of the outcomes.

        Yields every task with its outcome, in their order. Raises ``BadSource`` for a source with a
        mistake of its own. Raises ``TypeError`` for an array of anything but numbers. Raises
        ``CannotStart`` where a worker has died and no other starts. Raises ``Stopped`` after
        `stop`.
        """
        if not self._entered or self._asking:
            raise RuntimeError("a client takes one submission at a time, within its with block")
        pending: deque[Submission] = deque()
        self._asking = True
        try:
            yield from self._outcomes(iter(tasks), pending)
        finally:
            self._asking = False
            if pending or self._is_corrupt:  # late answers would count for the next questions
                self._retire()

    def _outcomes(
        self, tasks: Iterator[Task], pending: deque[Submission]
    ) -> Iterator[tuple[Task, Outcome]]:
        """Yield the outcomes; ``pending`` holds the tasks that have been taken and not yielded."""
        batches = Batches(self._interpreter.most)
        window = max(WINDOW, 2 * self._interpreter.most)
        sent: deque[Batch] = deque()
        has_more, is_filling, wait, push_time = True, True, 0.0, 0.0
        is_oversized = self._has_grown()
        while True:
            # Refilled only when half empty, as questions cost less to send by the dozen.
            is_filling = has_more and len(pending) < (window if is_filling else window // 2)
            if is_filling:
                task = next(tasks, None)
                if task is None:
                    has_more = is_filling = False
                else:
                    pending.append(Submission(task))
                    batches.add(pending[-1])
            if not pending:
                return
            is_spent = is_oversized or self._is_corrupt
            if not sent and self._channel is not None and (is_spent or not self._channel.alive):
                self._retire()  # between questions, so that none of them is at fault
                is_oversized = False
            channel = self._worker()
            hurry = not is_filling or len(pending) == window
            while not (is_oversized or self._is_corrupt) and channel.unsent < UNSENT:
                if (batch := batches.take(hurry=hurry)) is None:
                    break
                self._send(channel, batch)
                sent.append(batch)
            if not hurry and monotonic() - push_time > PATIENCE:
                channel.push()
                push_time = monotonic()
            # Only time in `receive` counts: a slow reader of outcomes makes no question hang.
            start_time = monotonic()
            reply = channel.receive(self._timeout - wait) if sent and hurry else None
            wait += monotonic() - start_time
            if not (sent and hurry) or (reply is None and wait < self._timeout):
                continue
            batch, wait = sent.popleft(), 0.0
            self._settle(batch, reply)
            if self._channel is not channel:  # the worker that got these questions has ended
                batches.put_back(sent)
                sent.clear()
            batches.put_back((submission,) for submission in batch if submission.outcome is None)
            is_oversized = self._has_grown()
            while pending and (outcome := pending[0].final_outcome):
                yield pending.popleft().task, outcome

    def _settle(self, batch: Batch, reply: Reply) -> None:
        """Set the outcome of each task of a batch, except those that have to be asked again."""
        if len(batch) == 1:
            (submission,) = batch
            outcome = self._outcome(submission.task, reply)
            if isinstance(outcome, Crash | Hang):
                submission.outcome = self._retry(submission, outcome)
            else:
                submission.outcome = outcome
        elif isinstance(reply, Message) and _answers(batch, reply):
            for number, array in reply.arrays.items():
                batch[int(number)].outcome = Answer(array)
        else:
            self._retire()
            lost = LostBatch(loss_reason(reply, self._timeout), batch)
            for submission in batch:
                submission.lost = None if lost.reason == KILLED else lost

    def _retry(self, submission: Submission, first: Crash | Hang) -> Outcome:
        """Ask again, in a fresh worker."""
        channel = self._worker()
        self._send(channel, (submission,))
        second = self._outcome(submission.task, channel.receive(self._timeout))
        if isinstance(first, Crash) and first.reason == KILLED:
            return second  # frameworks do not send SIGKILL, so the first is no outcome of theirs
        return combine(first, second)

    def _outcome(self, task: Task, reply: Reply) -> SingleOutcome:
        return outcome_of(
            task, reply, timeout=self._timeout, memory=self._memory, retire=self._retire
        )

    def _worker(self) -> Channel:
        if self._channel is None and not self._stopped:
            self._channel, identity = start(
                self._interpreter,
                seconds=self._startup,
                memory=self._memory,
                on_launch=self._on_launch,
            )
            self._starting = None
            if self._known_identity not in (None, identity):
                self._retire()
                raise OtherRuntime("the worker reports another runtime than the one that was kept")
            self._identity = identity
            self._weight = self._channel.memory
        if self._channel is None or self._stopped:
            self._retire()  # here, as `__exit__` does not follow an `__enter__` that raises
            raise Stopped
        return self._channel

    def _on_launch(self, channel: Channel) -> None:
        self._starting = channel
        if self._stopped:  # also where `stop` has ended the first attempt
            raise Stopped

    def _send(self, channel: Channel, batch: Batch) -> None:
        if len(batch) == 1:
            channel.send({"source": batch[0].task.source}, batch[0].task.arrays)
        else:
            tasks = [submission.task for submission in batch]
            sources = [(task.source, task.traceable_spans) for task in tasks]
            channel.send({"together": sources}, batched.merge_arrays(t.arrays for t in tasks))
        self._is_corrupt = self._interpreter.isolated or any(s.task.last for s in batch)

    def _has_grown(self) -> bool:
        return self._channel is not None and self._channel.memory > self._weight + self._growth

    def _retire(self) -> str:
        """End the worker, if there is one, and return the end of its standard error."""
        if self._channel is None:
            return ""
        channel, self._channel, self._is_corrupt = self._channel, None, False
        channel.close()
        return channel.stderr


def _answers(batch: Batch, reply: Message) -> bool:
    """Return whether a reply has answers to questions of this batch, and no others."""
    numbers = set(map(str, range(len(batch))))
    return isinstance(reply.reply, BatchReply) and reply.arrays.keys() <= numbers
