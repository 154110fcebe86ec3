"""Choose where the scripts of the page run: pinned environments, other versions, any interpreter.

A pinned environment runs the entries of its versions. Entries of other versions get environments
with these versions. A user's interpreter runs all entries of its framework.
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
from conformance.history.companions import UNDECLARED
from conformance.runs import lookup
from conformance.workers.interpreter import STARTUP, Interpreter
from conformance.workers.worker_client import WorkerClient


@dataclass(frozen=True)
class Task:
    """A script to run, and the sighting that says where the bug shows."""

    entry: Entry
    sighting: Sighting
    script: Script


@dataclass(frozen=True)
class Visit:
    """An environment, and the entries whose scripts run in it.

    Parameters
    ----------
    title
        For a person.
    environment
        It is made when the scripts run, unless it exists.
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
        Versions of the framework, and of its backend, by name.
    runtime_class
        None where it is not known.
    """

    interpreter: Interpreter
    name: str
    packages: Mapping[str, str] = field(default_factory=dict)
    runtime_class: str | None = None

    @property
    def words(self) -> str:
        """The versions and the class as text."""
        versions = (f"{name} {version}" for name, version in self.packages.items())
        return ", ".join((*versions, self.runtime_class or "runtime class unknown"))


def visits(title: str, environment: Environment, entries: Sequence[Entry]) -> list[Visit]:
    """Return where the scripts of the entries of one pinned environment run.

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
    groups: list[tuple[Environment, list[Entry]]] = []
    for entry in entries:
        for sighting in entry.sightings:
            if sighting.name == name:
                for target in environments_of(environment, sighting):
                    group = next((group for other, group in groups if other == target), None)
                    if group is None:
                        groups.append((target, [entry]))
                    else:
                        group.append(entry)
    return [
        Visit(title if target == environment else f"{title}, other versions", target, tuple(group))
        for target, group in groups
    ]


def identify(environment: Environment, startup: float = STARTUP) -> Place:
    """Start a worker in an environment, which is made unless it exists, and return its versions.

    Parameters
    ----------
    environment
        One of a visit.
    startup
        Seconds that the start may take.

    Raises
    ------
    CannotBuild, CannotStart, NotFoundError
        Where no script can run, or the backend is unknown.
    """
    interpreter = interpreter_in(environment, batched=False)
    framework = FRAMEWORKS[environment.framework]
    with WorkerClient(interpreter, startup=startup) as client:
        runtime = runtime_of(framework, client.identity)
    backend = runtime.backend
    lookup.refuse_backend(framework, backend)
    variables = dict(interpreter.variables)
    if framework.backend_variable and backend:
        variables[framework.backend_variable] = backend
    return Place(
        replace(interpreter, variables=variables),
        _name(framework.name, backend),
        runtime.packages,
        runtime.runtime_class,
    )


def tasks_in(place: Place, entries: Sequence[Entry]) -> Iterator[Task]:
    """Yield the scripts of a place's framework and backend, for any versions."""
    for entry in entries:
        for sighting in entry.sightings:
            if sighting.name == place.name:
                for script in entry.scripts_for(sighting):
                    yield Task(entry, sighting, script)


def environments_of(environment: Environment, sighting: Sighting) -> tuple[Environment, ...]:
    """Return the environments in which the scripts of a sighting run, for one pinned environment.

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
    if sighting.is_of(dict(_versions(environment))):
        return (environment,)
    names = {_import_name(pin): Requirement(pin).name for pin in environment.pins}
    framework, *others = map(Requirement, sighting.versions)
    other_pins = [f"{names[other.name]}=={_sorted_versions(other)[-1]}" for other in others]
    versions = _sorted_versions(framework)
    environments = (
        environment.with_pins([f"{names[framework.name]}=={version}", *other_pins])
        for version in dict.fromkeys((versions[0], versions[-1]))
    )
    return tuple(replace(e, pins=(*e.pins, *UNDECLARED)) for e in environments)


def _name(framework: str, backend: str | None) -> str:
    return f"{framework}-{backend}" if backend else framework


def _sorted_versions(requirement: Requirement) -> list[Version]:
    return sorted(Version(specifier.version) for specifier in requirement.specifier)


def _versions(environment: Environment) -> Iterator[tuple[str, str]]:
    for pin in environment.pins:
        for specifier in Requirement(pin).specifier:
            yield _import_name(pin), specifier.version


def _import_name(pin: str) -> str:
    """Return the name that a package is imported by: tensorflow-cpu is imported as tensorflow."""
    return Requirement(pin).name.removesuffix("-cpu")
