"""Errata: what a document prints, what holds instead, and whom the frameworks side with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from conformance.cases import properties
from conformance.cases.model import Case, Erratum, Expected
from conformance.observations import ANSWERED
from conformance.report.load import Environment
from conformance.utils.text import plain

Side: TypeAlias = Literal["correction", "document", "neither", "none"]


@dataclass(frozen=True)
class ErratumRow:
    """An erratum as it is shown.

    printed, instead  lines; an array has one for each row
    sides             with whom each environment that answered sides: framework, title, side
    silent            the environments that gave no answer
    native            with whom the same-looking calls side, and on how many APIs
    """

    case: str
    claims: tuple[str, ...]
    document: str
    section: str | None
    sentence: str
    printed: tuple[str, ...]
    instead: tuple[str, ...]
    sides: tuple[tuple[str, str, Side], ...]
    silent: tuple[str, ...]
    native: tuple[tuple[Side, int], ...]

    @property
    def verdict(self) -> str:
        """Whom the frameworks side with, in a sentence."""
        if not self.sides:
            return "No framework has answered."
        agreeing = sum(side == "correction" for _, _, side in self.sides)
        frameworks = {framework for framework, _, _ in self.sides}
        apart = {framework for framework, _, side in self.sides if side != "correction"}
        said = f"{len(frameworks - apart)} of {len(frameworks)} frameworks side with the correction"
        if len(self.sides) > len(frameworks):
            said += f", in {agreeing} of {len(self.sides)} environments"
        others = [
            f"{title} sides with {'the document' if side == 'document' else 'neither'}"
            for _, title, side in self.sides
            if side != "correction"
        ]
        return "; ".join((said, *others)) + "."

    @property
    def natively(self) -> str:
        """What the same-looking calls give, in a sentence."""
        parts = [f"{number} give {_GIVE[side]}" for side, number in self.native]
        return f"Same-looking calls: {', '.join(parts)}." if parts else ""


_GIVE: dict[Side, str] = {
    "correction": "what the correction says",
    "document": "what the document states",
    "neither": "neither",
    "none": "no answer",
}


def errata(
    observed: pd.DataFrame, environments: Sequence[Environment], cases: Sequence[Case]
) -> tuple[ErratumRow, ...]:
    """Every erratum of ``cases``, in their order."""
    return tuple(
        _told(case, case.erratum, observed[observed["case"] == case.id], environments)
        for case in cases
        if case.erratum is not None
    )


def _told(
    case: Case, erratum: Erratum, rows: pd.DataFrame, environments: Sequence[Environment]
) -> ErratumRow:
    """The side of an environment is what its recipes give: the question, put in its own words."""
    sides: list[tuple[str, str, Side]] = []
    silent: list[str] = []
    for number, environment in enumerate(environments):
        given = _sides(rows[(rows["run"] == number) & (rows["mode"] == "recipe")])
        answered = {side for side in given if side != "none"}
        if answered:
            side = answered.pop() if len(answered) == 1 else "neither"
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
        printed=_lines(case.expected),
        instead=_lines(erratum),
        sides=tuple(sides),
        silent=tuple(silent),
        native=tuple((side, native.count(side)) for side in _GIVE if side in native),
    )


def _sides(rows: pd.DataFrame) -> list[Side]:
    found = rows[["status", "claim", "correction"]].itertuples(index=False, name=None)
    return [_side(*row) for row in found]


def _side(status: str, claim: bool | None, correction: bool | None) -> Side:
    if status not in ANSWERED:
        return "none"
    if correction:
        return "correction"
    return "document" if claim else "neither"


def _lines(stated: Expected | Erratum) -> tuple[str, ...]:
    """What is stated, a line for each row of numbers."""
    lines: list[str] = []
    if stated.numbers is not None:
        lines += _rows(stated.numbers)
    elif stated.shape is not None:
        lines.append(f"shape {' x '.join(map(str, stated.shape))}")
    if stated.property is not None:
        lines.append(properties.named(stated.property).sentence)
    return tuple(lines)


def _rows(numbers: Any) -> list[str]:
    array = np.atleast_1d(np.squeeze(np.asarray(numbers)))
    written = [
        [f"{value:g}" for value in row] for row in array.reshape(-1, array.shape[-1]).tolist()
    ]
    width = max(len(value) for row in written for value in row)
    return [" ".join(value.rjust(width) for value in row) for row in written]
