"""Sharing out: which shard goes where next, so that all runs end as soon as they can.

A place stays with the run it began, whose framework it has imported. When no run is left to begin,
it helps with the one that has most to do. A shard that is lost is asked again, case by case.
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
from conformance.runs.executors import NoExecutor, Place
from conformance.runs.run_files import RunError
from conformance.runs.shards import Shard, Unlike, WorkerLimits
from conformance.utils.excerpt import shortened
from conformance.workers.worker_client import BadSource, CannotStart, RuntimeInfo

TRIES = 3
"""How often a shard may fail before that is what is observed of it."""
NO_ANSWERS = (CannotStart, CannotBuild, Unlike)
"""What says nothing of a question, only that nobody can be asked."""
WORTH = 2.0
"""How many times longer than starting another worker a work must take to be worth one."""
SHOWN = 200
"""Characters of an error that are shown."""


class Job(Protocol):
    """A run to be made, as whoever shares it out has to know it.

    environment, terms  where, and how
    start      seconds until its framework can be asked
    left       seconds that what was not taken yet would take
    exhausted  whether everything was taken
    """

    environment: Environment
    terms: WorkerLimits

    @property
    def start(self) -> float: ...
    @property
    def left(self) -> float: ...
    @property
    def exhausted(self) -> bool: ...

    def open(self, identity: RuntimeInfo, seconds: float) -> None:
        """It is known who answers; raises ``RunError`` or ``OSError`` if nobody is to be asked."""

    def take(self) -> Shard:
        """The next shard."""

    def add(self, observation: Observation) -> None:
        """One thing was observed."""

    def flush(self) -> None:
        """What was observed has to outlive this process from here on."""

    def spend(self, seconds: float, shard: Shard) -> None:
        """So much time went into a shard."""

    def close(self) -> None:
        """Everything was observed."""

    def fail(self, error: Exception) -> None:
        """Nothing more can be observed, which is no reason to end other works."""


@dataclass(eq=False)
class _Assignment:
    """A shard under way, or, without one, the enquiry who answers.

    told   what was observed of it already
    since  when it was handed over
    """

    work: Job
    shard: Shard | None = None
    failures: int = 0
    told: set[Key] = field(default_factory=set)
    since: float = 0.0


@dataclass(eq=False)
class _Slot:
    """A place, the works whose frameworks it has imported, and what it is at.

    since  when it was last done with something
    """

    place: Place
    works: list[Job] = field(default_factory=list)
    jobs: list[_Assignment] = field(default_factory=list)
    since: float = 0.0

    @property
    def opening(self) -> int:
        return sum(job.shard is None for job in self.jobs)


def share(works: Iterable[Job], places: Sequence[Place]) -> None:
    """Has all works done, begun in this order.

    Raises `NoExecutor` when a place is gone for good.
    """
    _Sharing(works, places).run()


class _Sharing:
    """All in the thread that runs it; places only put into its queue what comes."""

    def __init__(self, works: Iterable[Job], places: Sequence[Place]) -> None:
        self._waiting = deque(works)
        self._desks = [_Slot(place) for place in places]
        self._again: deque[_Assignment] = deque()
        self._unended: dict[Job, int] = {}  # how many jobs of it there are
        self._came: SimpleQueue[tuple[_Slot, _Assignment, Observation | Future[Any]]] = (
            SimpleQueue()
        )

    def run(self) -> None:
        try:
            while self._employ():
                self._take(*self._came.get())
                for _ in range(self._came.qsize()):
                    self._take(*self._came.get())
                for work in self._unended:
                    work.flush()
        except (NoExecutor, KeyboardInterrupt):
            while not self._came.empty():  # what has come is worth keeping
                with suppress(NoExecutor):
                    self._take(*self._came.get())
            raise

    def _employ(self) -> bool:
        """Hands out what there is room for, and says whether anything is under way."""
        for desk in self._desks:
            for job in self._jobs(desk):
                self._submit(desk, job)
        return any(desk.jobs for desk in self._desks)

    def _take(self, desk: _Slot, job: _Assignment, came: Observation | Future[Any]) -> None:
        if isinstance(came, Future):
            self._ended(desk, job, came)
        else:
            self._add(job, came)

    def _jobs(self, desk: _Slot) -> Iterator[_Assignment]:
        """What a place has room for."""
        room = desk.place.room
        while len(desk.jobs) < room and (job := self._next(desk)):
            yield job

    def _next(self, desk: _Slot) -> _Assignment | None:
        if self._again:
            return self._again.popleft()
        for work in desk.works:
            if not work.exhausted:
                return self._of(work, work.take())
        if desk.opening >= max(1, desk.place.hands()):
            return None
        if self._waiting:
            return self._of(self._waiting.popleft())
        if desk.opening:
            return None
        return self._help(desk)

    def _help(self, desk: _Slot) -> _Assignment | None:
        """A shard of the longest of the others' works, if any is worth the start that it costs."""
        works = {work for other in self._desks for work in other.works}
        long = [work for work in works if not work.exhausted and work.left > WORTH * work.start]
        if not long:
            return None
        work = max(long, key=lambda one: one.left)
        desk.works.append(work)
        return self._of(work, work.take())

    def _of(self, work: Job, shard: Shard | None = None) -> _Assignment:
        self._unended[work] = self._unended.get(work, 0) + 1
        return _Assignment(work, shard)

    def _submit(self, desk: _Slot, job: _Assignment) -> None:
        job.since = monotonic()
        desk.jobs.append(job)
        future: Future[Any]
        try:
            if job.shard is None:
                future = desk.place.identify(job.work.environment, job.work.terms)
            else:
                future = desk.place.carry_out(
                    job.shard, lambda told: self._came.put((desk, job, told))
                )
        except (BrokenExecutor, CancelledError, RuntimeError) as error:
            raise _gone(error) from error
        future.add_done_callback(lambda done: self._came.put((desk, job, done)))

    def _ended(self, desk: _Slot, job: _Assignment, future: Future[Any]) -> None:
        now = monotonic()
        seconds = (now - max(job.since, desk.since)) * max(1, desk.place.hands())
        desk.since = now
        desk.jobs.remove(job)
        if job.work not in self._unended:
            return
        self._unended[job.work] -= 1
        try:
            result = future.result()
        except (BrokenExecutor, CancelledError) as error:
            raise _gone(error) from error
        except BadSource as error:
            self._give_up(job.work, error)
        except Exception as error:
            self._failed(job, error)
        else:
            if job.shard is None:
                self._open(desk, job.work, result, seconds)
            else:
                job.work.spend(seconds, job.shard)
                for observation in result:
                    self._add(job, observation)
        self._settle(job.work)

    def _open(self, desk: _Slot, work: Job, identity: RuntimeInfo, seconds: float) -> None:
        try:
            work.open(identity, seconds)
        except (RunError, OSError) as error:
            self._give_up(work, error)
        else:
            desk.works.append(work)

    def _add(self, job: _Assignment, observation: Observation) -> None:
        if job.work in self._unended:
            job.told.add(observation.key)
            job.work.add(observation)

    def _settle(self, work: Job) -> None:
        if self._unended.get(work) == 0 and work.exhausted:
            del self._unended[work]
            work.close()

    def _failed(self, job: _Assignment, error: Exception) -> None:
        """Asks again, unless that was often enough."""
        failures = job.failures + 1
        nobody = isinstance(error, NO_ANSWERS)
        if job.shard is None:
            if nobody or failures == TRIES:
                self._give_up(job.work, error)
            else:
                self._retry(job.work, [None], failures)
        elif failures < TRIES:
            rest = replace(job.shard, done=job.shard.done.union(job.told))
            self._retry(job.work, [rest] if nobody else list(rest.split()), failures)
        elif nobody:
            self._give_up(job.work, error)
        else:
            rest = replace(job.shard, done=job.shard.done.union(job.told))
            for observation in rest.lost(_why(error)):
                self._add(job, observation)

    def _retry(self, work: Job, rest: list[Shard] | list[None], failures: int) -> None:
        """Before anything else, so that what fails does so before much of it is lost."""
        for shard in reversed(rest):
            job = self._of(work, shard)
            job.failures = failures
            self._again.appendleft(job)

    def _give_up(self, work: Job, error: Exception) -> None:
        self._unended.pop(work, None)
        self._again = deque(job for job in self._again if job.work is not work)
        for desk in self._desks:
            desk.works = [other for other in desk.works if other is not work]
        work.fail(error)


def _gone(error: Exception) -> NoExecutor:
    return NoExecutor(f"shards can no longer be carried out: {_named(error)}")


def _why(error: Exception) -> str:
    return f"its shard failed {TRIES} times, at last with {_named(error)}"


def _named(error: Exception) -> str:
    said = " ".join(str(error).split())
    said = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return shortened(said, SHOWN)
