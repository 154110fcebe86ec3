"""Run cases in environments, and write a run file for each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path

from conformance.environments.definitions import Environment
from conformance.runs import durations
from conformance.runs.executors import Place, threads
from conformance.runs.job import FOLDER as FOLDER
from conformance.runs.job import Job as Job
from conformance.runs.job import Request as Request
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.scheduler import Scheduler
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils import progress


def record_all(
    requests: Sequence[Request], prepared_cases: Collection[PreparedCase], places: Sequence[Place]
) -> list[Job]:
    """Run all cases in every environment, and write the run files.

    An environment that cannot be made or started gets a run file that says so, and the others go
    on.

    Parameters
    ----------
    requests
        One for each environment.
    prepared_cases
        The cases. They are iterated several times, and may be made anew each time.
    places
        Where shards are carried out.

    Returns
    -------
    list of Job
        One for each request, with its result.

    Raises
    ------
    NoExecutor
        When a place is gone for good.
    OSError
        If a run file cannot be written.
    """
    recorded_durations = durations.recall()

    def capacity() -> int:
        return max(1, sum(place.capacity() for place in places))

    with ExitStack() as files, progress.bar() as bar:
        jobs = []
        for request in requests:
            duration = durations.expected(request.environment, recorded_durations)
            jobs.append(Job(request, prepared_cases, duration, capacity, bar))
            files.callback(jobs[-1].release)
        Scheduler(sorted(jobs, key=lambda job: -job.start - job.remaining), places).run()
    return jobs


def record(
    environment: Environment,
    prepared_cases: Collection[PreparedCase],
    path: Path | None,
    *,
    jobs: int = 1,
    limits: WorkerLimits | None = None,
    fingerprint: str | None = None,
    selection: Selection | None = None,
) -> Path:
    """Run all cases in one environment, in threads of this process.

    Parameters
    ----------
    environment, prepared_cases
        The environment and the cases.
    path, limits, fingerprint, selection
        As of `Request`.
    jobs
        The number of threads.

    Returns
    -------
    Path
        The run file.

    Raises
    ------
    CannotBuild, WorkerError, RunError, OSError
        Why the run is not complete.
    """
    request = Request(
        name=environment.framework,
        environment=environment,
        path=path,
        limits=limits or WorkerLimits(),
        fingerprint=fingerprint,
        selection=selection,
    )
    with threads(jobs) as places:
        (job,) = record_all([request], prepared_cases, places)
    if job.error is not None:
        raise job.error
    assert job.path is not None  # or it had not been written
    return job.path
