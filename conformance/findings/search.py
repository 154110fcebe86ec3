"""Start every environment, and run all scripts of the page in them, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from conformance.environments.definitions import CannotBuild
from conformance.findings import places, scripts
from conformance.findings.places import Place, Task, Visit
from conformance.findings.results import Result
from conformance.runs.lookup import NotFoundError
from conformance.utils import progress
from conformance.workers.interpreter import STARTUP
from conformance.workers.worker_client import CannotStart


@dataclass(frozen=True)
class Trouble:
    """An environment in which no script could run.

    Parameters
    ----------
    title
        Its name, for a person.
    error
        The reason.
    """

    title: str
    error: CannotBuild | CannotStart | NotFoundError | OSError


def look_for(
    visits: Sequence[Visit], *, jobs: int, timeout: float, startup: float = STARTUP
) -> tuple[list[Result], list[Trouble]]:
    """Run the scripts of all visits.

    Parameters
    ----------
    visits
        Environments, and the entries whose scripts run there.
    jobs
        How many environments start, and how many scripts run, at once.
    timeout
        Seconds for a script.
    startup
        Seconds for an environment to start.

    Returns
    -------
    list of Result
        Of each script, in the order of the visits.
    list of Trouble
        Of the environments in which a script could not run.
    """
    pool = ThreadPoolExecutor(jobs)
    try:
        with progress.stage(f"starting {len(visits)} environments"):
            identities = list(pool.map(partial(_identify, startup), visits))
        runs = [
            (visit, place, task)
            for visit, place in zip(visits, identities, strict=True)
            if isinstance(place, Place)
            for task in places.tasks_in(place, visit.entries)
        ]
        with progress.bar() as bar:
            bar_task = bar.add_task("findings", total=len(runs))

            def run(run: tuple[Visit, Place, Task]) -> Result | Trouble:
                result = _run(*run, timeout)
                bar.advance(bar_task)
                return result

            outcomes = list(pool.map(run, runs))
    finally:
        pool.shutdown(cancel_futures=True)
    troubles = [trouble for trouble in (*identities, *outcomes) if isinstance(trouble, Trouble)]
    return [result for result in outcomes if isinstance(result, Result)], troubles


def _identify(startup: float, visit: Visit) -> Place | Trouble:
    try:
        return places.identify(visit.environment, startup)
    except (CannotBuild, CannotStart, NotFoundError) as error:
        return Trouble(visit.title, error)


def _run(visit: Visit, place: Place, task: Task, timeout: float) -> Result | Trouble:
    try:
        outcome = scripts.run(place.interpreter, task.script, timeout)
    except OSError as error:
        return Trouble(visit.title, error)
    return Result(task, visit.title, place, outcome, scripts.showing(task.script, outcome))
