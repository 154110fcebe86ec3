"""Compare each erratum of a document with the answers of the frameworks."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from conformance.cases import properties
from conformance.cases.model import Case, Erratum, Expected
from conformance.observations import ANSWERED
from conformance.report.data import ReportData
from conformance.utils.text import plain

Side: TypeAlias = Literal["correction", "document", "neither", "none"]


@dataclass(frozen=True)
class ErratumRow:
    """An erratum, and what the frameworks answer.

    Attributes
    ----------
    document_lines, correction_lines
        What the document states and what holds; an array has a line for each row.
    sides
        Framework, title and side of each environment that answered.
    without_answer
        The titles of the environments that gave no answer.
    native
        Every side that naive calls take, with the number of APIs.
    """

    case: str
    claims: tuple[str, ...]
    document: str
    section: str | None
    sentence: str
    document_lines: tuple[str, ...]
    correction_lines: tuple[str, ...]
    sides: tuple[tuple[str, str, Side], ...]
    without_answer: tuple[str, ...]
    native: tuple[tuple[Side, int], ...]

    @property
    def verdict(self) -> str:
        """Return a sentence on how many frameworks side with the correction."""
        if not self.sides:
            return "No framework has answered."
        agreeing = sum(side == "correction" for _, _, side in self.sides)
        frameworks = {framework for framework, _, _ in self.sides}
        apart = {framework for framework, _, side in self.sides if side != "correction"}
        total = len(frameworks)
        summary = f"{total - len(apart)} of {total} frameworks side with the correction"
        if len(self.sides) > total:
            summary += f", in {agreeing} of {len(self.sides)} environments"
        others = [
            f"{title} sides with {'the document' if side == 'document' else 'neither'}"
            for _, title, side in self.sides
            if side != "correction"
        ]
        return "; ".join((summary, *others)) + "."

    @property
    def naive_calls(self) -> str:
        """Return a sentence on the answers of the naive calls."""
        parts = [f"{number} give {_GIVE[side]}" for side, number in self.native]
        return f"Naive calls: {', '.join(parts)}." if parts else ""


_GIVE: dict[Side, str] = {
    "correction": "what the correction says",
    "document": "what the document states",
    "neither": "neither",
    "none": "no answer",
}


def errata(data: ReportData) -> tuple[ErratumRow, ...]:
    """Return every erratum of the cases, in their order."""
    return tuple(_row(case, case.erratum, data) for case in data.cases if case.erratum is not None)


def _row(case: Case, erratum: Erratum, data: ReportData) -> ErratumRow:
    """Return a row; the equivalent calls of an environment decide its side."""
    rows = data.observations[data.observations["case"] == case.id]
    sides: list[tuple[str, str, Side]] = []
    silent: list[str] = []
    for number, environment in enumerate(data.environments):
        equivalent = _sides(rows[(rows["run"] == number) & (rows["mode"] == "recipe")])
        answers = set(equivalent) - {"none"}
        if answers:
            side = answers.pop() if len(answers) == 1 else "neither"
            sides.append((environment.framework, environment.title, side))
        else:
            silent.append(environment.title)
    native = _sides(rows[rows["mode"] == "native"])
    return ErratumRow(
        case=case.id,
        claims=case.claims,
        document=plain(case.document.title) if case.document else "",
        section=case.section and plain(case.section),
        sentence=plain(erratum.sentence),
        document_lines=stated_lines(case.expected),
        correction_lines=stated_lines(erratum),
        sides=tuple(sides),
        without_answer=tuple(silent),
        native=tuple((side, native.count(side)) for side in _GIVE if side in native),
    )


def _sides(rows: pd.DataFrame) -> list[Side]:
    columns = rows[["status", "claim", "correction"]]
    return [_side(*row) for row in columns.itertuples(index=False, name=None)]


def _side(status: str, claim: bool | None, correction: bool | None) -> Side:
    if status not in ANSWERED:
        return "none"
    if correction:
        return "correction"
    return "document" if claim else "neither"


def stated_lines(statement: Expected | Erratum) -> tuple[str, ...]:
    """Return a statement as lines, one for each row of numbers."""
    lines: list[str] = []
    if statement.numbers is not None:
        lines += _number_rows(statement.numbers)
    elif statement.shape is not None:
        lines.append(f"shape {' x '.join(map(str, statement.shape))}")
    if isinstance(statement, Expected):
        if statement.matrix is not None:
            lines += _number_rows(statement.matrix)
        if statement.parameters is not None:
            lines.append(f"{' and '.join(map(str, statement.parameters))} parameters")
    if statement.property is not None:
        lines.append(properties.lookup(statement.property).sentence)
    return tuple(lines)


def _number_rows(numbers: Any) -> list[str]:
    array = np.atleast_1d(np.squeeze(np.asarray(numbers)))
    rows = [[f"{value:g}" for value in row] for row in array.reshape(-1, array.shape[-1]).tolist()]
    width = max(len(value) for row in rows for value in row)
    return [" ".join(value.rjust(width) for value in row) for row in rows]
