"""Looks for the bugs of the page: starts every environment, then runs all scripts, side by side."""

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
    """An environment in which nothing could be looked for.

    Parameters
    ----------
    title
        Its name, for a person.
    error
        Why.
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
        Where to look, and for what.
    jobs
        How many environments are started, and how many scripts run, at once.
    timeout
        Seconds for a script.
    startup
        Seconds for an environment to start.

    Returns
    -------
    list of Result
        What came of each script, in the order of the visits.
    list of Trouble
        Where there was nothing to run a script in.
    """
    pool = ThreadPoolExecutor(jobs)
    try:
        with progress.stage(f"starting {len(visits)} environments"):
            identified = list(pool.map(partial(_identify, startup), visits))
        runs = [
            (visit, place, task)
            for visit, place in zip(visits, identified, strict=True)
            if isinstance(place, Place)
            for task in places.tasks_in(place, visit.entries)
        ]
        with progress.bar() as bar:
            shown = bar.add_task("findings", total=len(runs))

            def run(run: tuple[Visit, Place, Task]) -> Result | Trouble:
                result = _run(*run, timeout)
                bar.advance(shown)
                return result

            ended = list(pool.map(run, runs))
    finally:
        pool.shutdown(cancel_futures=True)
    troubles = [one for one in (*identified, *ended) if isinstance(one, Trouble)]
    return [one for one in ended if isinstance(one, Result)], troubles


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
