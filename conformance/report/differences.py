"""Tell how an API differs from the reference, in sentences and in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from conformance.report.convention_table import KNOWN, Cell, Kind
from conformance.report.evidence import Meanings
from conformance.report.tables import environment_key
from conformance.utils.text import count


def frame(meanings: Meanings) -> pd.DataFrame:
    """Return the convention tables as one data frame.

    Parameters
    ----------
    meanings
        The conventions of every API in every environment.

    Returns
    -------
    DataFrame
        One row for each API, environment and axis, also where nothing is known. ``canonical`` says
        whether the choice is the reference's, and is empty without a choice; ``cases``,
        ``against`` and ``refused`` count the cases that establish the choice, contradict it, and
        were refused.
    """
    rows = [
        {
            **environment_key(column.environment),
            "api": column.api,
            "axis": cell.axis.name,
            "known": "observed" if cell.choice else cell.kind,
            "choice": cell.choice,
            "canonical": cell.kind == "agrees" if cell.choice else None,
            "cases": len(cell.cases) if cell.choice else 0,
            "against": len(cell.against),
            "refused": len(cell.refused),
        }
        for column, cells in meanings.cells.items()
        for cell in cells
    ]
    return pd.DataFrame(rows, dtype=object)


def differences(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return sentences on how an API differs from the reference.

    Parameters
    ----------
    cells
        Its cells, one for each axis.

    Returns
    -------
    tuple of str
        Empty where nothing is known of the API.
    """
    if not any(cell.kind in KNOWN for cell in cells):
        return ()
    sentences = [
        f"{cell.sentence[:-1]} ({count(len(cell.cases), 'case')})."
        for cell in cells
        if cell.kind == "other choice"
    ]
    for kind, words in _WORDS.items():
        axes = [f"`{cell.axis.name}` ({len(cell.cases)})" for cell in cells if cell.kind == kind]
        if axes:
            sentences.append(f"{words} {', '.join(axes)}.")
    unknown = [f"`{cell.axis.name}`" for cell in cells if cell.kind == "not told apart"]
    if not sentences:
        sentences.append("It means what the reference means, wherever its cases can tell.")
    if unknown:
        sentences.append(f"Its cases cannot tell: {', '.join(unknown)}.")
    return tuple(sentences)


_WORDS: Mapping[Kind, str] = {
    "refused": "Refuses",
    "no parameter": "Has no parameter for",
    "no answer": "Gives no answer for",
    "not run": "Not run:",
}
