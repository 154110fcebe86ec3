"""Releases: which of a package exist, so that a history and a search can walk over them.

What there is pip tells, by the index that it is set up with and once for each Python that is
installed: a release for which none of them finds a wheel cannot be asked anything.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conformance.environments.installer import CannotBuild, uv
from conformance.utils.printable import PrintableError
from conformance.workers import pythons

PIP = "pip>=25.1"
"""The first that tells versions as JSON."""


class NoRelease(PrintableError):
    """Releases that nobody knows of, or that were asked for in words nobody understands."""


@dataclass(frozen=True)
class Release:
    """One version of a package.

    pythons  those of the installed ones that there is a wheel for, the preferred one first
    """

    package: str
    version: Version
    pythons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def pin(self) -> str:
        """What an installer is asked for."""
        return f"{self.package}=={self.version}"


def asked_for(words: str) -> Requirement:
    """A package with or without a range of versions. Raises `NoRelease` for anything else."""
    try:
        requirement = Requirement(words)
    except InvalidRequirement as error:
        raise NoRelease(
            f"{words!r} is no package with a range of versions as in 'keras>=3,<3.16':"
            f" {str(error).splitlines()[0]}"
        ) from None
    if requirement.url or requirement.marker or requirement.extras:
        raise NoRelease(f"{words!r} must be a package and a range of versions, nothing else")
    return requirement


def exact(requirement: Requirement) -> Version | None:
    """The only version that a requirement means, as in ``keras==3.8.0``; None for a range."""
    specifiers = tuple(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in ("==", "==="):
        return None
    try:
        return Version(specifiers[0].version)
    except InvalidVersion:  # as in ==3.*
        return None


def existing(package: str, places: Sequence[str]) -> tuple[Release, ...]:
    """Every release of a package, the oldest first, those without a wheel too.

    places  versions or paths of Pythons, in the order of preference
    Raises `NoRelease` where there are none, ``CannotBuild`` without uv.
    """
    wheels = [("--only-binary", ":all:", "--python-version", _number(place)) for place in places]
    with ThreadPoolExecutor(len(wheels) + 1) as pool:
        # The sources are asked for as well, so that a release without a wheel is not passed over.
        everything, *told = pool.map(
            lambda options: _listed(package, options), [("--ignore-requires-python",), *wheels]
        )
    found: dict[Version, list[str]] = {version: [] for version in everything}
    for python, versions in zip(places, told, strict=True):
        for version in versions:
            found.setdefault(version, []).append(python)
    if not found:
        raise NoRelease(f"pip knows no release of {package!r} for Python {', '.join(places)}")
    return tuple(Release(package, version, tuple(found[version])) for version in sorted(found))


def _number(place: str) -> str:
    version = pythons.version_of(place)
    if version is None:
        raise NoRelease(f"{place} is not a Python interpreter")
    return ".".join(map(str, version[:2]))


def _listed(package: str, options: Sequence[str]) -> set[Version]:
    """The versions that pip finds; of one with builds of its own the public part."""
    index = ("pip", "index", "versions", package, "--json", "--pre", *options)
    here = ("--no-python-downloads", "--python", str(pythons.HERE))  # PATH may have an older one
    try:
        told = uv("tool", "run", "--quiet", *here, "--from", PIP, *index)
    except CannotBuild as error:
        if "No matching distribution" in str(error):
            return set()
        raise
    return {Version(Version(words).public) for words in json.loads(told)["versions"]}


def meant(
    requirements: Iterable[Requirement],
    releases: Sequence[Release],
    *,
    pre: bool = False,
    every: bool = False,
    at_most: int | None = None,
) -> tuple[Release, ...]:
    """The releases that are meant, the oldest first.

    One that is named exactly always is; where pip knows nothing of it, it is one without a wheel.

    pre      also those before a final one; else only where the range names one
    every    all of a range, and not the first and the last of each minor series
    at_most  so many of the ranges, spread evenly, with both ends
    Raises `NoRelease` where nothing is meant.
    """
    named: dict[Version, Release] = {}
    ranged: dict[Version, Release] = {}
    by_version = {release.version: release for release in releases}
    for requirement in requirements:
        version = exact(requirement)
        if version is not None:
            unknown = Release(requirement.name, version, ())
            named[version] = by_version.get(version, unknown)
            continue
        early = pre or bool(requirement.specifier.prereleases)
        within = list(requirement.specifier.filter(by_version, prereleases=early))
        if not within:
            raise NoRelease(f"no release of {len(releases)} is within {str(requirement)!r}")
        ranged |= {version: by_version[version] for version in within}
    chosen = sorted(ranged)
    if not every:
        chosen = list(_of_each_series(chosen))
    if at_most is not None:
        chosen = list(_spread(chosen, at_most))
    found = named | {version: ranged[version] for version in chosen}
    return tuple(found[version] for version in sorted(found))


def _of_each_series(versions: Iterable[Version]) -> Iterable[Version]:
    for _, own in groupby(versions, lambda v: (v.epoch, v.release[:2])):
        first, *others = own
        yield first
        yield from others[-1:]


def _spread(versions: Sequence[Version], number: int) -> Iterable[Version]:
    """So many versions at equal distances, the first and the last among them."""
    if len(versions) <= number:
        return versions
    if number == 1:
        return versions[-1:]
    places = (round(i * (len(versions) - 1) / (number - 1)) for i in range(number))
    return [versions[place] for place in places]


@cache
def uploaded(release: Release, python: str) -> datetime | None:
    """When a release was uploaded; None where the index does not say."""
    options = ("--quiet", "--no-deps", "--no-header", "--format", "pylock.toml")
    place = pythons.find(python) or python
    try:
        told = uv("pip", "compile", *options, "--python", place, "-", given=release.pin)
    except CannotBuild:
        return None
    return min(_times(tomllib.loads(told)), default=None)


def _times(lock: Mapping[str, Any]) -> Iterator[datetime]:
    for package in lock.get("packages", ()):
        for file in (*package.get("wheels", ()), package.get("sdist", {})):
            if isinstance(file.get("upload-time"), datetime):
                yield file["upload-time"]


def same_package(one: str, other: str) -> bool:
    """Whether two names are of one package, however they are written."""
    return canonicalize_name(one) == canonicalize_name(other)
