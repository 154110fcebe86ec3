"""Run cases in environments, and write a run file for each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.runs import durations, run_files
from conformance.runs.executors import Place, threads
from conformance.runs.fingerprint import digest as digest_of
from conformance.runs.job import FOLDER as FOLDER
from conformance.runs.job import Job
from conformance.runs.job import Request as Request
from conformance.runs.job import Result as Result
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import RunError
from conformance.runs.scheduler import Scheduler
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils import progress, resources


def record_all(
    requests: Sequence[Request], prepared_cases: Collection[PreparedCase], places: Sequence[Place]
) -> list[Result]:
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
    list of Result
        One for each request.

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
    return [job.result for job in jobs]


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
        (result,) = record_all([request], prepared_cases, places)
    if result.error is not None:
        raise result.error
    assert result.path is not None  # or it had not been written
    return result.path


def made_from(environment: Environment, cases: Sequence[Path], words: Sequence[str]) -> str:
    """Return a digest of all that a run in an environment of pins is made from.

    Parameters
    ----------
    environment
        The environment.
    cases
        Files and folders of cases; empty for the corpus.
    words
        The options that change what is run, or how.

    Returns
    -------
    str
        The digest.
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
    """Return whether there is a complete run with this digest at ``path`` already."""
    try:
        run = run_files.read(path)
    except RunError:
        return False
    return run.complete and run.header.fingerprint == digest
