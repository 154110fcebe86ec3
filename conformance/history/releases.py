"""List the releases of a package, and choose those that a history or a bisection asks.

pip lists them, from the index that it is configured with, once for each installed Python. A release
without a wheel for any of these cannot be asked.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import groupby
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conformance.environments.installer import CannotBuild, uv
from conformance.utils.printable import PrintableError
from conformance.workers import pythons

PIP = "pip>=25.1"
"""The first version that prints JSON."""


class NoRelease(PrintableError):
    """Releases that do not exist, or a request that is not understood."""


@dataclass(frozen=True)
class Release:
    """One version of a package.

    ``pythons`` are the installed ones that there is a wheel for, the preferred one first.
    """

    package: str
    version: Version
    pythons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def pin(self) -> str:
        """The requirement for an installer."""
        return f"{self.package}=={self.version}"


def requirement_of(words: str) -> Requirement:
    """Return the requirement in a text: a package with or without a range of versions.

    Raises ``NoRelease`` for any other text.
    """
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


def package_of(requirements: list[Requirement]) -> str:
    """Return the package of all requirements; raise `NoRelease` where there are several."""
    first, *others = requirements
    for other in others:
        if not same_package(first.name, other.name):
            raise NoRelease(
                f"{first.name} and {other.name} are two packages; a history is of one, and"
                " --with says what is beside it"
            )
    return first.name


def exact(requirement: Requirement) -> Version | None:
    """Return the only version of a requirement such as ``keras==3.8.0``; None for a range."""
    specifiers = tuple(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in ("==", "==="):
        return None
    try:
        return Version(specifiers[0].version)
    except InvalidVersion:  # as in ==3.*
        return None


def published_releases(package: str, places: Sequence[str]) -> tuple[Release, ...]:
    """Return every release of a package, the oldest first, also those without a wheel.

    Raises ``NoRelease`` where there are none. Raises ``CannotBuild`` where there is no uv.

    Parameters
    ----------
    places
        Versions or paths of Pythons, in the order of preference.
    """
    wheels = [("--only-binary", ":all:", "--python-version", _minor_version(p)) for p in places]
    with ThreadPoolExecutor(len(wheels) + 1) as pool:
        # Without the option for wheels, pip also lists releases that have none.
        requests = [("--ignore-requires-python",), *wheels]
        all_versions, *by_python = pool.map(partial(_available_versions, package), requests)
    pythons_by_version: dict[Version, list[str]] = {version: [] for version in all_versions}
    for python, versions in zip(places, by_python, strict=True):
        for version in versions:
            pythons_by_version.setdefault(version, []).append(python)
    if not pythons_by_version:
        raise NoRelease(f"pip knows no release of {package!r} for Python {', '.join(places)}")
    return tuple(
        Release(package, v, tuple(pythons_by_version[v])) for v in sorted(pythons_by_version)
    )


def _minor_version(place: str) -> str:
    version = pythons.version_of(place)
    if version is None:
        raise NoRelease(f"{place} is not a Python interpreter")
    return ".".join(map(str, version[:2]))


def _available_versions(package: str, options: Sequence[str]) -> set[Version]:
    """Return the versions that pip finds, without the local part of a build's version."""
    index = ("pip", "index", "versions", package, "--json", "--pre", *options)
    # Without --python, uv may take an older Python from PATH.
    python = ("--no-python-downloads", "--python", str(pythons.HERE))
    try:
        output = uv("tool", "run", "--quiet", *python, "--from", PIP, *index).stdout
    except CannotBuild as error:
        if "No matching distribution" in str(error):
            return set()
        raise
    return {Version(Version(words).public) for words in json.loads(output)["versions"]}


def selected_releases(
    requirements: Iterable[Requirement],
    releases: Sequence[Release],
    *,
    pre: bool = False,
    every: bool = False,
    at_most: int | None = None,
) -> tuple[Release, ...]:
    """Return the releases that requirements select, the oldest first.

    A release that is named exactly is always among them; where pip does not know it, it has no
    wheel.

    ``pre`` says whether pre-releases are selected too; else only where the range names one.
    ``every`` says whether all of a range are selected, and not only the ends of each minor series.
    Raises ``NoRelease`` where a range selects nothing.
    """
    exact_releases: dict[Version, Release] = {}
    in_ranges: dict[Version, Release] = {}
    by_version = {release.version: release for release in releases}
    for requirement in requirements:
        version = exact(requirement)
        if version is not None:
            unknown = Release(requirement.name, version, ())
            exact_releases[version] = by_version.get(version, unknown)
            continue
        prereleases = pre or bool(requirement.specifier.prereleases)
        versions = list(requirement.specifier.filter(by_version, prereleases=prereleases))
        if not versions:
            raise NoRelease(f"no release of {len(releases)} is within {str(requirement)!r}")
        in_ranges |= {version: by_version[version] for version in versions}
    selection = sorted(in_ranges)
    if not every:
        selection = list(_ends_of_series(selection))
    if at_most is not None:
        selection = list(_spread(selection, at_most))
    result = exact_releases | {version: in_ranges[version] for version in selection}
    return tuple(result[version] for version in sorted(result))


def _ends_of_series(versions: Iterable[Version]) -> Iterable[Version]:
    for _, series in groupby(versions, lambda v: (v.epoch, v.release[:2])):
        first, *others = series
        yield first
        yield from others[-1:]


def _spread(versions: Sequence[Version], number: int) -> Iterable[Version]:
    """Return so many versions at equal distances, with the first and the last."""
    if len(versions) <= number:
        return versions
    if number == 1:
        return versions[-1:]
    places = (round(i * (len(versions) - 1) / (number - 1)) for i in range(number))
    return [versions[place] for place in places]


@cache
def uploaded(release: Release, python: str) -> datetime | None:
    """Return when a release was uploaded; None where the index does not say."""
    options = ("--quiet", "--no-deps", "--no-header", "--format", "pylock.toml")
    interpreter = pythons.find(python) or python
    try:
        words = ("pip", "compile", *options, "--python", interpreter, "-")
        lock = uv(*words, stdin=release.pin).stdout
    except CannotBuild:
        return None
    return min(_upload_times(tomllib.loads(lock)), default=None)


def _upload_times(lock: Mapping[str, Any]) -> Iterator[datetime]:
    for package in lock.get("packages", ()):
        for file in (*package.get("wheels", ()), package.get("sdist", {})):
            if isinstance(file.get("upload-time"), datetime):
                yield file["upload-time"]


def same_package(first: str, second: str) -> bool:
    """Return whether two names are of one package, however they are written."""
    return canonicalize_name(first) == canonicalize_name(second)
