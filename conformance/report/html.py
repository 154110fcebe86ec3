"""Render the report as one HTML file.

The page needs no network, and needs JavaScript only for the list of cases.
"""

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
from conformance.report.convention_table import SIGNS
from conformance.report.data import VerdictCounts
from conformance.report.environments import alike
from conformance.report.model import LEGEND, Report
from conformance.utils.text import count, plain, printed, shortened

KINDS: Mapping[Kind, str] = {
    "right": "agrees",
    "other": "other-choice",
    "refused": "refused",
    "broken": "no-answer",
    "absent": "no-case",
}
"""The CSS class of each kind of state, which the cells of convention tables have, too."""
Story: TypeAlias = tuple[Bug, str, tuple[str, ...]]
"""A known bug, what it makes wrong, and the ids of the cases."""
SHOWN = 300
"""The most characters of a reason that the page shows; the CSV files have all of them."""


def render(report: Report) -> str:
    """Return the text of ``index.html``."""
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
        descriptions=alike(report.columns, report.descriptions),
        loud=[p for p in report.problems if p.kind in ("not run", "incomplete")],
        stories=stories,
        count=count,
        trends=report.trends,
        about=changes.label,
        refusal=changes.refusal,
        unchanged=changes.unchanged_axes,
        moved_signs=changes.SIGNS,
        kinds=KINDS,
        data=_data(report, stories),
    )


def _stories(report: Report) -> Iterator[Story]:
    """Yield each known bug that occurred, once."""
    details: dict[Bug, tuple[str, tuple[str, ...]]] = {}
    for problem in report.problems:
        if problem.bug:
            details[problem.bug] = problem.sentence, problem.cases
    for anomaly in report.conventions.anomalies:
        if anomaly.bug:
            details.setdefault(anomaly.bug, (f"natively in {anomaly.where}", anomaly.cases))
    for bug, (words, cases) in details.items():
        yield bug, f"{words[0].upper()}{words[1:]}.", cases


def _slug(words: str) -> str:
    return words.replace(" ", "-")


def _breaks(api: str) -> Markup:
    """Mark the places where a narrow column may break the id of an API."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])|(?=\()|(?<=[a-z])(?=[A-Z][a-z])", api))


def _code(words: str) -> Markup:
    """Mark what stands between backquotes in one of our sentences as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(words))))


def _bar(verdicts: VerdictCounts) -> str:
    """Return a CSS gradient in which each verdict has its share of the length."""
    stops, start = [], 0.0
    for verdict, number in verdicts.counts:
        end = start + 100 * number / verdicts.total
        stops.append(f"var(--{_slug(verdict)}) {start:.3g}% {end:.3g}%")
        start = end
    return f"linear-gradient(90deg,{','.join(stops)})"


def _data(report: Report, stories: Sequence[Story]) -> dict[str, Any]:
    """Return the data from which the page's script makes the list of cases.

    ===========  =====================================================================
    columns      [title of the API with its version, title of the environment]
    topics       words that cases refer to by number
    cases        [id, op, [topics], reason, document and section, claims, place]
    outcomes     [verdict, native status, reason, recipe status, reason, cost], each once
    of           for each column, the number of a case and that of its outcome in turns
    sets         lists of numbers of cases
    axes         by name, for each column the number of the set behind its cell, or -1
    signs        of the verdicts, from the best to the worst
    bugs         [title, anchor]
    known        by number of column, and of case, the number of the known bug
    ===========  =====================================================================
    """
    columns = {(column.run, column.api): i for i, column in enumerate(report.columns)}
    ids, cases, topics = _cases(report)
    outcomes: dict[tuple[str | None, ...], int] = {}
    pairs: list[list[int]] = [[] for _ in columns]
    names = ["run", "api", "case"]
    names += ["verdict", "native", "native_reason", "recipe", "recipe_reason", "cost"]
    for run, api, case, *outcome in report.verdicts[names].itertuples(index=False, name=None):
        key = tuple(shortened(v, SHOWN) if isinstance(v, str) else None for v in outcome)
        pairs[columns[run, api]] += (ids[case], outcomes.setdefault(key, len(outcomes)))
    sets, axes = _axes(report, ids)
    return {
        "columns": [[column.title, column.environment.title] for column in report.columns],
        "topics": topics,
        "cases": cases,
        "outcomes": [list(outcome) for outcome in outcomes],
        "of": pairs,
        "sets": sets,
        "axes": axes,
        "signs": [[verdict, sign] for verdict, (sign, _) in LEGEND.items()],
        "bugs": [[bug.title, bug.anchor] for bug, _, _ in stories],
        "known": _known(report, [bug for bug, _, _ in stories], ids),
    }


def _known(
    report: Report, bugs: Sequence[Bug], ids: Mapping[str, int]
) -> dict[int, dict[int, int]]:
    """Return the numbers of the bugs, by the numbers of the column and the case."""
    numbers: dict[int, dict[int, int]] = {}
    for place, column in enumerate(report.columns):
        header = column.environment.run.header
        for number, bug in enumerate(bugs):
            for case in bug.cases:
                if case in ids and known_bugs.known_bug(header, column.api, case) == bug:
                    numbers.setdefault(place, {})[ids[case]] = number
    return numbers


def _axes(report: Report, ids: Mapping[str, int]) -> tuple[list[list[int]], dict[str, list[int]]]:
    """Return the sets of cases behind the cells, and the number of the set for each cell."""
    sets: dict[tuple[str, ...], int] = {}
    axes: dict[str, list[int]] = {}
    for column in report.columns:
        for cell in report.conventions.cells[column]:
            cases = tuple(dict.fromkeys((*cell.against, *cell.cases)))
            number = sets.setdefault(cases, len(sets)) if cases else -1
            axes.setdefault(cell.axis.name, []).append(number)
    return [[ids[id_] for id_ in cases if id_ in ids] for cases in sets], axes


def _cases(report: Report) -> tuple[dict[str, int], list[list[Any]], list[str]]:
    """Return the numbers of the cases by id, the entry of each case, and all topics."""
    current = {case.id: case for case in report.cases}
    topics: dict[str, int] = {}
    ids: dict[str, int] = {}
    entries: list[list[Any]] = []
    rows = report.verdicts[["case", "op", "topic"]].drop_duplicates("case").sort_values("case")
    for id_, op, labels in rows.itertuples(index=False, name=None):
        numbers = [topics.setdefault(topic, len(topics)) for topic in labels.split(";")]
        ids[id_] = len(entries)
        words: Sequence[str] = ("This case is not among the report's cases.", "", "", "", "")
        if id_ in current:
            case = current[id_]
            place = f"{Path(case.place.file).name}:{case.place.line}"
            document = case.document.title if case.document else ""
            words = (case.why, document, case.section or "", " ".join(case.claims), place)
        entries.append([id_, op, numbers, *map(plain, words)])
    return ids, entries, list(topics)
