"""The files of a report, in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from conformance import durable
from conformance.report import differences, markdown, page, tables
from conformance.report.text import cell
from conformance.report.view import Report

NAMES = (
    "profiles.csv",
    "observations.csv",
    "verdicts.csv",
    "compatibility.csv",
    "compatibility.md",
    "index.html",
)
"""The files of a report."""


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """Writes every file of the report and gives their paths. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    compatibility = tables.compatibility(report.counts, _titles(report))
    texts = (
        _csv(differences.frame(report.meanings)),
        _csv(report.observations[tables.OBSERVATION]),
        _csv(report.verdicts[tables.VERDICT]),
        _csv(compatibility.reset_index()),
        markdown.render(report),
        page.render(report),
    )
    paths = tuple(folder / name for name in NAMES)
    durable.replace(dict(zip(paths, map(str.encode, texts), strict=True)))
    return paths


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
