"""Define a run to make as a job: it cuts its shards, and writes their observations to its file."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.progress import Progress

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import batching_of
from conformance.observations import MODES, Key, Observation
from conformance.runs import partial_runs, run_files, run_header, shards
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
_GUESS = 0.005
"""Seconds for an observation, before one was timed."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run to make.

    Attributes
    ----------
    path
        Where to write the run; None for a path after the framework.
    api_ids
        The APIs; empty for all.
    fingerprint
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
    limits: WorkerLimits = field(default_factory=WorkerLimits)
    fingerprint: str | None = None
    resume: bool = False
    selection: Selection | None = None


class Job:
    """A run to make.

    Parameters
    ----------
    prepared_cases
        The cases. They are iterated several times.
    capacity
        Returns how many shards are carried out at once.

    Attributes
    ----------
    start
        Seconds until its framework has started.
    path
        The run file, once it is known.
    error
        Why the run is not complete.
    keeps_earlier_run
        Whether it could not start, and an earlier run remains at its path.
    """

    def __init__(
        self,
        request: Request,
        prepared_cases: Collection[PreparedCase],
        capacity: Callable[[], int],
        bar: Progress,
    ) -> None:
        self.environment = request.environment
        self.limits = request.limits
        self.start = 0.0
        self.path = request.path
        self.error: Exception | None = None
        self.keeps_earlier_run = False
        self._request = request
        self._prepared_cases = prepared_cases
        self._capacity = capacity
        self._framework = FRAMEWORKS[request.environment.framework]
        self._bar = bar
        self._task = bar.add_task(request.name, total=None)
        self._file = ExitStack()
        self._partial_run: PartialRun | None = None
        self._shards: Iterator[Shard] = iter(())
        self._next: Shard | None = None
        self._apis = tuple(
            api for api in self._framework.apis if api.id in request.api_ids or not request.api_ids
        )
        self._modes = request.selection.modes if request.selection else MODES
        # An upper bound until `open` counts.
        self._total = self._remaining = len(self._modes) * len(prepared_cases) * len(self._apis)
        self._seconds = 0.0
        self._done = 0

    @property
    def counts(self) -> Counter[str]:
        """The number of observations with each status."""
        return Counter() if self._partial_run is None else self._partial_run.counts

    @property
    def was_complete(self) -> bool:
        """Whether the run was complete before."""
        return self._partial_run is not None and self._partial_run.is_complete

    @property
    def remaining(self) -> float:
        """Seconds that the shards that were not taken yet will need."""
        return self._remaining * (self._seconds / self._done if self._done else _GUESS)

    @property
    def exhausted(self) -> bool:
        """Whether all shards were taken."""
        return self._partial_run is not None and self._next is None

    def open(self, identity: RuntimeInfo, seconds: float) -> None:
        """Start to write, as the runtime is known, after so many seconds.

        Raise `RunError` or ``OSError`` if the file cannot be written, or is another run than the
        one to resume.
        """
        self.start = seconds
        request, cases = self._request, self._prepared_cases
        batching = batching_of(
            self._framework, self.environment.backend, batched=self.limits.batched
        )
        header = run_header.header(self._framework, identity, cases, batching)
        header = replace(header, fingerprint=request.fingerprint, selection=request.selection)
        self._apis = tuple(api for api in self._apis if header.apis[api.id])
        self.path = self.path or FOLDER / f"{header.name}.jsonl"
        self._partial_run = partial_run = self._file.enter_context(
            partial_runs.writing(self.path, header, self._keys(), resume=request.resume)
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
            limits=self.limits,
            identity=identity,
            api_ids=tuple(api.id for api in self._apis),
            prepared_cases=(),
            done=partial_run.done,
            modes=self._modes,
        )
        self._shards = shards.cut(template, cases, self._size)
        self._next = next(self._shards, None)

    def _size(self) -> int:
        """Return the size of the next shard: large first, and small last to keep places busy."""
        cases = self._remaining * len(self._prepared_cases) // max(1, self._total)
        return min(max(cases // (2 * self._capacity()), _FEWEST_CASES), shards.MOST)

    def take(self) -> Shard:
        """Return the next shard."""
        shard = self._next
        assert shard is not None  # or it was exhausted
        self._remaining -= len(shard.keys)
        self._next = next(self._shards, None)
        return shard

    def add(self, observation: Observation) -> None:
        """Write an observation."""
        assert self._partial_run is not None  # as shards are cut later
        self._partial_run.add(observation)
        self._bar.advance(self._task)

    def spend(self, seconds: float, shard: Shard) -> None:
        """Record the time that a shard took."""
        self._seconds += seconds
        self._done += len(shard.keys)

    def close(self) -> None:
        """Complete the run, as all observations were added."""
        assert self._partial_run is not None  # as it was opened
        if not self._partial_run.is_complete:
            self._partial_run.close()
        self.release()

    def fail(self, error: Exception) -> None:
        """Give the run up, and write why to its file unless that has a run; other jobs go on."""
        self.error = error
        self.release()
        if self.path is None or self._partial_run is not None:
            return
        self.keeps_earlier_run = partial_runs.is_worth_keeping(self.path)
        if not self.keeps_earlier_run:
            backend = self.environment.backend or self._framework.chosen_backend
            failure = Header(framework=self._framework.name, backend=backend, failure=str(error))
            try:
                with run_files.writing(self.path, failure):
                    pass
            except (OSError, RunError) as file_error:
                self.error = file_error

    def release(self) -> None:
        """Close the run file."""
        self._file.close()

    def _keys(self) -> Iterator[Key]:
        return shards.keys(self._apis, self._prepared_cases, self._modes)
