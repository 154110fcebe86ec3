"""Render the report as Markdown that changes only when the results change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conformance.observations import VERDICTS
from conformance.report import changes
from conformance.report.api_summary import Reason
from conformance.report.claims import Claim
from conformance.report.convention_table import SIGNS, Cell, ConventionTable, Row
from conformance.report.data import VerdictCounts
from conformance.report.environments import Column, alike
from conformance.report.matrices import Matrix
from conformance.report.model import LEGEND, Report
from conformance.utils.markdown import table, template
from conformance.utils.text import markdown, shortened, tick

NO_CASE = "-"


def render(report: Report) -> str:
    """Return the text of ``compatibility.md``: no times, no machine, no order by chance."""
    return template("conformance.report", "compatibility.md.j2").render(
        report=report,
        legend=LEGEND,
        signs=SIGNS,
        convention_tables=[(t, tuple(_axes(t))) for t in report.conventions.tables],
        descriptions=alike(report.columns, report.descriptions),
        reason_line=_reason_line,
        summary=table(["API", *VERDICTS], _summary(report)),
        trends=[(title, changes.as_markdown(trends, "####")) for title, trends in report.trends],
        matrices=[(matrix.title, tuple(_topics(matrix))) for matrix in report.matrices],
        claims=[(title, _claims(claims)) for title, claims in report.claims],
    )


WIDEST = 6
"""The most axes side by side under several headings."""


def _axes(conventions: ConventionTable) -> Iterable[tuple[str, str]]:
    """Yield tables of a few axes each; the APIs are rows, because their names are long."""
    parts: list[tuple[list[str], list[Row]]] = []
    for title, rows in conventions.groups:
        if parts and len(parts[-1][1]) + len(rows) <= WIDEST:
            parts[-1][0].append(title)
            parts[-1][1].extend(rows)
        else:
            parts.append(([title], list(rows)))
    for titles, axes in parts:
        texts = {
            column: tuple(_convention(row.cells[place]) for row in axes)
            for place, column in enumerate(conventions.columns)
        }
        head = [markdown(row.axis.name) for row in axes]
        title = "; ".join((titles[0], *(title.lower() for title in titles[1:])))
        yield title, _api_table(conventions.columns, head, texts)


def _api_table(
    columns: Sequence[Column], head: Sequence[str], texts: Mapping[Column, Sequence[str]]
) -> str:
    """Return a table with a row for each API, and for those of its versions that differ."""
    rows = ([tick(api), *texts[group[0]]] for api, group in alike(columns, texts))
    return table(["API", *head], rows)


def _convention(cell: Cell) -> str:
    number = f" {len(cell.cases)}" if cell.cases and cell.kind != "not told apart" else ""
    text = f"{cell.sign} {markdown(cell.words)}{number}"
    if cell.kind == "other choice":
        text = f"{cell.sign} **{markdown(cell.words)}**{number}"
    elif cell.kind == "no case":
        text = cell.sign
    elif cell.kind in ("not run", "no answer"):
        text = f"**{text}**"
    against = f", **{len(cell.against)} against**" if cell.against else ""
    was = f" (**Δ was {markdown(cell.previous_words)}**)" if cell.previous_words else ""
    return text + against + was


def _claims(claims: Iterable[Claim]) -> str:
    rows = (
        [
            claim.id,
            markdown(claim.sentence) + " *Corrected: see the errata.*" * claim.is_corrected,
            str(claim.cases) if claim.cases else "**no case**",
            *(_outcomes(claim.outcomes[mode]) for mode in ("native", "recipe")),
        ]
        for claim in claims
    )
    return table(["claim", "what is held", "cases", "natively", "by recipe"], rows)


def _reason_line(reason: Reason) -> str:
    return f"{reason.kind} in {reason.cases}: {markdown(shortened(reason.words))}"


def _summary(report: Report) -> Iterable[list[str]]:
    for title, columns in alike(report.columns, report.summaries):
        counts = dict(report.summaries[columns[0]].verdicts.counts)
        yield [tick(title), *(str(counts.get(v, 0)) for v in VERDICTS)]


def _topics(matrix: Matrix) -> Iterable[tuple[str, str]]:
    """Yield a table for each section; the APIs are rows, because their names are long."""
    for title, topics in matrix.sections:
        texts = {
            column: tuple(
                _cell(matrix.cells.get((column, topic)), matrix.changed.get((column, topic), 0))
                for topic in topics
            )
            for column in matrix.columns
        }
        yield title, _api_table(matrix.columns, topics, texts)


def _cell(cell: VerdictCounts | None, changed: int) -> str:
    if cell is None:
        return NO_CASE
    counts = [
        f"{LEGEND[verdict][0]}{number}" if verdict != "not run" else f"**not run {number}**"
        for verdict, number in cell.counts
    ]
    if changed:
        counts.append(f"**Δ{changed}**")
    return " ".join(counts)


def _outcomes(outcomes: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {_WORDS.get(key, key)}" for key, number in outcomes) or "no case"


_WORDS: Mapping[str, str] = {
    "holds": "hold",
    "fails": "fail",
    "not run": "**not run**",
}
