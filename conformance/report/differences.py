"""What is different in an API, in sentences for a person and in a table for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from conformance.report.convention_table import KNOWN, Cell, Kind
from conformance.report.evidence import Meanings
from conformance.report.tables import ENVIRONMENT, environment_key
from conformance.utils.text import count

PROFILE = [
    *ENVIRONMENT,
    "api",
    "axis",
    "known",
    "choice",
    "canonical",
    "cases",
    "against",
    "refused",
]


def frame(meanings: Meanings) -> pd.DataFrame:
    """One row for each API, environment and axis, also where nothing is known.

    canonical  whether the choice is the reference's; empty where no choice is known
    cases, against, refused  how many establish the choice, do not fit it, and were refused
    """
    rows = [
        (
            *environment_key(column.environment),
            column.api,
            cell.axis.name,
            "observed" if cell.choice else cell.kind,
            cell.choice,
            cell.kind == "agrees" if cell.choice else None,
            len(cell.cases) if cell.choice else 0,
            len(cell.against),
            len(cell.refused),
        )
        for column, cells in meanings.cells.items()
        for cell in cells
    ]
    return pd.DataFrame(rows, columns=PROFILE, dtype=object)


def differences(cells: Sequence[Cell]) -> tuple[str, ...]:
    """What is different in an API, in sentences; none where nothing is known of it."""
    if not any(cell.kind in KNOWN for cell in cells):
        return ()
    other = [cell for cell in cells if cell.kind == "other choice"]
    said = [f"{cell.sentence[:-1]} ({count(len(cell.cases), 'case')})." for cell in other]
    for kind, words in _SAID.items():
        own = [cell for cell in cells if cell.kind == kind]
        if own:
            each = ", ".join(f"`{cell.axis.name}` ({len(cell.cases)})" for cell in own)
            said.append(f"{words} {each}.")
    unknown = [f"`{cell.axis.name}`" for cell in cells if cell.kind == "not told apart"]
    if not said:
        said.append("It means what the reference means, wherever its cases can tell.")
    if unknown:
        said.append(f"Its cases cannot tell: {', '.join(unknown)}.")
    return tuple(said)


_SAID: Mapping[Kind, str] = {
    "refused": "Refuses",
    "no parameter": "Has no parameter for",
    "no answer": "Gives no answer for",
    "not run": "Not run:",
}
