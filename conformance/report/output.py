"""The files of a report, in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from conformance.report import differences, markdown, page, tables
from conformance.report.text import cell
from conformance.report.view import Report


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """Writes every file of the report and gives their paths. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    compatibility = tables.compatibility(report.counts, _titles(report))
    texts = {
        "profiles.csv": _csv(differences.frame(report.meanings)),
        "observations.csv": _csv(report.observations[tables.OBSERVATION]),
        "verdicts.csv": _csv(report.verdicts[tables.VERDICT]),
        "compatibility.csv": _csv(compatibility.reset_index()),
        "compatibility.md": markdown.render(report),
        "index.html": page.render(report),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    return tuple(folder / name for name in texts)


def _titles(report: Report) -> dict[tuple[int, str], str]:
    """In the order of the report, so that what is to be compared is side by side."""
    return {(column.run, column.api): column.title for column in report.columns}


def _csv(frame: pd.DataFrame) -> str:
    columns = {name: _cells(frame[name]) for name in frame}
    text = pd.DataFrame(columns).rename(columns=cell).to_csv(index=False, lineterminator="\n")
    assert text is not None  # only without a path, which pandas' types do not say
    return text


def _cells(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column as a file has it; few values stand in many rows, so each is looked at once."""
    return column.map(cell) if any(cell(value) is not value for value in set(column)) else column
