"""Recordings: every case asked in some environments, and written down as a run file for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.progress import Progress

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.observations import MODES, Key, Observation
from conformance.runs import durations, partial_runs, run_files, run_header, shards
from conformance.runs.durations import Duration
from conformance.runs.executors import Place, threads
from conformance.runs.fingerprint import digest as digest_of
from conformance.runs.partial_runs import PartialRun
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header, RunError
from conformance.runs.scheduler import share
from conformance.runs.selection import Selection
from conformance.runs.shards import Shard
from conformance.runs.worker_limits import MEMORY as MEMORY
from conformance.runs.worker_limits import TIMEOUT as TIMEOUT
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils import progress, resources
from conformance.workers.worker_client import RuntimeInfo

FOLDER = Path("reports", "runs")
"""Where run files go unless it is said otherwise."""
LEAST = 8
"""Cases of the last shards, where they share what is left."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run that is wanted.

    name     what the environment goes by
    path     where it is written; None for a name after the framework
    api_ids  the APIs to ask; none stands for all
    sources  digest of what it is made from, where the pins are known
    resume   whether to go on from what a run that was stopped has left
    selection  the part of all cases and APIs that the subjects are
    """

    name: str
    environment: Environment
    path: Path | None = None
    api_ids: Collection[str] = ()
    terms: WorkerLimits = field(default_factory=WorkerLimits)
    sources: str | None = None
    resume: bool = False
    selection: Selection | None = None


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What came of a request.

    path    of the run file
    counts  how often each status was observed
    error   why it did not come to its end
    kept    whether it had come there before
    spared  whether it could not be begun, and an earlier run is left where it was to be written
    """

    path: Path | None
    counts: Counter[str]
    error: Exception | None
    kept: bool
    spared: bool = False


def record_all(
    requests: Sequence[Request], prepared_cases: Collection[PreparedCase], places: Sequence[Place]
) -> list[Recorded]:
    """Asks every subject in every environment, and writes the run files.

    ``prepared_cases`` are gone through several times, and may be made anew each time. An
    environment that cannot be made or started leaves a run at its path that says so, and the others
    go on.
    Raises ``NoExecutor``, ``OSError``.
    """
    known = durations.recall()

    def hands() -> int:
        return max(1, sum(place.hands() for place in places))

    with ExitStack() as files, progress.bar() as bar:
        recordings = []
        for request in requests:
            expected = durations.expected(request.environment, known)
            recordings.append(_Recording(request, prepared_cases, expected, hands, bar))
            files.callback(recordings[-1].release)
        share(sorted(recordings, key=lambda one: -one.start - one.left), places)
    return [recording.recorded for recording in recordings]


def record(
    environment: Environment,
    prepared_cases: Collection[PreparedCase],
    path: Path | None,
    *,
    jobs: int = 1,
    terms: WorkerLimits | None = None,
    sources: str | None = None,
    selection: Selection | None = None,
) -> Path:
    """Asks every subject in one environment, and returns where the run file is.

    Raises ``CannotBuild``, ``WorkerError``, ``RunError``, ``OSError``.
    """
    request = Request(
        name=environment.framework,
        environment=environment,
        path=path,
        terms=terms or WorkerLimits(),
        sources=sources,
        selection=selection,
    )
    with threads(jobs) as places:
        (recorded,) = record_all([request], prepared_cases, places)
    if recorded.error is not None:
        raise recorded.error
    assert recorded.path is not None  # or it had not been written
    return recorded.path


def made_from(environment: Environment, cases: Sequence[Path], words: Sequence[str]) -> str:
    """A digest of all that makes a run of an environment of pins what it is.

    words  the options that change what is asked, or how
    """
    variable = FRAMEWORKS[environment.framework].backend_variable
    return digest_of(
        cases or (resources.CASES,),
        (
            *environment.identity,
            *(f"{name}={value}" for name, value in sorted(environment.variables.items())),
            str(environment.backend),
            *words,
        ),
        [variable] if variable else [],
    )


def is_made_from(path: Path, digest: str) -> bool:
    """Whether there is a complete run with this digest at ``path``, so that none is needed."""
    try:
        run = run_files.read(path)
    except RunError:
        return False
    return run.complete and run.header.sources == digest


class _Recording:
    """A request on its way: a `sharing.Work`."""

    def __init__(
        self,
        request: Request,
        prepared_cases: Collection[PreparedCase],
        expected: Duration,
        hands: Callable[[], int],
        bar: Progress,
    ) -> None:
        self.environment = request.environment
        self.terms = request.terms
        self.start = expected.start
        self._request = request
        self._subjects = prepared_cases
        self._hands = hands
        self._framework = FRAMEWORKS[request.environment.framework]
        self._path = request.path
        self._bar = bar
        self._task = bar.add_task(request.name, total=None)
        self._file = ExitStack()
        self._begun: PartialRun | None = None
        self._error: Exception | None = None
        self._spared = False
        self._shards: Iterator[Shard] = iter(())
        self._next: Shard | None = None
        self._apis = tuple(
            api for api in self._framework.apis if api.id in request.api_ids or not request.api_ids
        )
        # At most, before it is counted.
        self._total = self._untaken = len(MODES) * len(prepared_cases) * len(self._apis)
        self._each = expected.observation
        self._spent = 0.0
        self._done = 0

    @property
    def recorded(self) -> Recorded:
        begun = self._begun
        return Recorded(
            path=self._path,
            counts=Counter() if begun is None else begun.writer.counts,
            error=self._error,
            kept=begun is not None and begun.complete,
            spared=self._spared,
        )

    @property
    def left(self) -> float:
        return self._untaken * (self._spent / self._done if self._done else self._each)

    @property
    def exhausted(self) -> bool:
        return self._begun is not None and self._next is None

    def open(self, identity: RuntimeInfo, seconds: float) -> None:
        self.start = seconds
        together = self.terms.together
        header = run_header.header(self._framework, identity, self._subjects, together=together)
        request = self._request
        header = replace(header, sources=request.sources, selection=request.selection)
        self._apis = tuple(api for api in self._apis if header.apis[api.id])
        self._path = path = self._path or FOLDER / f"{header.name}.jsonl"
        self._begun = begun = self._file.enter_context(
            partial_runs.writing(path, header, self._keys(), resume=self._request.resume)
        )
        self._total = sum(1 for _ in self._keys())
        self._bar.update(
            self._task,
            description=" ".join(filter(None, (self._request.name, header.version))),
            total=self._total,
            completed=len(begun.done),
        )
        self._untaken = self._total - len(begun.done)
        whole = Shard(
            environment=self.environment,
            terms=self.terms,
            identity=identity,
            api_ids=tuple(api.id for api in self._apis),
            prepared_cases=(),
            done=begun.done,
        )
        self._shards = shards.cut(whole, self._subjects, self._size)
        self._next = next(self._shards, None)

    def _size(self) -> int:
        """Many cases at first, which costs least, and few in the end, so that no hand is idle."""
        cases = self._untaken * len(self._subjects) // max(1, self._total)
        return min(max(cases // (2 * self._hands()), LEAST), shards.MOST)

    def take(self) -> Shard:
        shard = self._next
        assert shard is not None  # or it was exhausted
        self._untaken -= len(shard.keys)
        self._next = next(self._shards, None)
        return shard

    def add(self, observation: Observation) -> None:
        assert self._begun is not None  # as shards are cut later
        self._begun.writer.add(observation)
        self._bar.advance(self._task)

    def flush(self) -> None:
        if self._begun is not None:
            self._begun.writer.flush()

    def spend(self, seconds: float, shard: Shard) -> None:
        self._spent += seconds
        self._done += len(shard.keys)

    def close(self) -> None:
        begun = self._begun
        assert begun is not None and self._path is not None  # as it was opened
        if not begun.complete:
            partial_runs.finish(self._path, begun.writer, self._keys)
        self.release()
        if self.environment.pins and self._done >= durations.ENOUGH:
            durations.remember(self.environment, Duration(self.start, self._spent / self._done))

    def fail(self, error: Exception) -> None:
        self._error = error
        self.release()
        if self._path is None or self._begun is not None:
            return
        self._spared = partial_runs.is_worth_keeping(self._path)
        if not self._spared:
            backend = self.environment.backend or self._framework.chosen_backend
            failure = Header(framework=self._framework.name, backend=backend, failure=str(error))
            try:
                with run_files.writing(self._path, failure):
                    pass
            except (OSError, RunError) as unwritten:
                self._error = unwritten

    def release(self) -> None:
        """Lets go of the run file."""
        self._file.close()

    def _keys(self) -> Iterator[Key]:
        return shards.keys(self._apis, self._subjects)
