"""What the runs tell of every API, axis by axis, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from conformance.conventions import AXES, Axis
from conformance.frameworks import APIS
from conformance.profiles import GRADIENTS, Finding, Profile, profiles, touched
from conformance.report.axes import KNOWN, Cell, Ids, Kind, Row, Sheet, order
from conformance.report.reading import Column, Environment, alike
from conformance.report.text import count
from conformance.survey import Subject, concerns

_ALL = (*AXES, GRADIENTS)
Touching: TypeAlias = Mapping[str, Ids]
"""By axis, the cases that touch it."""


@dataclass(frozen=True)
class Doubt:
    """Something that must not be: answers that no choice on any axis fits.

    kind   ``contradiction``, or ``unexplained``
    where  the API in its environments
    """

    kind: str
    where: str
    sentence: str
    cases: Ids


@dataclass(frozen=True)
class Meanings:
    """Everything that is known of every column, axis by axis.

    explained  how many wrong answers of same-looking calls the conventions explain
    """

    cells: Mapping[Column, tuple[Cell, ...]]
    sheets: tuple[Sheet, ...]
    doubts: tuple[Doubt, ...]
    explained: int


def meanings(
    environments: Sequence[Environment],
    operators: Mapping[str, Sequence[Column]],
    subjects: Mapping[str, Subject],
) -> Meanings:
    """What the runs tell of every column.

    operators  titles with their columns
    subjects   the cases by id
    """
    found = [
        {profile.api: profile for profile in profiles(e.run.observations, subjects)}
        for e in environments
    ]
    columns = [column for own in operators.values() for column in own]
    touching = {api: _touching(api, subjects) for api in dict.fromkeys(c.api for c in columns)}
    known = {column: found[column.run].get(column.api) for column in columns}
    cells = _since(
        {column: tuple(_cells(profile, touching[column.api])) for column, profile in known.items()}
    )
    sheets = tuple(
        _sheet(title, own, cells) for title, own in operators.items() if any(map(_convolves, own))
    )
    contents = {id_: subject.content for id_, subject in subjects.items()}
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
        tuple(_doubts(known)),
        wrong - unexplained,
    )


def _convolves(column: Column) -> bool:
    """The axes are those of a convolution; an interpolation has no kernel of its own."""
    return column.api not in APIS or APIS[column.api].operator != "interpolate"


def _touching(api: str, subjects: Mapping[str, Subject]) -> Touching:
    found: dict[str, list[str]] = {axis.name: [] for axis in _ALL}
    for id_, subject in sorted(subjects.items()):
        if api in APIS and concerns(APIS[api], subject.case):
            for axis in touched(subject):
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
    """The cells, told what the same API on the same backend did one version before."""
    before: dict[tuple[str, str | None], tuple[Cell, ...]] = {}
    told: dict[Column, tuple[Cell, ...]] = {}
    for column, own in cells.items():
        key = (column.api, column.environment.run.header.backend)
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
) -> Sheet:
    rows = zip(*(cells[column] for column in columns), strict=True)
    return Sheet(title, tuple(columns), tuple(Row(row[0].axis, tuple(row)) for row in rows))


def _doubts(known: Mapping[Column, Profile | None]) -> Iterator[Doubt]:
    shown = {
        column: tuple(_doubted(profile)) if profile else () for column, profile in known.items()
    }
    for title, columns in alike(known, shown):
        for kind, said, cases in shown[columns[0]]:
            yield Doubt(kind, title, said, cases)


def _doubted(profile: Profile) -> Iterator[tuple[str, str, Ids]]:
    if profile.unexplained:
        yield "unexplained", "No known convention explains these answers.", profile.unexplained
    for finding in profile.findings:
        if finding.against:
            said = f"{finding.axis.name}, {finding.choice}: {finding.sentence}"
            most = f"So in {count(len(finding.cases), 'case')}, and not in these."
            yield "contradiction", f"{said} {most}", finding.against
