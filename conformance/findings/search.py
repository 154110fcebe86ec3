"""Start every environment, and run all scripts of the page in them, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.installer import CannotBuild
from conformance.environments.interpreters import interpreter_in, runtime_of
from conformance.findings import scripts
from conformance.findings.page import Entry, Script
from conformance.findings.scripts import Showing
from conformance.findings.sightings import Sighting
from conformance.findings.visits import Visit, framework_name
from conformance.runs import lookup
from conformance.runs.lookup import NotFoundError
from conformance.utils import progress
from conformance.workers.interpreter import STARTUP, Interpreter
from conformance.workers.worker_client import CannotStart, WorkerClient


@dataclass(frozen=True)
class Place:
    """An interpreter, with what decides whether a bug shows in it.

    Parameters
    ----------
    interpreter
        Started as a run starts it.
    name
        Of the framework, with its backend.
    packages
        Versions of the framework, and of its backend, by name.
    runtime_class
        None where it is not known.
    """

    title: str
    interpreter: Interpreter
    name: str
    packages: Mapping[str, str]
    runtime_class: str | None

    def __str__(self) -> str:
        versions = (f"{name} {version}" for name, version in self.packages.items())
        words = ", ".join((*versions, self.runtime_class or "runtime class unknown"))
        return f"{self.title}: {words}"


@dataclass(frozen=True)
class Task:
    """A script to run, and the sighting that says where the bug shows."""

    entry: Entry
    sighting: Sighting
    script: Script


@dataclass(frozen=True)
class Result:
    """The output of one script in one place and how it ended, and whether it shows the bug."""

    task: Task
    place: Place
    outcome: str
    showing: Showing

    @property
    def expected(self) -> bool | None:
        """Whether the page says that the bug shows there; None where it says nothing."""
        return self.task.sighting.expects(self.place.packages, self.place.runtime_class)

    @property
    def is_red(self) -> bool:
        """Whether the page is wrong."""
        return self.expected not in (None, self.showing == "shows")


@dataclass(frozen=True)
class Trouble:
    """An environment in which no script could run, by its title, and the reason."""

    title: str
    error: CannotBuild | CannotStart | NotFoundError | OSError


def search(
    visits: Sequence[Visit], *, jobs: int, timeout: float, startup: float = STARTUP
) -> tuple[list[Result], list[Trouble]]:
    """Run the scripts of all visits.

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
            places = list(pool.map(partial(_place, startup), visits))
        runs = [
            (place, task)
            for visit, place in zip(visits, places, strict=True)
            if isinstance(place, Place)
            for task in _tasks(place, visit.entries)
        ]
        with progress.bar() as bar:
            bar_task = bar.add_task("findings", total=len(runs))

            def run(run: tuple[Place, Task]) -> Result | Trouble:
                result = _run(*run, timeout)
                bar.advance(bar_task)
                return result

            outcomes = list(pool.map(run, runs))
    finally:
        pool.shutdown(cancel_futures=True)
    troubles = [trouble for trouble in (*places, *outcomes) if isinstance(trouble, Trouble)]
    return [result for result in outcomes if isinstance(result, Result)], troubles


def _place(startup: float, visit: Visit) -> Place | Trouble:
    """Start a worker in the environment of a visit, which is made unless it exists."""
    framework = FRAMEWORKS[visit.environment.framework]
    try:
        interpreter = interpreter_in(visit.environment, batched=False)
        with WorkerClient(interpreter, startup=startup) as client:
            runtime = runtime_of(framework, client.identity)
        lookup.refuse_backend(framework, runtime.backend)
    except (CannotBuild, CannotStart, NotFoundError) as error:
        return Trouble(visit.title, error)
    variables = dict(interpreter.variables)
    if framework.backend_variable and runtime.backend:
        variables[framework.backend_variable] = runtime.backend
    return Place(
        visit.title,
        replace(interpreter, variables=variables),
        framework_name(framework.name, runtime.backend),
        runtime.packages,
        runtime.runtime_class,
    )


def _tasks(place: Place, entries: Sequence[Entry]) -> Iterator[Task]:
    """Yield the scripts of a place's framework and backend, for any versions."""
    for entry in entries:
        for sighting in entry.sightings:
            if sighting.name == place.name:
                for script in entry.scripts_for(sighting):
                    yield Task(entry, sighting, script)


def _run(place: Place, task: Task, timeout: float) -> Result | Trouble:
    try:
        outcome = scripts.run(place.interpreter, task.script, timeout)
    except OSError as error:
        return Trouble(place.title, error)
    return Result(task, place, outcome, scripts.showing(task.script, outcome))
