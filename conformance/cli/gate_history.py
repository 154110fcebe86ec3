"""Compare a run with the nearest releases in the history, for `gate`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.version import Version

from conformance.cases import load
from conformance.cli import history_table
from conformance.cli.outlook import series_of
from conformance.gate.result import Finding, Result, title
from conformance.gate.snapshot import CannotCompare, open_run
from conformance.history.changes import states_of
from conformance.history.outlook import position, version_of
from conformance.history.series import Series
from conformance.history.version_ranges import ABSENT, API_ITSELF, AVAILABLE, State
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import profiles
from conformance.runs.run_files import Header
from conformance.utils import resources
from conformance.utils.excerpt import listed
from conformance.utils.text import name


def gate(path: Path, *, only_regressions: bool) -> Result:
    """Compare the conventions of a run with those of the nearest releases in the history.

    Parameters
    ----------
    path
        The run.
    only_regressions
        Whether the gate fails only for what is not as the reference has it.

    Raises
    ------
    CannotCompare
        Where the history has no release to compare with, or the run is not complete.
    RunError
        For a file that is not a run file.
    """
    run = open_run(path)
    series, version = _nearest(path, run.header)
    prepared_cases = map(PreparedCase, load([resources.CASES], check=False).cases)
    by_id = {prepared_case.case.id: prepared_case for prepared_case in prepared_cases}
    here = {
        api: {API_ITSELF: AVAILABLE if is_available else ABSENT}
        for api, is_available in run.header.apis.items()
    }
    for profile in profiles(run.observations, by_id):
        here.setdefault(profile.api, {}).update(states_of(profile))
    nearest = [v for v in dict.fromkeys(series.neighbours(version)) if v is not None]
    pairs = list(_pairs(series, nearest, here))
    return Result(
        title=title(run.header, run.header),
        apis=tuple(sorted(api for api, is_available in run.header.apis.items() if is_available)),
        compared=len(pairs),
        of=len(pairs),
        findings=tuple(_findings(pairs, nearest, only_regressions=only_regressions)),
        outlook=(position(series, version),),
        unit="convention",
    )


def _nearest(path: Path, header: Header) -> tuple[Series, Version]:
    """Return the history to compare a run with, and the version of the run."""
    version = version_of(header.version)
    if version is None:
        raise CannotCompare(f"{path}: {header.version!r} is no version to look for in the history")
    asked = [one for one in series_of(header) if one.versions]
    here = [one for one in asked if one.runtime == (header.runtime_class or "")]
    if not here:
        titles = "; ".join(one.title for one in asked or history_table.series())
        raise CannotCompare(
            f"{path}: the history has no releases of {title(header, header)}, only of {titles}"
        )
    return here[0], version


Pair = tuple[str, str, State, frozenset[State]]
"""An API, an axis, the state in the run, and those in the nearest releases."""


def _pairs(
    series: Series, nearest: Iterable[Version], here: Mapping[str, Mapping[str, State]]
) -> Iterator[Pair]:
    """Yield every convention that is known in the run and in one of the nearest releases."""
    places = [series.versions.index(version) for version in nearest]
    for api, states in here.items():
        stages = [series.stages[api][place] for place in places if api in series.stages]
        for axis, state in states.items():
            expected = frozenset(stage[axis] for stage in stages if axis in stage)
            if expected:
                yield api, axis, state, expected


def _findings(
    pairs: Iterable[Pair], nearest: Iterable[Version], *, only_regressions: bool
) -> Iterator[Finding]:
    """Yield a finding for each convention that is none of the expected ones."""
    apis: dict[tuple[str, State, frozenset[State]], list[str]] = {}
    for api, axis, state, expected in pairs:
        if state not in expected:
            apis.setdefault((axis, state, expected), []).append(api)
    releases = listed(list(map(str, nearest)))
    for (axis, state, expected), ids in apis.items():
        words = " or ".join(sorted(other.words for other in expected))
        subject = f"{listed(list(map(name, ids)))}: {axis}"
        yield Finding(
            kind="convention changed",
            sentence=f"{subject}: {state.words}, and {words} in {releases}.",
            red=state.kind != "right" or not only_regressions,
            apis=tuple(ids),
        )
