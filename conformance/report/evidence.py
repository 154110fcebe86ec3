"""What the runs tell of every API, axis by axis, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from conformance.adapters.registry import APIS
from conformance.conventions.axes import Axis
from conformance.findings import known_bugs
from conformance.findings.known_bugs import Bug
from conformance.report.convention_table import KNOWN, Cell, ConventionTable, Ids, Kind, Row, order
from conformance.report.load import Column, Environment, alike
from conformance.runs.plan import is_applicable
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import GRADIENTS, PROFILED, Finding, Profile, profiles, touched
from conformance.utils.text import count

_ALL = (*PROFILED, GRADIENTS)
Touching: TypeAlias = Mapping[str, Ids]
"""By axis, the cases that touch it."""


@dataclass(frozen=True)
class Anomaly:
    """Something that must not be: answers that no choice on any axis fits.

    kind   ``unexplained``, ``contradiction``, ``known limit`` or ``known bug``
    where  the API in its environments; of a bug, all that have it
    bug    what explains them all the same
    """

    kind: str
    where: str
    sentence: str
    cases: Ids
    bug: Bug | None = None

    @property
    def known(self) -> bool:
        """Whether it is explained all the same."""
        return self.kind in ("known limit", "known bug")


@dataclass(frozen=True)
class Meanings:
    """Everything that is known of every column, axis by axis.

    doubts     those that nothing explains, and then the known limits and bugs
    explained  how many wrong answers of same-looking calls the conventions explain
    """

    cells: Mapping[Column, tuple[Cell, ...]]
    sheets: tuple[ConventionTable, ...]
    doubts: tuple[Anomaly, ...]
    explained: int


def meanings(
    environments: Sequence[Environment],
    operators: Mapping[str, Sequence[Column]],
    prepared_cases: Mapping[str, PreparedCase],
) -> Meanings:
    """What the runs tell of every column.

    operators  titles with their columns
    prepared_cases   the cases by id
    """
    found = [
        {profile.api: profile for profile in profiles(e.run.observations, prepared_cases)}
        for e in environments
    ]
    columns = [column for own in operators.values() for column in own]
    touching = {
        api: _touching(api, prepared_cases) for api in dict.fromkeys(c.api for c in columns)
    }
    known = {column: found[column.run].get(column.api) for column in columns}
    cells = _since(
        {column: tuple(_cells(profile, touching[column.api])) for column, profile in known.items()}
    )
    sheets = tuple(
        _sheet(title, own, cells)
        for title, columns in operators.items()
        if (own := [column for column in columns if _has_axes(column)])
    )
    contents = {id_: prepared_case.content for id_, prepared_case in prepared_cases.items()}
    wrong = sum(
        (seen.mode, seen.status) == ("native", "mismatch")
        and contents.get(seen.case) == seen.content
        for environment in environments
        for seen in environment.run.observations
    )
    unexplained = sum(len(profile.unexplained) for profile in known.values() if profile)
    return Meanings(
        cells,
        sheets,
        (*_doubts(known), *_bugs(known)),
        wrong - unexplained,
    )


def _has_axes(column: Column) -> bool:
    """The axes are those of a convolution; an interpolation has no kernel of its own.

    A variant has those of what it is a variant of, and too few cases to tell them.
    """
    api = APIS.get(column.api)
    return api is None or (api.operator != "interpolate" and not api.is_variant)


def _touching(api: str, prepared_cases: Mapping[str, PreparedCase]) -> Touching:
    found: dict[str, list[str]] = {axis.name: [] for axis in _ALL}
    for id_, prepared_case in sorted(prepared_cases.items()):
        if api in APIS and is_applicable(APIS[api], prepared_case.case):
            for axis in touched(prepared_case):
                found[axis].append(id_)
    return {axis: tuple(ids) for axis, ids in found.items()}


def _cells(profile: Profile | None, touching: Touching) -> Iterator[Cell]:
    findings = {finding.axis.name: finding for finding in profile.findings} if profile else {}
    for axis in sorted(_ALL, key=order):
        yield _cell(axis, findings.get(axis.name), touching[axis.name])


def _cell(axis: Axis, finding: Finding | None, touching: Ids) -> Cell:
    if finding is None or finding.known == "no case":
        return Cell(axis, "not run" if touching else "no case", None, touching)
    if finding.known == "observed":
        kind: Kind = "agrees" if finding.canonical else "other choice"
        return Cell(axis, kind, finding.choice, finding.cases, finding.against, finding.refused)
    cases = finding.refused if finding.known in ("refused", "no parameter") else touching
    return Cell(axis, finding.known, None, cases, refused=finding.refused)


def _since(cells: Mapping[Column, tuple[Cell, ...]]) -> dict[Column, tuple[Cell, ...]]:
    """The cells, told what the same API, backend and runtime class did one version before."""
    before: dict[tuple[str | None, ...], tuple[Cell, ...]] = {}
    told: dict[Column, tuple[Cell, ...]] = {}
    for column, own in cells.items():
        header = column.environment.run.header
        key = (column.api, header.backend, header.runtime_class)
        older = before.get(key, own)
        told[column] = tuple(
            replace(cell, was=old.words)
            if cell.kind in KNOWN and old.kind in KNOWN and cell.words != old.words
            else cell
            for cell, old in zip(own, older, strict=True)
        )
        if any(cell.kind != "not run" for cell in own):
            before[key] = own
    return told


def _sheet(
    title: str, columns: Sequence[Column], cells: Mapping[Column, tuple[Cell, ...]]
) -> ConventionTable:
    rows = zip(*(cells[column] for column in columns), strict=True)
    return ConventionTable(
        title, tuple(columns), tuple(Row(row[0].axis, tuple(row)) for row in rows)
    )


def _doubts(known: Mapping[Column, Profile | None]) -> Iterator[Anomaly]:
    shown = {
        column: tuple(_doubted(column, profile)) if profile else ()
        for column, profile in known.items()
    }
    doubts = (
        Anomaly(kind, title, said, cases)
        for title, columns in alike(known, shown)
        for kind, said, cases in shown[columns[0]]
    )
    yield from sorted(doubts, key=lambda doubt: doubt.known)


def _doubted(column: Column, profile: Profile) -> Iterator[tuple[str, str, Ids]]:
    limits = dict(profile.limits)
    by_limit: dict[str | None, list[str]] = {}
    for case in _unknown(column, profile.unexplained):
        by_limit.setdefault(limits.get(case), []).append(case)
    for limit, cases in by_limit.items():
        if limit is None:
            yield "unexplained", "No known convention explains these answers.", tuple(cases)
        else:
            yield "known limit", f"{limit[0].upper()}{limit[1:]}.", tuple(cases)
    for finding in profile.findings:
        against = _unknown(column, finding.against)
        if against:
            said = f"{finding.axis.name}, {finding.choice}: {finding.sentence}"
            most = f"So in {count(len(finding.cases), 'case')}, and not in these."
            yield "contradiction", f"{said} {most}", against


def _unknown(column: Column, cases: Ids) -> Ids:
    """Those of the cases whose answers come from no known bug."""
    return tuple(case for case in cases if _bug(column, case) is None)


def _bug(column: Column, case: str) -> Bug | None:
    return known_bugs.known(column.environment.run.header, column.api, case)


def _bugs(known: Mapping[Column, Profile | None]) -> Iterator[Anomaly]:
    """The bugs that same-looking calls met, each once."""
    met: dict[Bug, dict[Column, list[str]]] = {}
    for column, profile in known.items():
        for case in _unfitting(profile) if profile else ():
            bug = _bug(column, case)
            if bug is not None:
                met.setdefault(bug, {}).setdefault(column, []).append(case)
    for bug, columns in met.items():
        where = ", ".join(column.title for column in columns)
        cases = dict.fromkeys(case for own in columns.values() for case in own)
        yield Anomaly("known bug", where, bug.title, tuple(cases), bug)


def _unfitting(profile: Profile) -> Iterator[str]:
    yield from profile.unexplained
    for finding in profile.findings:
        yield from finding.against
