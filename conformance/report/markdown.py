"""Render the report as Markdown that changes only when the results change."""

from collections.abc import Iterable, Sequence

from conformance.observations import VERDICTS
from conformance.report import changes
from conformance.report.environments import alike
from conformance.report.model import LEGEND, Report
from conformance.report.support import Implementation, SupportMatrix
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
        divided=[
            (implementation.title, _columns(implementation))
            for implementation in report.support.implementations
            if len(implementation.columns) > 1
        ],
        summary=table(["API", *VERDICTS], _summary(report)),
        trends=[(title, changes.as_markdown(trends, "####")) for title, trends in report.trends],
    )


def render_support(report: Report) -> str:
    """Return the text of ``support.md``: each implementation by the questions that have a head."""
    places = [place for place, question in enumerate(QUESTIONS) if question.head]
    rows = (
        [
            f"{markdown(implementation.title)} {markdown(', '.join(implementation.versions))}",
            markdown(", ".join(implementation.classes)),
            *(_cell(implementation.folded[place]) for place in places),
        ]
        for implementation in report.support.implementations
    )
    heads = (sentence(QUESTIONS[place].head) for place in places)
    return f"{table(['implementation', 'runs on', *heads], rows)}\n"


def _matrix(support: SupportMatrix) -> str:
    heads = (f"{i.title} {markdown(', '.join(i.versions))}" for i in support.implementations)
    rows = (
        [sentence(question.title), *(_cell(i.folded[place]) for i in support.implementations)]
        for place, question in enumerate(QUESTIONS)
    )
    return table(["question", *heads], rows)


def _columns(implementation: Implementation) -> str:
    """Return the columns of an implementation by the questions to which they differ."""
    columns = implementation.columns
    places = [
        place
        for place in range(len(QUESTIONS))
        if len({column.cells[place] for column in columns}) > 1
    ]
    rows = (
        [tick(column.name), *(_cell(column.cells[place]) for place in places)] for column in columns
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
