"""Schedule shards on places, so that all runs end as soon as possible.

A place stays with the run that it opened, as it has imported the framework. When no run is left to
open, it helps with the longest one. A shard that fails is retried, each case as a shard of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from time import monotonic
from typing import Any, Protocol

from conformance.environments.definitions import CannotBuild, Environment
from conformance.observations import Key, Observation
from conformance.runs.examiners import DifferentRuntime
from conformance.runs.executors import NoExecutor, Place
from conformance.runs.run_files import RunError
from conformance.runs.shards import Shard, WorkerLimits
from conformance.utils.excerpt import shortened
from conformance.workers.worker_client import BadSource, CannotStart, RuntimeInfo

TRIES = 3
"""How often a shard may fail before its calls count as crashed."""
WORTH = 2.0
"""How many times longer than the start of another worker a job must take to get one."""
_NO_WORKER = (CannotStart, CannotBuild, DifferentRuntime)
"""Errors that say nothing about a question, only that no worker can answer it."""
_LONGEST = 200
"""Characters of an error in a sentence."""


class Job(Protocol):
    """A run to make, as the scheduler needs it.

    Attributes
    ----------
    environment, terms
        The environment, and the limits of its worker.
    start
        Seconds until its framework has started.
    remaining
        Seconds that the shards that were not taken yet will need.
    exhausted
        Whether all shards were taken.
    """

    environment: Environment
    terms: WorkerLimits

    @property
    def start(self) -> float: ...
    @property
    def remaining(self) -> float: ...
    @property
    def exhausted(self) -> bool: ...

    def open(self, identity: RuntimeInfo, seconds: float) -> None:
        """Start to write, as the runtime is known; raise ``RunError`` or ``OSError`` to give up."""

    def take(self) -> Shard:
        """Return the next shard."""

    def add(self, observation: Observation) -> None:
        """Write an observation."""

    def flush(self) -> None:
        """Keep all observations even if this process ends."""

    def spend(self, seconds: float, shard: Shard) -> None:
        """Record the time that a shard took."""

    def close(self) -> None:
        """Complete the run, as all observations were added."""

    def fail(self, error: Exception) -> None:
        """Give the run up; other jobs go on."""


@dataclass(eq=False)
class _Assignment:
    """A shard at a place or, without one, the question which runtime answers there.

    Attributes
    ----------
    keys
        Of the observations that were reported already.
    start
        When it was submitted.
    """

    job: Job
    shard: Shard | None = None
    failures: int = 0
    keys: set[Key] = field(default_factory=set)
    start: float = 0.0

    @property
    def remainder(self) -> Shard:
        """The shard without what was reported already."""
        assert self.shard is not None
        return replace(self.shard, done=self.shard.done.union(self.keys))


@dataclass(eq=False)
class _Slot:
    """A place, the jobs whose frameworks it has imported, and its assignments.

    Attributes
    ----------
    end
        When its last assignment ended.
    """

    place: Place
    jobs: list[Job] = field(default_factory=list)
    assignments: list[_Assignment] = field(default_factory=list)
    end: float = 0.0

    @property
    def opening(self) -> int:
        return sum(assignment.shard is None for assignment in self.assignments)


def share(jobs: Iterable[Job], places: Sequence[Place]) -> None:
    """Carry out all jobs.

    Parameters
    ----------
    jobs
        The jobs, in the order in which they start.
    places
        Where their shards are carried out.

    Raises
    ------
    NoExecutor
        When a place is gone for good.
    """
    _Scheduler(jobs, places).run()


class _Scheduler:
    """Runs in one thread; places only put events into its queue."""

    def __init__(self, jobs: Iterable[Job], places: Sequence[Place]) -> None:
        self._waiting = deque(jobs)
        self._slots = [_Slot(place) for place in places]
        self._retries: deque[_Assignment] = deque()
        self._active: dict[Job, int] = {}  # the number of assignments of each job
        self._events: SimpleQueue[tuple[_Slot, _Assignment, Observation | Future[Any]]] = (
            SimpleQueue()
        )

    def run(self) -> None:
        try:
            while self._submit_all():
                self._process(*self._events.get())
                for _ in range(self._events.qsize()):
                    self._process(*self._events.get())
                for job in self._active:
                    job.flush()
        except (NoExecutor, KeyboardInterrupt):
            while not self._events.empty():  # these observations are worth keeping
                with suppress(NoExecutor):
                    self._process(*self._events.get())
            raise

    def _submit_all(self) -> bool:
        """Submit as much as there is room for, and return whether any place is busy."""
        for slot in self._slots:
            for assignment in self._assignments(slot):
                self._submit(slot, assignment)
        return any(slot.assignments for slot in self._slots)

    def _process(
        self, slot: _Slot, assignment: _Assignment, event: Observation | Future[Any]
    ) -> None:
        if isinstance(event, Future):
            self._end(slot, assignment, event)
        else:
            self._add(assignment, event)

    def _assignments(self, slot: _Slot) -> Iterator[_Assignment]:
        room = slot.place.room
        while len(slot.assignments) < room and (assignment := self._next(slot)):
            yield assignment

    def _next(self, slot: _Slot) -> _Assignment | None:
        if self._retries:
            return self._retries.popleft()
        for job in slot.jobs:
            if not job.exhausted:
                return self._assign(job, job.take())
        if slot.opening >= max(1, slot.place.capacity()):
            return None
        if self._waiting:
            return self._assign(self._waiting.popleft())
        if slot.opening:
            return None
        return self._help(slot)

    def _help(self, slot: _Slot) -> _Assignment | None:
        """Return a shard of the longest job of other places, if one is worth another start."""
        jobs = {job for other in self._slots for job in other.jobs}
        long = [job for job in jobs if not job.exhausted and job.remaining > WORTH * job.start]
        if not long:
            return None
        job = max(long, key=lambda job: job.remaining)
        slot.jobs.append(job)
        return self._assign(job, job.take())

    def _assign(self, job: Job, shard: Shard | None = None, failures: int = 0) -> _Assignment:
        self._active[job] = self._active.get(job, 0) + 1
        return _Assignment(job, shard, failures)

    def _submit(self, slot: _Slot, assignment: _Assignment) -> None:
        assignment.start = monotonic()
        slot.assignments.append(assignment)
        future: Future[Any]
        try:
            if assignment.shard is None:
                job = assignment.job
                future = slot.place.identify(job.environment, job.terms)
            else:
                future = slot.place.carry_out(
                    assignment.shard,
                    lambda observation: self._events.put((slot, assignment, observation)),
                )
        except (BrokenExecutor, CancelledError, RuntimeError) as error:
            raise _gone(error) from error
        future.add_done_callback(lambda done: self._events.put((slot, assignment, done)))

    def _end(self, slot: _Slot, assignment: _Assignment, future: Future[Any]) -> None:
        now, job = monotonic(), assignment.job
        seconds = (now - max(assignment.start, slot.end)) * max(1, slot.place.capacity())
        slot.end = now
        slot.assignments.remove(assignment)
        if job not in self._active:
            return
        self._active[job] -= 1
        try:
            result = future.result()
        except (BrokenExecutor, CancelledError) as error:
            raise _gone(error) from error
        except BadSource as error:
            self._give_up(job, error)
        except Exception as error:
            self._fail(assignment, error)
        else:
            if assignment.shard is None:
                self._open(slot, job, result, seconds)
            else:
                job.spend(seconds, assignment.shard)
                for observation in result:
                    self._add(assignment, observation)
        if self._active.get(job) == 0 and job.exhausted:
            del self._active[job]
            job.close()

    def _open(self, slot: _Slot, job: Job, identity: RuntimeInfo, seconds: float) -> None:
        try:
            job.open(identity, seconds)
        except (RunError, OSError) as error:
            self._give_up(job, error)
        else:
            slot.jobs.append(job)

    def _add(self, assignment: _Assignment, observation: Observation) -> None:
        if assignment.job in self._active:
            assignment.keys.add(observation.key)
            assignment.job.add(observation)

    def _fail(self, assignment: _Assignment, error: Exception) -> None:
        """Retry a failed assignment unless it has failed too often."""
        job, failures = assignment.job, assignment.failures + 1
        no_worker = isinstance(error, _NO_WORKER)
        if assignment.shard is None:
            if no_worker or failures == TRIES:
                self._give_up(job, error)
            else:
                self._retry(job, [None], failures)
        elif failures < TRIES:
            shard = assignment.remainder
            self._retry(job, [shard] if no_worker else list(shard.split()), failures)
        elif no_worker:
            self._give_up(job, error)
        else:
            reason = f"its shard failed {TRIES} times, at last with {_excerpt(error)}"
            for observation in assignment.remainder.lost(reason):
                self._add(assignment, observation)

    def _retry(self, job: Job, shards: Sequence[Shard | None], failures: int) -> None:
        """Put shards before all others, so that a run that must fail does so early."""
        for shard in reversed(shards):
            self._retries.appendleft(self._assign(job, shard, failures))

    def _give_up(self, job: Job, error: Exception) -> None:
        self._active.pop(job, None)
        self._retries = deque(retry for retry in self._retries if retry.job is not job)
        for slot in self._slots:
            slot.jobs = [other for other in slot.jobs if other is not job]
        job.fail(error)


def _gone(error: Exception) -> NoExecutor:
    return NoExecutor(f"shards can no longer be carried out: {_excerpt(error)}")


def _excerpt(error: Exception) -> str:
    name, message = type(error).__name__, " ".join(str(error).split())
    return shortened(f"{name}: {message}" if message else name, _LONGEST)
