"""Collect the conventions that the runs establish for every API, and the contradictions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeAlias

from conformance.adapters.registry import APIS
from conformance.conventions.axes import Axis
from conformance.findings import known_bugs
from conformance.findings.known_bugs import Bug
from conformance.report.convention_table import KNOWN, Cell, ConventionTable, Ids, Kind, Row, order
from conformance.report.data import ReportData
from conformance.report.environments import Column, alike
from conformance.report.problems import Problem
from conformance.runs.plan import is_asked
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import GRADIENTS, PROFILED, Finding, Profile, profiles, touched_axes
from conformance.utils.grouping import group
from conformance.utils.text import count

_AXES = (*PROFILED, GRADIENTS)
IdsByAxis: TypeAlias = Mapping[str, Ids]


@dataclass(frozen=True)
class Conventions:
    """The conventions of every column.

    Attributes
    ----------
    cells
        The cells of each column, one for each axis.
    tables
        One for each operator.
    anomalies
        Those that nothing explains, and then the known limits and bugs.
    explained
        The number of wrong answers to naive calls that the conventions explain.
    unexplained
        The ids of the cases of each column whose answers they do not explain.
    """

    cells: Mapping[Column, tuple[Cell, ...]]
    tables: tuple[ConventionTable, ...]
    anomalies: tuple[Problem, ...]
    explained: int
    unexplained: Mapping[Column, Ids]


def conventions(data: ReportData) -> Conventions:
    """Collect the conventions of every column."""
    profiles_by_api = [
        {profile.api: profile for profile in profiles(e.run.observations, data.prepared_cases)}
        for e in data.environments
    ]
    columns = list(chain.from_iterable(data.operators.values()))
    apis = dict.fromkeys(column.api for column in columns)
    ids_by_axis = {api: _ids_by_axis(api, data.prepared_cases) for api in apis}
    profile_of = {column: profiles_by_api[column.run].get(column.api) for column in columns}
    cells = _with_previous_words(
        {
            column: tuple(_cells(profile, ids_by_axis[column.api]))
            for column, profile in profile_of.items()
        }
    )
    tables = tuple(
        _table(title, columns_with_axes, cells)
        for title, columns_of_operator in data.operators.items()
        if (columns_with_axes := list(filter(_has_axes, columns_of_operator)))
    )
    contents = {id_: prepared_case.content for id_, prepared_case in data.prepared_cases.items()}
    wrong = sum(
        (observation.mode, observation.status) == ("native", "mismatch")
        and contents.get(observation.case) == observation.content
        for environment in data.environments
        for observation in environment.run.observations
    )
    unexplained = {column: p.unexplained for column, p in profile_of.items() if p}
    return Conventions(
        cells,
        tables,
        (*_anomalies(profile_of), *_bugs(profile_of)),
        wrong - sum(map(len, unexplained.values())),
        unexplained,
    )


def _has_axes(column: Column) -> bool:
    """Whether a convention table shows the column.

    An interpolation has no kernel. A variant has the axes of the API that it varies, and too few
    cases to tell them apart.
    """
    api = APIS.get(column.api)
    return api is None or (api.operator != "interpolate" and not api.is_variant)


def _ids_by_axis(api: str, prepared_cases: Mapping[str, PreparedCase]) -> IdsByAxis:
    ids_by_axis: dict[str, list[str]] = {axis.name: [] for axis in _AXES}
    for id_, prepared_case in sorted(prepared_cases.items()):
        if api in APIS and is_asked(APIS[api], prepared_case.case):
            for axis in touched_axes(prepared_case):
                ids_by_axis[axis].append(id_)
    return {axis: tuple(ids) for axis, ids in ids_by_axis.items()}


def _cells(profile: Profile | None, ids_by_axis: IdsByAxis) -> Iterator[Cell]:
    findings = {finding.axis.name: finding for finding in profile.findings} if profile else {}
    for axis in sorted(_AXES, key=order):
        yield _cell(axis, findings.get(axis.name), ids_by_axis[axis.name])


def _cell(axis: Axis, finding: Finding | None, ids: Ids) -> Cell:
    if finding is None or finding.known == "no case":
        return Cell(axis, "not run" if ids else "no case", None, ids)
    if finding.known == "observed":
        kind: Kind = "agrees" if finding.canonical else "other choice"
        return Cell(axis, kind, finding.choice, finding.cases, finding.against, finding.refused)
    cases = finding.refused if finding.known in ("refused", "no parameter") else ids
    return Cell(axis, finding.known, None, cases, refused=finding.refused)


def _with_previous_words(
    cells: Mapping[Column, tuple[Cell, ...]],
) -> dict[Column, tuple[Cell, ...]]:
    """Add to each cell what the same API did one version before, where that differs.

    Only versions on the same backend and in the same runtime class are compared.
    """
    last: dict[tuple[str | None, ...], tuple[Cell, ...]] = {}
    result: dict[Column, tuple[Cell, ...]] = {}
    for column, row in cells.items():
        header = column.environment.run.header
        key = (column.api, header.backend, header.runtime_class)
        result[column] = tuple(
            replace(cell, previous_words=old.words)
            if cell.kind in KNOWN and old.kind in KNOWN and cell.words != old.words
            else cell
            for cell, old in zip(row, last.get(key, row), strict=True)
        )
        if any(cell.kind != "not run" for cell in row):
            last[key] = row
    return result


def _table(
    title: str, columns: Sequence[Column], cells: Mapping[Column, tuple[Cell, ...]]
) -> ConventionTable:
    rows = zip(*(cells[column] for column in columns), strict=True)
    return ConventionTable(
        title, tuple(columns), tuple(Row(row[0].axis, tuple(row)) for row in rows)
    )


def _anomalies(profile_of: Mapping[Column, Profile | None]) -> list[Problem]:
    """Return what no bug explains, the known limits last."""
    entries = {
        column: tuple(_entries(column, profile)) if profile else ()
        for column, profile in profile_of.items()
    }
    anomalies = (
        Problem(kind, title, sentence, cases)
        for title, columns in alike(profile_of, entries)
        for kind, sentence, cases in entries[columns[0]]
    )
    return sorted(anomalies, key=lambda anomaly: anomaly.is_known)


def _entries(column: Column, profile: Profile) -> Iterator[tuple[str, str, Ids]]:
    """Yield the kind, the sentence and the cases of each anomaly of a column."""
    limits = dict(profile.limits)
    contradicting = {c for finding in profile.findings for c in finding.against if c in limits}
    wrong = sorted({*profile.unexplained, *contradicting})
    for limit, cases in group(_without_bug(column, wrong), limits.get).items():
        if limit is None:
            yield "unexplained", "No known convention explains these answers.", tuple(cases)
        else:
            yield "known limit", f"{limit[0].upper()}{limit[1:]}.", tuple(cases)
    for finding in profile.findings:
        against = _without_bug(column, [c for c in finding.against if c not in limits])
        if against:
            choice = f"{finding.axis.name}, {finding.choice}: {finding.sentence}"
            support = f"So in {count(len(finding.cases), 'case')}, and not in these."
            yield "contradiction", f"{choice} {support}", against


def _without_bug(column: Column, cases: Iterable[str]) -> Ids:
    """Return the cases whose answers come from no known bug."""
    return tuple(case for case in cases if _bug(column, case) is None)


def _bug(column: Column, case: str) -> Bug | None:
    return known_bugs.known_bug(column.environment.run.header, column.api, case)


def _bugs(profile_of: Mapping[Column, Profile | None]) -> Iterator[Problem]:
    """Yield the bugs that occurred in naive calls, each once."""
    occurrences = [
        (bug, column, case)
        for column, profile in profile_of.items()
        for case in (_unfitting(profile) if profile else ())
        if (bug := _bug(column, case)) is not None
    ]
    for bug, members in group(occurrences, lambda occurrence: occurrence[0]).items():
        where = ", ".join(dict.fromkeys(column.title for _, column, _ in members))
        cases = tuple(dict.fromkeys(case for *_, case in members))
        yield Problem("known bug", where, bug.title, cases, bug)


def _unfitting(profile: Profile) -> Iterator[str]:
    yield from profile.unexplained
    for finding in profile.findings:
        yield from finding.against


def differences(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return sentences on how an API differs from the reference, from its cells on all axes.

    There are none where nothing is known of the API.
    """
    if not any(cell.kind in KNOWN for cell in cells):
        return ()
    sentences = [
        f"{cell.sentence[:-1]} ({count(len(cell.cases), 'case')})."
        for cell in cells
        if cell.kind == "other choice"
    ]
    for kind, words in _WORDS.items():
        axes = [f"`{cell.axis.name}` ({len(cell.cases)})" for cell in cells if cell.kind == kind]
        if axes:
            sentences.append(f"{words} {', '.join(axes)}.")
    unknown = [f"`{cell.axis.name}`" for cell in cells if cell.kind == "not told apart"]
    if not sentences:
        sentences.append("It means what the reference means, wherever its cases can tell.")
    if unknown:
        sentences.append(f"Its cases cannot tell: {', '.join(unknown)}.")
    return tuple(sentences)


_WORDS: Mapping[Kind, str] = {
    "refused": "Refuses",
    "no parameter": "Has no parameter for",
    "no answer": "Gives no answer for",
    "not run": "Not run:",
}
