"""Compare a run with the nearest releases in the history, for `gate`."""

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

    ``only_regressions`` says whether the gate fails only for what is not as the reference has it.
    Raises ``CannotCompare`` where the history has no release to compare with, or the run is not
    complete. Raises ``RunError`` for a file that is not a run file.
    """
    run = open_run(path)
    series, version = _nearest(path, run.header)
    prepared_cases = map(PreparedCase, load([resources.CASES], check=False).cases)
    by_id = {prepared_case.case.id: prepared_case for prepared_case in prepared_cases}
    states = {
        api: {API_ITSELF: AVAILABLE if is_available else ABSENT}
        for api, is_available in run.header.apis.items()
    }
    for profile in profiles(run.observations, by_id):
        states.setdefault(profile.api, {}).update(states_of(profile))
    releases = [v for v in dict.fromkeys(series.neighbours(version)) if v is not None]
    pairs = list(_pairs(series, releases, states))
    return Result(
        title=title(run.header, run.header),
        apis=tuple(sorted(api for api, is_available in run.header.apis.items() if is_available)),
        compared=len(pairs),
        of=len(pairs),
        findings=tuple(_findings(pairs, releases, only_regressions=only_regressions)),
        outlook=(position(series, version),),
        unit="convention",
    )


def _nearest(path: Path, header: Header) -> tuple[Series, Version]:
    """Return the history to compare a run with, and the version of the run."""
    version = version_of(header.version)
    if version is None:
        raise CannotCompare(f"{path}: {header.version!r} is no version to look for in the history")
    candidates = [series for series in series_of(header) if series.versions]
    of_class = [s for s in candidates if s.runtime == (header.runtime_class or "")]
    if not of_class:
        titles = "; ".join(series.title for series in candidates or history_table.series())
        raise CannotCompare(
            f"{path}: the history has no releases of {title(header, header)}, only of {titles}"
        )
    return of_class[0], version


Pair = tuple[str, str, State, frozenset[State]]
"""An API, an axis, the state in the run, and those in the nearest releases."""


def _pairs(
    series: Series, releases: Iterable[Version], states_by_api: Mapping[str, Mapping[str, State]]
) -> Iterator[Pair]:
    """Yield every convention that is known in the run and in one of the nearest releases."""
    places = [series.versions.index(version) for version in releases]
    for api, states in states_by_api.items():
        stages = [series.stages[api][place] for place in places if api in series.stages]
        for axis, state in states.items():
            alternatives = frozenset(stage[axis] for stage in stages if axis in stage)
            if alternatives:
                yield api, axis, state, alternatives


def _findings(
    pairs: Iterable[Pair], releases: Iterable[Version], *, only_regressions: bool
) -> Iterator[Finding]:
    """Yield a finding for each convention that no nearest release has."""
    apis: dict[tuple[str, State, frozenset[State]], list[str]] = {}
    for api, axis, state, alternatives in pairs:
        if state not in alternatives:
            apis.setdefault((axis, state, alternatives), []).append(api)
    versions = listed(list(map(str, releases)))
    for (axis, state, alternatives), ids in apis.items():
        words = " or ".join(sorted(other.words for other in alternatives))
        subject = f"{listed(list(map(name, ids)))}: {axis}"
        yield Finding(
            kind="convention changed",
            sentence=f"{subject}: {state.words}, and {words} in {versions}.",
            red=state.kind != "right" or not only_regressions,
            apis=tuple(ids),
        )
