"""Record one run: take its shards one by one, and write their observations to its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.progress import Progress

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.observations import MODES, Key, Observation
from conformance.runs import durations, partial_runs, run_files, run_header, shards
from conformance.runs.durations import Duration
from conformance.runs.partial_runs import PartialRun
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header, RunError
from conformance.runs.selection import Selection
from conformance.runs.shards import Shard
from conformance.runs.worker_limits import WorkerLimits
from conformance.workers.worker_client import RuntimeInfo

FOLDER = Path("reports", "runs")
"""The folder of run files without a path of their own."""
_FEWEST_CASES = 8
"""The cases of the last shards of a run."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run to make.

    Attributes
    ----------
    name
        The name of the environment.
    environment
        The environment.
    path
        Where to write the run; None for a path after the framework.
    api_ids
        The APIs; empty for all.
    terms
        The limits of its workers.
    sources
        Digest of all that the run is made from, if there are pins.
    resume
        Whether to resume a run that was stopped.
    selection
        The part of all cases and APIs that the run covers.
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
    """The result of a request.

    Attributes
    ----------
    path
        The run file.
    counts
        The number of observations with each status.
    error
        Why the run is not complete.
    kept
        Whether it was complete before.
    spared
        Whether it could not start, and an earlier run remains at its path.
    """

    path: Path | None
    counts: Counter[str]
    error: Exception | None
    kept: bool
    spared: bool = False


class Recording:
    """The `Job` of a request."""

    def __init__(
        self,
        request: Request,
        prepared_cases: Collection[PreparedCase],
        duration: Duration,
        capacity: Callable[[], int],
        bar: Progress,
    ) -> None:
        self.environment = request.environment
        self.terms = request.terms
        self.start = duration.start
        self._request = request
        self._prepared_cases = prepared_cases
        self._capacity = capacity
        self._framework = FRAMEWORKS[request.environment.framework]
        self._path = request.path
        self._bar = bar
        self._task = bar.add_task(request.name, total=None)
        self._file = ExitStack()
        self._partial_run: PartialRun | None = None
        self._error: Exception | None = None
        self._spared = False
        self._shards: Iterator[Shard] = iter(())
        self._next: Shard | None = None
        self._apis = tuple(
            api for api in self._framework.apis if api.id in request.api_ids or not request.api_ids
        )
        # An upper bound until `open` counts.
        self._total = self._remaining = len(MODES) * len(prepared_cases) * len(self._apis)
        self._duration = duration.observation
        self._seconds = 0.0
        self._done = 0

    @property
    def result(self) -> Recorded:
        partial_run = self._partial_run
        return Recorded(
            path=self._path,
            counts=Counter() if partial_run is None else partial_run.writer.counts,
            error=self._error,
            kept=partial_run is not None and partial_run.complete,
            spared=self._spared,
        )

    @property
    def remaining(self) -> float:
        return self._remaining * (self._seconds / self._done if self._done else self._duration)

    @property
    def exhausted(self) -> bool:
        return self._partial_run is not None and self._next is None

    def open(self, identity: RuntimeInfo, seconds: float) -> None:
        self.start = seconds
        request, cases = self._request, self._prepared_cases
        together = self.terms.together
        header = run_header.header(self._framework, identity, cases, together=together)
        header = replace(header, sources=request.sources, selection=request.selection)
        self._apis = tuple(api for api in self._apis if header.apis[api.id])
        self._path = self._path or FOLDER / f"{header.name}.jsonl"
        self._partial_run = partial_run = self._file.enter_context(
            partial_runs.writing(self._path, header, self._keys(), resume=request.resume)
        )
        self._total = sum(1 for _ in self._keys())
        self._bar.update(
            self._task,
            description=" ".join(filter(None, (request.name, header.version))),
            total=self._total,
            completed=len(partial_run.done),
        )
        self._remaining = self._total - len(partial_run.done)
        template = Shard(
            environment=self.environment,
            terms=self.terms,
            identity=identity,
            api_ids=tuple(api.id for api in self._apis),
            prepared_cases=(),
            done=partial_run.done,
        )
        self._shards = shards.cut(template, cases, self._size)
        self._next = next(self._shards, None)

    def _size(self) -> int:
        """Return the size of the next shard: large first, and small last to keep places busy."""
        cases = self._remaining * len(self._prepared_cases) // max(1, self._total)
        return min(max(cases // (2 * self._capacity()), _FEWEST_CASES), shards.MOST)

    def take(self) -> Shard:
        shard = self._next
        assert shard is not None  # or it was exhausted
        self._remaining -= len(shard.keys)
        self._next = next(self._shards, None)
        return shard

    def add(self, observation: Observation) -> None:
        assert self._partial_run is not None  # as shards are cut later
        self._partial_run.writer.add(observation)
        self._bar.advance(self._task)

    def flush(self) -> None:
        if self._partial_run is not None:
            self._partial_run.writer.flush()

    def spend(self, seconds: float, shard: Shard) -> None:
        self._seconds += seconds
        self._done += len(shard.keys)

    def close(self) -> None:
        partial_run = self._partial_run
        assert partial_run is not None and self._path is not None  # as it was opened
        if not partial_run.complete:
            partial_runs.finish(self._path, partial_run.writer, self._keys)
        self.release()
        if self.environment.pins and self._done >= durations.ENOUGH:
            durations.remember(self.environment, Duration(self.start, self._seconds / self._done))

    def fail(self, error: Exception) -> None:
        self._error = error
        self.release()
        if self._path is None or self._partial_run is not None:
            return
        self._spared = partial_runs.is_worth_keeping(self._path)
        if not self._spared:
            backend = self.environment.backend or self._framework.chosen_backend
            failure = Header(framework=self._framework.name, backend=backend, failure=str(error))
            try:
                with run_files.writing(self._path, failure):
                    pass
            except (OSError, RunError) as file_error:
                self._error = file_error

    def release(self) -> None:
        """Close the run file."""
        self._file.close()

    def _keys(self) -> Iterator[Key]:
        return shards.keys(self._apis, self._prepared_cases)
