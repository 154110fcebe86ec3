"""Collect the data from which the scripts of the page make lists and explanations."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.findings import known_bugs
from conformance.findings.known_bugs import Bug
from conformance.history.outlook import version_of
from conformance.report import history
from conformance.report.environments import Column
from conformance.report.model import LEGEND, Report
from conformance.report.support_questions import CLASSES, QUESTIONS
from conformance.utils.text import plain, shortened

SHOWN = 300
"""The most characters of a reason that the page shows; the CSV files have all of them."""


def packed(value: object) -> str:
    """Return JSON, compressed and in base64, which a page decodes by itself."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def page_data(report: Report, bugs: Sequence[Bug], numbering: Numbering) -> dict[str, Any]:
    """Return the data of all lists and explanations.

    ===========  =====================================================================
    columns      [title of the API with its version, title of the environment]
    topics       words that cases refer to by number
    cases        [id, op, [topics], reason, document and section, claims, place]
    outcomes     [verdict, native status, reason, recipe status, reason, cost], each once
    of           for each column, the number of a case and that of its outcome in turns
    sets         lists of numbers of cases
    axes         by name, for each column the number of the set behind its cell, or -1
    choices      by name of the axis, for each column its choice or none
    signs        of the verdicts, from the best to the worst
    bugs         [title, anchor]
    known        by number of column, and of case, the number of the known bug
    questions    of the support matrix, [id, title, axis, topic]
    implementations
                 [name, name and title of the family, title, columns], and a column [name,
                 columns above, cells], and a cell [word, tone, sentence, number of cases,
                 exceptions]
    classes      sentences on the runtime classes, by their names
    sentences    of the history, each once
    since        for each column, by name of the axis, the number of the sentence
    ===========  =====================================================================
    """
    ids = numbering.ids
    columns = {(column.run, column.api): i for i, column in enumerate(report.columns)}
    outcomes: dict[tuple[str | None, ...], int] = {}
    pairs: list[list[int]] = [[] for _ in columns]
    names = ["run", "api", "case"]
    names += ["verdict", "native", "native_reason", "recipe", "recipe_reason", "cost"]
    for run, api, case, *outcome in report.verdicts[names].itertuples(index=False, name=None):
        key = tuple(shortened(v, SHOWN) if isinstance(v, str) else None for v in outcome)
        pairs[columns[run, api]] += (ids[case], outcomes.setdefault(key, len(outcomes)))
    sets, axes = _axes(report, ids)
    classes = {environment.run.header.runtime_class for environment in report.environments}
    sentences: dict[str, int] = {}
    since = [
        {
            axis: sentences.setdefault(words, len(sentences))
            for axis, words in _since(report, column)
        }
        for column in report.columns
    ]
    return {
        "columns": [[column.title, column.environment.title] for column in report.columns],
        "topics": numbering.topics,
        "cases": numbering.entries,
        "outcomes": [list(outcome) for outcome in outcomes],
        "of": pairs,
        "sets": sets,
        "axes": axes,
        "signs": [[verdict, sign] for verdict, (sign, _) in LEGEND.items()],
        "choices": {name: [choices[name] for choices in _choices(report)] for name in axes},
        "bugs": [[bug.title, bug.anchor] for bug in bugs],
        "known": _known(report, bugs, ids),
        "questions": [[q.id, q.title, q.axis, q.topic] for q in QUESTIONS],
        "implementations": [
            [
                implementation.name,
                family.name,
                family.title,
                implementation.title,
                [
                    [
                        column.name,
                        [columns[member.run, member.api] for member in column.members],
                        [[c.word, c.tone, c.sentence, c.cases, c.exceptions] for c in column.cells],
                    ]
                    for column in implementation.columns
                ],
            ]
            for family in report.support.families
            for implementation in family.implementations
        ],
        "classes": {name: words for name, words in CLASSES.items() if name in classes},
        "sentences": list(sentences),
        "since": since,
    }


def _since(report: Report, column: Column) -> Iterator[tuple[str, str]]:
    """Yield for each axis of a column, since which release of the history the API does so."""
    header = column.environment.run.header
    version = version_of(header.version)
    place = (header.backend or "", header.runtime_class or "")
    for series in report.series:
        if version and (series.backend, series.runtime) == place and column.api in series.stages:
            yield from history.since(series, column.api, version)


def _choices(report: Report) -> Iterator[dict[str, str | None]]:
    for column in report.columns:
        yield {cell.axis.name: cell.choice for cell in report.conventions.cells[column]}


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


@dataclass(frozen=True)
class Numbering:
    """The numbers by which the page refers to cases.

    Attributes
    ----------
    ids
        The number of each case by its id.
    entries
        The entry of each case.
    topics
        The topics, to which the entries refer by number.
    """

    ids: Mapping[str, int]
    entries: Sequence[Sequence[Any]]
    topics: Sequence[str]


def numbering(report: Report) -> Numbering:
    """Number the cases of a report by their ids."""
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
    return Numbering(ids, entries, list(topics))
