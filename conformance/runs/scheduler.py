"""Run cases in environments: schedule the shards of all runs so that they end soon.

A place stays with the run that it opened, as it has imported the framework. When no run is left to
open, it helps with the longest one. A shard that fails is retried, each case as a shard of its own.
"""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from time import monotonic
from typing import Any

from conformance.environments.definitions import CannotBuild
from conformance.observations import Key, Observation
from conformance.runs.executors import NoExecutor, Place
from conformance.runs.job import Job, Request
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import RunError
from conformance.runs.shards import Shard
from conformance.runs.worker_pool import DifferentRuntime
from conformance.utils import progress
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


def record_all(
    requests: Sequence[Request], prepared_cases: Collection[PreparedCase], places: Sequence[Place]
) -> list[Job]:
    """Run all cases in every environment, and write the run files.

    An environment that cannot be made or started gets a run file that says so, and the others go
    on.

    ``prepared_cases`` are the cases. They are iterated several times, and may be made anew each
    time. Raises ``NoExecutor`` when a place is gone for good. Raises ``OSError`` if a run file
    cannot be written.
    """

    def capacity() -> int:
        return max(1, sum(place.capacity() for place in places))

    with ExitStack() as files, progress.bar() as bar:
        jobs = [Job(request, prepared_cases, capacity, bar) for request in requests]
        for job in jobs:
            files.callback(job.release)
        Scheduler(jobs, places).run()
    return jobs


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
    """A place, the jobs whose framework it has imported, and what it does now."""

    place: Place
    jobs: list[Job] = field(default_factory=list)
    assignments: list[_Assignment] = field(default_factory=list)
    end: float = 0.0

    @property
    def opening(self) -> int:
        """How many jobs it opens now."""
        return sum(assignment.shard is None for assignment in self.assignments)


class Scheduler:
    """Carry out all jobs, in one thread; places only put events into its queue.

    ``jobs`` are the jobs, in the order in which they start. ``places`` says where their shards are
    carried out.
    """

    def __init__(self, jobs: Iterable[Job], places: Sequence[Place]) -> None:
        self._waiting = deque(jobs)
        self._slots = [_Slot(place) for place in places]
        self._retries: deque[_Assignment] = deque()
        self._active: dict[Job, int] = {}  # the number of assignments of each job
        self._events: SimpleQueue[tuple[_Slot, _Assignment, Observation | Future[Any]]] = (
            SimpleQueue()
        )

    def run(self) -> None:
        """Carry out all jobs; raise `NoExecutor` when a place is gone for good."""
        try:
            while self._submit_all():
                self._process(*self._events.get())
        except (NoExecutor, KeyboardInterrupt):
            while not self._events.empty():  # these observations are worth keeping
                with suppress(NoExecutor):
                    self._process(*self._events.get())
            raise

    def _submit_all(self) -> bool:
        """Submit as much as there is room for, and return whether any place is busy."""
        for slot in self._slots:
            room = slot.place.room
            while len(slot.assignments) < room and (assignment := self._next(slot)):
                self._submit(slot, assignment)
        return any(slot.assignments for slot in self._slots)

    def _next(self, slot: _Slot) -> _Assignment | None:
        if self._retries:
            return self._retries.popleft()
        job = next((job for job in slot.jobs if not job.exhausted), None)
        if job is not None:
            return self._assign(job, job.take())
        if slot.opening >= max(1, slot.place.capacity()):
            return None
        if self._waiting:
            return self._assign(self._waiting.popleft())
        job = None if slot.opening else self._longest_job()
        if job is None:
            return None
        slot.jobs.append(job)
        return self._assign(job, job.take())

    def _longest_job(self) -> Job | None:
        """Return the longest job at any place, if one is worth the start of another worker."""
        jobs = {job for slot in self._slots for job in slot.jobs}
        long = [job for job in jobs if not job.exhausted and job.remaining > WORTH * job.start]
        return max(long, key=lambda job: job.remaining, default=None)

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
                future = slot.place.identify(job.environment, job.limits)
            else:
                future = slot.place.execute(
                    assignment.shard,
                    lambda observation: self._events.put((slot, assignment, observation)),
                )
        except (BrokenExecutor, CancelledError, RuntimeError) as error:
            raise _gone(error) from error
        future.add_done_callback(lambda done: self._events.put((slot, assignment, done)))

    def _process(
        self, slot: _Slot, assignment: _Assignment, event: Observation | Future[Any]
    ) -> None:
        if isinstance(event, Future):
            self._end(slot, assignment, event)
        else:
            self._add(assignment, event)

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
                for observation in result or ():
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
        if failures == TRIES or (no_worker and assignment.shard is None):
            if no_worker or assignment.shard is None:
                self._give_up(job, error)
                return
            reason = f"its shard failed {TRIES} times, at last with {_excerpt(error)}"
            for observation in assignment.remainder.lost(reason):
                self._add(assignment, observation)
        elif assignment.shard is None:
            self._retry(job, [None], failures)
        else:
            shard = assignment.remainder
            self._retry(job, [shard] if no_worker else list(shard.split()), failures)

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
