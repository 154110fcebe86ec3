"""Where the scripts of the page run: the pinned environments, those of other versions, any other.

A pinned environment runs the entries of its versions. The entries of others get environments of
their own, made of the versions that they name. An interpreter that somebody has runs all of its
framework.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.requirements import Requirement
from packaging.version import Version

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in, runtime_of
from conformance.findings.page import Entry, Script
from conformance.findings.sightings import Sighting
from conformance.history.companions import UNSAID
from conformance.runs import lookup
from conformance.workers.interpreter import STARTUP, Interpreter
from conformance.workers.worker_client import WorkerClient


@dataclass(frozen=True)
class Task:
    """A script to run, and the sighting that says where the bug has to show."""

    entry: Entry
    sighting: Sighting
    script: Script


@dataclass(frozen=True)
class Visit:
    """An environment, and the entries that are looked for in it.

    Parameters
    ----------
    title
        For a person.
    environment
        Made when it is visited, unless it is there.
    entries
        Those with a sighting of its framework and backend.
    """

    title: str
    environment: Environment
    entries: tuple[Entry, ...]


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
        Versions of the framework, and of what computes for it, by name.
    runtime_class
        None where it is not known.
    """

    interpreter: Interpreter
    name: str
    packages: Mapping[str, str] = field(default_factory=dict)
    runtime_class: str | None = None

    @property
    def words(self) -> str:
        """The versions and the class, to be read."""
        versions = (f"{name} {version}" for name, version in self.packages.items())
        return ", ".join((*versions, self.runtime_class or "runtime class unknown"))


def visits(title: str, environment: Environment, entries: Sequence[Entry]) -> list[Visit]:
    """Return where the entries of one pinned environment are looked for.

    Parameters
    ----------
    title
        Its name.
    environment
        With pins.
    entries
        All that there are.
    """
    name = _name(environment.framework, environment.backend)
    wanted: list[tuple[Environment, list[Entry]]] = []
    for entry in entries:
        for sighting in entry.sightings:
            if sighting.name == name:
                for where in environments_of(environment, sighting):
                    same = next((those for other, those in wanted if other == where), None)
                    if same is None:
                        wanted.append((where, [entry]))
                    else:
                        same.append(entry)
    return [
        Visit(title if where == environment else f"{title}, other versions", where, tuple(those))
        for where, those in wanted
    ]


def identify(environment: Environment, startup: float = STARTUP) -> Place:
    """Start a worker in an environment, which is made unless it is there, to know its versions.

    Parameters
    ----------
    environment
        Where.
    startup
        Seconds that it may take.

    Raises
    ------
    CannotBuild, CannotStart, NotThere
        Where there is nothing to run a script in, or a backend that nothing is known of.
    """
    interpreter = interpreter_in(environment, together=False)
    framework = FRAMEWORKS[environment.framework]
    with WorkerClient(interpreter, startup=startup) as client:
        runtime = runtime_of(framework, client.identity)
    backend = runtime.backend
    lookup.refuse_backend(framework, backend)
    chosen = {framework.backend_variable: backend} if framework.backend_variable and backend else {}
    return Place(
        replace(interpreter, variables={**interpreter.variables, **chosen}),
        _name(framework.name, backend),
        runtime.packages,
        runtime.runtime_class,
    )


def tasks_in(place: Place, entries: Sequence[Entry]) -> Iterator[Task]:
    """Yield the scripts of a framework on its backend, of whichever versions the entries are."""
    for entry in entries:
        for sighting in entry.sightings:
            if sighting.name == place.name:
                for script in entry.scripts_for(sighting):
                    yield Task(entry, sighting, script)


def environments_of(environment: Environment, sighting: Sighting) -> tuple[Environment, ...]:
    """Return where a sighting is looked for again, for one pinned environment.

    Parameters
    ----------
    environment
        Of the sighting's framework and backend, with pins.
    sighting
        Of these versions, or of others.

    Returns
    -------
    tuple of Environment
        The environment itself, if its versions are the sighting's. If not, one for the first and
        one for the last version of the sighting.
    """
    names = {_package(pin): Requirement(pin).name for pin in environment.pins}
    if sighting.is_of(dict(_versions(environment))):
        return (environment,)
    own, *beside = map(Requirement, sighting.versions)
    return tuple(
        _with_unsaid(
            environment.with_pins(
                [
                    f"{names[own.name]}=={version}",
                    *(f"{names[other.name]}=={_ends(other)[-1]}" for other in beside),
                ]
            )
        )
        for version in dict.fromkeys((_ends(own)[0], _ends(own)[-1]))
    )


def _name(framework: str, backend: str | None) -> str:
    return f"{framework}-{backend}" if backend else framework


def _ends(requirement: Requirement) -> list[Version]:
    return sorted(Version(specifier.version) for specifier in requirement.specifier)


def _versions(environment: Environment) -> Iterator[tuple[str, str]]:
    for pin in environment.pins:
        for specifier in Requirement(pin).specifier:
            yield _package(pin), specifier.version


def _package(pin: str) -> str:
    """The name that a package is imported by: TensorFlow has a distribution for CPUs alone."""
    return Requirement(pin).name.removesuffix("-cpu")


def _with_unsaid(environment: Environment) -> Environment:
    """The environment with what old releases import and do not ask for."""
    return replace(environment, pins=(*environment.pins, *UNSAID))
