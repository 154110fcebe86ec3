"""The report as Markdown that stays the same from day to day, so that a change of it is news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jinja2 import Environment as Jinja
from jinja2 import PackageLoader, StrictUndefined

from conformance.observations import VERDICTS
from conformance.report.claims import Claim
from conformance.report.facts import Reason
from conformance.report.text import markdown, shortened
from conformance.report.view import LEGEND, Cell, Matrix, Report, alike

NO_CASE = "-"


def render(report: Report) -> str:
    """The text of ``compatibility.md``: no times, no machine, no order that chance decides."""
    # Markdown is no HTML: `md` escapes what Markdown reads, and that includes HTML.
    jinja = Jinja(
        loader=PackageLoader("conformance.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    jinja.filters |= {"md": markdown, "short": shortened}
    template = jinja.get_template("compatibility.md.j2")
    return template.render(
        report=report,
        legend=LEGEND,
        known=alike(report.columns, report.facts),
        reason=_reason,
        summary=_table(["API", *VERDICTS], _summary(report)),
        matrices=[(matrix.title, tuple(_topics(matrix))) for matrix in report.matrices],
        claims=[(title, _claims(own)) for title, own in report.claims],
    )


def _claims(own: Iterable[Claim]) -> str:
    rows = (
        [
            claim.id,
            markdown(claim.sentence) + " *Corrected: see the errata.*" * claim.erratum,
            str(claim.cases) if claim.cases else "**no case**",
            *(_outcomes(claim.outcomes[mode]) for mode in ("native", "recipe")),
        ]
        for claim in own
    )
    return _table(["claim", "what is held", "cases", "natively", "by recipe"], rows)


def _reason(reason: Reason) -> str:
    return f"{reason.kind} in {reason.cases}: {markdown(shortened(reason.words))}"


def _summary(report: Report) -> Iterable[list[str]]:
    for title, columns in alike(report.columns, report.facts):
        counts = dict(report.facts[columns[0]].verdicts)
        yield [f"`{title}`", *(str(counts.get(v, 0)) for v in VERDICTS)]


def _topics(matrix: Matrix) -> Iterable[tuple[str, str]]:
    """A table for each section of the topics: the APIs are rows, since their names are long."""
    for title, topics in matrix.sections:
        shown = {
            column: tuple(_cell(matrix.cells.get((column, topic))) for topic in topics)
            for column in matrix.columns
        }
        rows = ([f"`{api}`", *shown[own[0]]] for api, own in alike(matrix.columns, shown))
        yield title, _table(["API", *topics], rows)


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return NO_CASE
    return " ".join(
        f"{LEGEND[verdict][0]}{number}" if verdict != "not run" else f"**not run {number}**"
        for verdict, number in cell.counts
    )


def _outcomes(outcomes: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {_SAID.get(what, what)}" for what, number in outcomes) or "no case"


_SAID: Mapping[str, str] = {
    "holds": "hold",
    "cannot be asked": "cannot be asked",
    "fails": "fail",
    "not run": "**not run**",
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
