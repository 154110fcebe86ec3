"""Record the history of packages for ``conformance history --to``, and print what happens."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import click
from packaging.utils import canonicalize_name

from conformance.cases import corpus
from conformance.cli.exit_status import refuse
from conformance.cli.release_options import ReleaseOptions
from conformance.environments.definitions import Environment
from conformance.history import recording
from conformance.history.history import Entry
from conformance.history.recording import CACHE, Recording
from conformance.history.releases import (
    NoRelease,
    published_releases,
    requirement_of,
    selected_releases,
)
from conformance.history.table import Row
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.selection import Selection
from conformance.utils import byte_sizes
from conformance.utils.grouping import group
from conformance.utils.text import count, on

PROFILE = Selection(profile=True)


def record(
    folder: Path,
    requirements: Sequence[str],
    releases: ReleaseOptions,
    *,
    every: bool,
    at_most: int | None,
    retry: bool,
) -> None:
    """Ask releases, and put their rows into the table in a folder.

    ``requirements`` are packages with or without ranges; none for all packages of pinned
    environments. ``retry`` says whether those are asked again that could not be asked.
    """
    packages = recording.packages()
    ranges = group(
        [requirement_of(words) for words in requirements or packages],
        lambda requirement: str(canonicalize_name(requirement.name)),
    )
    cases = [PreparedCase(case) for case in corpus.select_cases((), profile=True)]

    published_once = cache(published_releases)  # Keras has several backends

    def recording_of(package: str, environment: Environment) -> Recording:
        options = replace(releases, backend=environment.backend)
        place, pythons = options.place(package)
        published = published_once(package, pythons)
        selection = selected_releases(
            ranges[package], published, pre=releases.pre, every=every, at_most=at_most
        )
        place = replace(environment, download=place.download)
        plan = replace(options.plan(place, cases, (), PROFILE), jobs=1, for_table=True)
        return Recording(package, plan, selection[::-1], published)

    try:
        recordings = [
            recording.unrecorded(folder, recording_of(package, environment), retry=retry)
            for package in ranges
            for environment in _environments(packages, package, releases.backend)
        ]
        click.echo(_forecast(sum(len(item.releases) for item in recordings), releases), err=True)
        if releases.dry_run:
            for item in recordings:
                for release in item.releases:
                    click.echo(f"{release}{on(item.backend)}")
        else:
            by_id = {prepared_case.case.id: prepared_case for prepared_case in cases}
            recording.record(folder, recordings, releases.jobs, by_id, _report)
        for item in recordings:
            click.echo(_extent(folder, item))
    except KeyboardInterrupt:
        refuse("history", "stopped; what is in the table is kept, and the same command goes on")


def _environments(
    packages: Mapping[str, Sequence[Environment]], package: str, backend: str | None
) -> list[Environment]:
    """Return the environments of a package, or the one of a backend; raise `NoRelease`."""
    if package not in packages:
        raise NoRelease(f"no pinned environment is of {package}; there are {', '.join(packages)}")
    chosen = [e for e in packages[package] if backend in (None, e.backend)]
    if not chosen:
        backends = ", ".join(filter(None, (e.backend for e in packages[package])))
        place = f"only on {backends}" if backends else "which has no backends"
        raise NoRelease(f"{package} is not recorded on {backend!r}, {place}")
    return chosen


def _forecast(number: int, releases: ReleaseOptions) -> str:
    """Return how many releases are asked, and how much room that takes."""
    limit = releases.limit
    largest = (
        f"of at most {byte_sizes.shown(int(limit))} each" if limit < math.inf else "of any size"
    )
    return (
        f"{count(number, 'release')} to ask, {releases.jobs} at once; on the disk are at most"
        f" {byte_sizes.shown(CACHE)} of earlier downloads, and those of"
        f" {count(releases.jobs, 'release')}, {largest}, with the environments made of them"
    )


def _extent(folder: Path, item: Recording) -> str:
    asked, unasked, others = recording.extent(folder, item)
    return (
        f"{item.package}{on(item.backend)}: the table has {count(asked, 'release')} that answered"
        f" and {unasked} that could not be asked; {others} others are published"
    )


def _report(entry: Entry, rows: Sequence[Row]) -> None:
    row = rows[0]
    words = f"not asked: {row.reason}" if entry.run is None else f"{count(len(rows), 'row')}"
    beside = f" beside {row.companions}" if row.companions else ""
    click.echo(f"{entry.release}{on(row.backend)}: {words}{beside}")
