"""Render the report as Markdown that changes only when the results change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.observations import VERDICTS
from conformance.report import changes
from conformance.report.environments import alike
from conformance.report.model import LEGEND, Report
from conformance.report.support import Family, SupportMatrix
from conformance.report.support_cells import SupportCell
from conformance.report.support_questions import QUESTIONS
from conformance.utils.markdown import table, template
from conformance.utils.text import markdown, sentence, tick


def render(report: Report) -> str:
    """Return the text of ``compatibility.md``: no times, no machine, no order by chance."""
    return template("conformance.report", "compatibility.md.j2").render(
        report=report,
        legend=LEGEND,
        matrix=_matrix(report.support),
        families=[(family.title, _family(family)) for family in _divided(report.support)],
        summary=table(["API", *VERDICTS], _summary(report)),
        trends=[(title, changes.as_markdown(trends, "####")) for title, trends in report.trends],
    )


def render_support(report: Report) -> str:
    """Return the text of ``support.md``: each implementation by the questions that have a head."""
    places = [place for place, question in enumerate(QUESTIONS) if question.head]
    rows = (
        [
            f"{markdown(family.title)} {markdown(', '.join(family.versions))}",
            markdown(", ".join(family.classes)),
            *(_cell(family.folded[place]) for place in places),
        ]
        for family in report.support.families
    )
    heads = (sentence(QUESTIONS[place].head) for place in places)
    return f"{table(['implementation', 'runs on', *heads], rows)}\n"


def _matrix(support: SupportMatrix) -> str:
    """Return the questions by the families."""
    heads = [
        f"{family.title} {markdown(', '.join(family.versions))}" for family in support.families
    ]
    rows = (
        [sentence(question.title), *(_cell(f.folded[place]) for f in support.families)]
        for place, question in enumerate(QUESTIONS)
    )
    return table(["question", *heads], rows)


def _divided(support: SupportMatrix) -> Iterator[Family]:
    """Yield the families of several columns."""
    return (family for family in support.families if len(family.columns) > 1)


def _family(family: Family) -> str:
    """Return the columns of a family by the questions to which they differ."""
    places = [
        place
        for place in range(len(QUESTIONS))
        if len({column.cells[place] for column in family.columns}) > 1
    ]
    rows = (
        [tick(column.name), *(_cell(column.cells[place]) for place in places)]
        for column in family.columns
    )
    return table(["API", *(sentence(QUESTIONS[place].title) for place in places)], rows)


def _cell(cell: SupportCell) -> str:
    """Return the words of a cell, in bold where they are not what the reference does."""
    words = markdown(cell.word)
    is_mild = cell.tone in ("same", "absent", "unknown")
    return f"{cell.sign} {words if is_mild else f'**{words}**'}".strip()


def _summary(report: Report) -> Iterable[Sequence[str]]:
    for title, columns in alike(report.columns, report.summaries):
        counts = dict(report.summaries[columns[0]].verdicts.counts)
        yield [tick(title), *(str(counts.get(v, 0)) for v in VERDICTS)]
