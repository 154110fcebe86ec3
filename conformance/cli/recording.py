"""Record the history of packages for ``conformance history --to``, and print what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.cases import corpus
from conformance.cli.exit_status import refuse
from conformance.cli.release_options import UNLIMITED, ReleaseOptions
from conformance.environments.definitions import Environment
from conformance.history import recording
from conformance.history.history import Entry
from conformance.history.recording import CACHE, Series
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
from conformance.utils.text import count

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

    Parameters
    ----------
    folder
        Of the table.
    requirements
        Packages with or without ranges; none for all packages of pinned environments.
    releases
        The options.
    every, at_most
        As of `selected_releases`.
    retry
        Whether those are asked again that could not be asked.
    """
    packages = recording.packages()
    ranges = group(
        [requirement_of(words) for words in requirements or packages],
        lambda requirement: canonicalize_name(requirement.name),
    )
    cases = [PreparedCase(case) for case in corpus.select_cases((), profile=True)]
    try:
        all_series = [
            recording.unrecorded(folder, series, retry=retry)
            for name, of_package in ranges.items()
            for series in _series(
                of_package, _environments(packages, name, releases), releases, cases, every, at_most
            )
        ]
        number = sum(len(series.releases) for series in all_series)
        click.echo(_forecast(number, releases), err=True)
        if releases.dry_run:
            for series in all_series:
                for release in series.releases:
                    click.echo(f"{release}{_on(series.backend)}")
            return
        by_id = {prepared_case.case.id: prepared_case for prepared_case in cases}
        recording.record(folder, all_series, releases.jobs, by_id, _report)
    except KeyboardInterrupt:
        refuse("history", "stopped; what is in the table is kept, and the same command goes on")


def _environments(
    packages: dict[str, list[Environment]], package: str, releases: ReleaseOptions
) -> list[Environment]:
    environments = packages.get(package)
    if environments is None:
        raise NoRelease(f"no pinned environment is of {package}; there are {', '.join(packages)}")
    selection = [e for e in environments if releases.backend in (None, e.backend)]
    if not selection:
        backends = ", ".join(str(e.backend) for e in environments)
        raise NoRelease(f"{package} is recorded on {backends}, not on {releases.backend!r}")
    return selection


def _series(
    ranges: Sequence[Requirement],
    environments: Sequence[Environment],
    releases: ReleaseOptions,
    cases: Sequence[PreparedCase],
    every: bool,
    at_most: int | None,
) -> list[Series]:
    """Return the releases of a package on each backend, the newest first."""
    all_series = []
    for environment in environments:
        options = replace(releases, backend=environment.backend)
        place, pythons = options.place(ranges[0].name)
        selection = selected_releases(
            ranges,
            published_releases(ranges[0].name, pythons),
            pre=releases.pre,
            every=every,
            at_most=at_most,
        )
        plan = replace(options.plan(place, cases, (), PROFILE), jobs=1, pinned_first=False)
        all_series.append(Series(canonicalize_name(ranges[0].name), plan, selection[::-1]))
    return all_series


def _forecast(number: int, releases: ReleaseOptions) -> str:
    """Return how many releases are asked, and how much room that takes."""
    largest = byte_sizes.shown(int(releases.limit)) if releases.limit < float("inf") else UNLIMITED
    return (
        f"{count(number, 'release')} to ask, {releases.jobs} at once; on the disk are at most"
        f" {byte_sizes.shown(CACHE)} of downloads, and the environments of {releases.jobs}, each of"
        f" downloads of at most {largest}"
    )


def _report(entry: Entry, rows: Sequence[Row]) -> None:
    row = rows[0]
    words = f"not asked: {row.reason}" if entry.run is None else f"{count(len(rows), 'row')}"
    beside = f" beside {row.companions}" if row.companions else ""
    click.echo(f"{entry.release}{_on(row.backend)}: {words}{beside}")


def _on(backend: str | None) -> str:
    return f" on {backend}" if backend else ""
