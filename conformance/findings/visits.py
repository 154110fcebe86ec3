"""Choose where the scripts of the page run: pinned environments, other versions, any interpreter.

A pinned environment runs the entries of its versions. Entries of other versions get environments
with these versions. A user's interpreter runs all entries of its framework.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.version import Version

from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.findings.page import Entry
from conformance.findings.sightings import Sighting
from conformance.history.companions import UNDECLARED
from conformance.utils.grouping import cluster


@dataclass(frozen=True)
class Visit:
    """An environment, which is made when needed, and the entries whose scripts run in it."""

    title: str
    environment: Environment
    entries: tuple[Entry, ...]


def visits_of(title: str, environment: Environment, entries: Sequence[Entry]) -> list[Visit]:
    """Return where the scripts of all entries run that are about one pinned environment."""
    name = framework_name(environment.framework, environment.backend)
    pairs = (
        (target, entry)
        for entry in entries
        for sighting in entry.sightings
        if sighting.name == name
        for target in _environments(environment, sighting)
    )
    return [
        Visit(
            title if target == environment else f"{title}, other versions",
            target,
            tuple(entry for _, entry in members),
        )
        for members in cluster(pairs, lambda first, other: first[0] == other[0])
        for target in (members[0][0],)
    ]


def framework_name(framework: str, backend: str | None) -> str:
    """Return the name of a framework with its backend, such as ``keras-jax``."""
    return f"{framework}-{backend}" if backend else framework


def _environments(environment: Environment, sighting: Sighting) -> tuple[Environment, ...]:
    """Return the environment itself, if its versions are the sighting's.

    If not, return one for the first and one for the last version of the sighting, unless another
    pinned environment has these versions.
    """
    if sighting.is_of(dict(_versions(environment))):
        return (environment,)
    if any(
        framework_name(other.framework, other.backend) == sighting.name
        and sighting.is_of(dict(_versions(other)))
        for other in definitions.pinned().values()
    ):
        return ()
    packages = [Requirement(pin).name for pin in environment.pins]
    names = {_import_name(package): package for package in packages}
    framework, *others = map(Requirement, sighting.versions)
    other_pins = [f"{names[other.name]}=={_sorted_versions(other)[-1]}" for other in others]
    versions = _sorted_versions(framework)
    environments = (
        environment.with_pins([f"{packages[0]}=={version}", *other_pins])
        for version in dict.fromkeys((versions[0], versions[-1]))
    )
    return tuple(replace(e, pins=(*e.pins, *UNDECLARED)) for e in environments)


def _sorted_versions(requirement: Requirement) -> list[Version]:
    return sorted(Version(specifier.version) for specifier in requirement.specifier)


def _versions(environment: Environment) -> Iterator[tuple[str, str]]:
    """Yield the names and versions of its packages, of which the first is the framework's."""
    packages = [tuple(package.rsplit("@", 1)) for package in environment.npm]
    pins = map(Requirement, environment.pins)
    packages += [(pin.name, specifier.version) for pin in pins for specifier in pin.specifier]
    for index, (package, version) in enumerate(packages):
        name = _import_name(package) if index else environment.framework
        release = version.split(".")
        yield name, ".".join(release[: _REPORTED.get(name, len(release))])


def _import_name(package: str) -> str:
    """Return the name that a package is imported by: tensorflow of tensorflow-cpu."""
    return package.removesuffix("-cpu")


_REPORTED = {"opencv": 3}
"""How many numbers of a version a package reports; a wheel of OpenCV has one more."""
