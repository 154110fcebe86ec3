"""The report as one HTML file that needs no network, and JavaScript only for the cases' details."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from jinja2 import Environment as Jinja
from jinja2 import PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.findings import known_bugs
from conformance.findings.known_bugs import Bug
from conformance.history.version_ranges import Kind
from conformance.report import changes
from conformance.report.api_summary import ApiSummary
from conformance.report.convention_table import SIGNS
from conformance.report.load import Column, alike
from conformance.report.matrices import Cell, Matrix
from conformance.report.model import LEGEND, Report
from conformance.utils.text import count, plain, printed, shortened

KINDS: Mapping[Kind, str] = {
    "right": "agrees",
    "other": "other-choice",
    "refused": "refused",
    "broken": "no-answer",
    "absent": "no-case",
}
"""What a span is worth as the class that a cell of the tables by axis has for it."""
Story: TypeAlias = tuple[Bug, str, tuple[str, ...]]
"""A known bug that was met, what it makes wrong, and in which cases."""
SHOWN = 300
"""How many characters of a reason the page shows; the tables have them all."""


def render(report: Report) -> str:
    """The text of ``index.html``."""
    jinja = Jinja(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        finalize=printed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {
        "bar": _bar,
        "breaks": _breaks,
        "code": _code,
        "short": shortened,
        "slug": _slug,
    }
    stories = list(_stories(report))
    return jinja.get_template("index.html.j2").render(
        report=report,
        legend=LEGEND,
        signs=SIGNS,
        known=alike(report.columns, report.known),
        matrices=[(matrix, _rows(matrix)) for matrix in report.matrices],
        loud=[t for t in report.troubles if t.kind in ("not run", "incomplete")],
        stories=stories,
        count=count,
        trends=report.trends,
        about=changes.about,
        refusal=changes.refusal,
        unchanged=changes.unchanged,
        moved_signs=changes.SIGNS,
        kinds=KINDS,
        data=_data(report, stories),
    )


def _stories(report: Report) -> Iterator[Story]:
    """Each known bug that was met, once."""
    met: dict[Bug, tuple[str, tuple[str, ...]]] = {}
    for trouble in report.troubles:
        if trouble.bug:
            met[trouble.bug] = trouble.sentence, trouble.cases
    for doubt in report.meanings.doubts:
        if doubt.bug:
            met.setdefault(doubt.bug, (f"natively in {doubt.where}", doubt.cases))
    for bug, (said, cases) in met.items():
        yield bug, f"{said[0].upper()}{said[1:]}.", cases


def _slug(words: str) -> str:
    return words.replace(" ", "-")


def _breaks(api: str) -> Markup:
    """An API's id, which a narrow column may break where a person would."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])|(?=\()|(?<=[a-z])(?=[A-Z][a-z])", api))


def _code(words: str) -> Markup:
    """A sentence of our own: what stands between backquotes is code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(words))))


def _bar(counted: Cell | ApiSummary) -> str:
    """A CSS gradient with a stretch for each verdict, as long as its share."""
    counts = counted.counts if isinstance(counted, Cell) else counted.verdicts
    total = sum(number for _, number in counts)
    stops, start = [], 0.0
    for verdict, number in counts:
        end = start + 100 * number / total
        stops.append(f"var(--{_slug(verdict)}) {start:.3g}% {end:.3g}%")
        start = end
    return f"linear-gradient(90deg,{','.join(stops)})"


def _rows(
    matrix: Matrix,
) -> list[tuple[str, list[tuple[str, list[tuple[Column, Cell | None]]]]]]:
    """The sections of a matrix, each with its topics, each with its cells."""
    return [
        (
            title,
            [
                (topic, [(column, matrix.cells.get((column, topic))) for column in matrix.columns])
                for topic in topics
            ],
        )
        for title, topics in matrix.sections
    ]


def _data(report: Report, stories: Sequence[Story]) -> dict[str, Any]:
    """What the cases' details are made of: each outcome that occurs once, and numbers for which.

    columns   [title of the API with its version, title of the environment]
    topics    words that cases refer to by number
    cases     [id, op, [topics], why, where from, claims, place]
    outcomes  [verdict, native status, why, recipe status, why, cost]
    of        for each column, a number of a case and one of an outcome in turns
    sets      lists of numbers of cases
    axes      by name, for each column the number of the set that its cell leads to, or -1
    signs     of the verdicts, from the best to the worst
    bugs      [title, what a link to it ends with]
    known     for columns by number, of cases by number the number of the bug that is known there
    """
    columns = {(column.run, column.api): i for i, column in enumerate(report.columns)}
    ids, cases, topics = _cases(report)
    outcomes: dict[tuple[str | None, ...], int] = {}
    of: list[list[int]] = [[] for _ in columns]
    told = ["verdict", "native", "native_reason", "recipe", "recipe_reason", "cost"]
    for run, api, case, *outcome in report.verdicts[["run", "api", "case", *told]].itertuples(
        index=False, name=None
    ):
        key = tuple(shortened(v, SHOWN) if isinstance(v, str) else None for v in outcome)
        of[columns[run, api]] += (ids[case], outcomes.setdefault(key, len(outcomes)))
    sets, axes = _axes(report, ids)
    return {
        "columns": [[column.title, column.environment.title] for column in report.columns],
        "topics": topics,
        "cases": cases,
        "outcomes": [list(outcome) for outcome in outcomes],
        "of": of,
        "sets": sets,
        "axes": axes,
        "signs": [[verdict, sign] for verdict, (sign, _) in LEGEND.items()],
        "bugs": [[bug.title, bug.anchor] for bug, _, _ in stories],
        "known": _known(report, [bug for bug, _, _ in stories], ids),
    }


def _known(
    report: Report, told: Sequence[Bug], ids: Mapping[str, int]
) -> dict[int, dict[int, int]]:
    """Of those bugs that the page tells of, where each is known."""
    found: dict[int, dict[int, int]] = {}
    for place, column in enumerate(report.columns):
        header = column.environment.run.header
        for number, bug in enumerate(told):
            for case in bug.cases:
                if case in ids and known_bugs.known(header, column.api, case) == bug:
                    found.setdefault(place, {})[ids[case]] = number
    return found


def _axes(report: Report, ids: Mapping[str, int]) -> tuple[list[list[int]], dict[str, list[int]]]:
    """The sets of cases that cells lead to, each once, and for each axis those of its columns."""
    sets: dict[tuple[str, ...], int] = {}
    axes: dict[str, list[int]] = {}
    for column in report.columns:
        for cell in report.meanings.cells[column]:
            told = tuple(dict.fromkeys((*cell.against, *cell.cases)))
            number = sets.setdefault(told, len(sets)) if told else -1
            axes.setdefault(cell.axis.name, []).append(number)
    return [[ids[id_] for id_ in told if id_ in ids] for told in sets], axes


def _cases(report: Report) -> tuple[dict[str, int], list[list[Any]], list[str]]:
    """The numbers of the cases' ids, what is told of each, and the topics there are."""
    known = {case.id: case for case in report.cases}
    topics: dict[str, int] = {}
    ids: dict[str, int] = {}
    cases: list[list[Any]] = []
    found = report.verdicts[["case", "op", "topic"]].drop_duplicates("case").sort_values("case")
    for id_, op, topic in found.itertuples(index=False, name=None):
        numbers = [topics.setdefault(one, len(topics)) for one in topic.split(";")]
        ids[id_] = len(cases)
        told: Sequence[Any] = ("This case is not among the report's cases.", "", "", "", "")
        if id_ in known:
            case = known[id_]
            place = f"{Path(case.place.file).name}:{case.place.line}"
            document = case.document.title if case.document else ""
            told = tuple(
                map(plain, (case.why, document, case.section or "", " ".join(case.claims), place))
            )
        cases.append([id_, op, numbers, *told])
    return ids, cases, list(topics)
