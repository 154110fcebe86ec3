"""Record the history of packages in a table, so that no release is asked again.

Each release is asked in an environment of its own, which is removed when its rows are in the table.
Whatever stops the recording, the table has the rows of whole releases only, and the next recording
goes on from there.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement

from conformance.environments import definitions, store
from conformance.environments.definitions import Environment
from conformance.environments.installer import CannotBuild, uv
from conformance.history import history, table
from conformance.history.companions import base_environment
from conformance.history.downloads import Allowance, TooLarge
from conformance.history.history import Entry, Plan
from conformance.history.releases import Release
from conformance.history.rows import rows_of
from conformance.history.table import Row
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import file_locks

CACHE = 4 * 10**9
"""Bytes of downloads beyond which uv's cache is emptied, between two releases."""


@dataclass(frozen=True)
class Recording:
    """Releases of a package to ask, on one backend, the first ones first, of all published ones."""

    package: str
    plan: Plan
    releases: tuple[Release, ...]
    published: tuple[Release, ...]

    @property
    def backend(self) -> str | None:
        """The backend, of a framework that has several."""
        return self.plan.environment.backend


def packages() -> dict[str, list[Environment]]:
    """Return the packages of pinned environments, and for each its environments by backend.

    A package has the framework that `base_environment` chooses for it; modes and conversions of
    that framework have no history of their own.
    """
    by_package: dict[str, list[Environment]] = {}
    for environment in definitions.pinned().values():
        package = Requirement(environment.pins[0]).name
        base = base_environment(package, None, environment.backend)
        if environment.history and not environment.npm and environment.framework == base.framework:
            others = by_package.setdefault(package, [])
            if all(other.backend != environment.backend for other in others):
                others.append(environment)
    return by_package


def unrecorded(folder: Path, recording: Recording, *, retry: bool = False) -> Recording:
    """Return the recording without the releases that the table has.

    ``retry`` keeps those of which the table has only the reason why they could not be asked.
    """
    rows = _rows(folder, recording.package, recording.backend)
    known = {row.version for row in rows if row.api or not retry}
    releases = tuple(r for r in recording.releases if str(r.version) not in known)
    return replace(recording, releases=releases)


def extent(folder: Path, recording: Recording) -> tuple[int, int, int]:
    """Return how many final releases the table has, of how many it has a reason, and the others."""
    rows = _rows(folder, recording.package, recording.backend)
    asked = {row.version for row in rows if row.api}
    unasked = {row.version for row in rows} - asked
    final = {str(r.version) for r in recording.published if not r.version.is_prerelease}
    return len(asked), len(unasked), len(final - asked - unasked)


def _rows(folder: Path, package: str, backend: str | None) -> list[Row]:
    path = table.path_of(folder, package, backend)
    return table.read_file(path) if path.exists() else []


def record(
    folder: Path,
    recordings: Sequence[Recording],
    jobs: int,
    prepared_cases: Mapping[str, PreparedCase],
    report: Callable[[Entry, Sequence[Row]], None],
) -> None:
    """Ask releases, and write the rows of each as soon as they are known.

    Raises ``BrokenTable`` where a file of the table is broken. Raises ``OSError`` where a file
    cannot be read or written.

    Parameters
    ----------
    recordings
        What is asked, without what the table has already.
    jobs
        How many releases are asked at once.
    report
        Is called with each release when its rows are in the table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _own_cache() as cache, ThreadPoolExecutor(jobs) as pool:
        futures = {
            pool.submit(_ask, recording, release, prepared_cases): recording
            for recording in recordings
            for release in recording.releases
        }
        try:
            for future in as_completed(futures):
                entry, rows = future.result()
                _add(folder, rows)
                for attempt in futures[future].plan.attempts(entry.release):
                    store.discard(attempt.environment.home)
                report(entry, rows)
                if store.size_of(cache) > CACHE:
                    _empty(cache)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _ask(
    recording: Recording, release: Release, prepared_cases: Mapping[str, PreparedCase]
) -> tuple[Entry, list[Row]]:
    plan = replace(recording.plan, allowance=Allowance(recording.plan.allowance.limit))
    try:
        entry = history.entry(plan, release)
    except TooLarge as error:
        entry = Entry(release, trouble=str(error))
    return entry, list(rows_of(entry, recording.backend, prepared_cases))


def _add(folder: Path, rows: Sequence[Row]) -> None:
    """Put the rows of a release into its file, in place of those that were there."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        file_locks.hold(lock)
        for unfinished in folder.glob("*.csv.*.new"):  # of a process that was killed
            unfinished.unlink()
        others = _rows(folder, rows[0].package, rows[0].backend)
        table.write(folder, [*(r for r in others if r.version != rows[0].version), *rows])
    finally:
        os.close(lock)


@contextmanager
def _own_cache() -> Iterator[Path]:
    """Have uv keep downloads beside the environments, where they are removed in time.

    It compiles nothing there, as an environment is used once.
    """
    cache = definitions.folder() / "history-downloads"
    variables = {"UV_CACHE_DIR": str(cache), "UV_COMPILE_BYTECODE": "0"}
    before = {name: os.environ.get(name) for name in variables}
    os.environ |= variables
    try:
        yield cache
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def _empty(cache: Path) -> None:
    with suppress(CannotBuild):  # while another process uses it
        uv("cache", "clean", "--quiet", variables={"UV_CACHE_DIR": str(cache)})
