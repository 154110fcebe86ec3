"""Write the files of a report into a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from conformance.report import html, markdown, tables
from conformance.report.model import Report
from conformance.utils import durable_files
from conformance.utils.text import cell


def write(report: Report, folder: Path, names: Collection[str] = ()) -> tuple[Path, ...]:
    """Write files of a report into a folder, and return their paths.

    The folder is made where it is missing.

    ``names`` says which of `NAMES` to write; all of them where this is empty. Raises ``OSError``
    where a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        folder / name: _TEXTS[name](report).encode() for name in NAMES if not names or name in names
    }
    durable_files.replace(texts)
    return tuple(texts)


_TEXTS: Mapping[str, Callable[[Report], str]] = {
    "profiles.csv": lambda report: _csv(_profiles(report)),
    "observations.csv": lambda report: _csv(report.observations[tables.OBSERVATION]),
    "verdicts.csv": lambda report: _csv(report.verdicts[tables.VERDICT]),
    "compatibility.csv": lambda report: _csv(_compatibility(report)),
    "compatibility.md": markdown.render,
    "support.md": markdown.render_support,
    "badge.json": lambda report: _badge(report),
    "index.html": html.render,
}
NAMES = tuple(_TEXTS)
"""The names of the files of a report."""


def _profiles(report: Report) -> pd.DataFrame:
    """Return a row for each API, environment and axis, also where nothing is known.

    ``canonical`` says whether the choice is the reference's, and is empty without a choice;
    ``cases``, ``against`` and ``refused`` count the cases that establish the choice, contradict it,
    and were refused.
    """
    rows = [
        {
            **tables.environment_key(column.environment),
            "api": column.api,
            "axis": cell.axis.name,
            "known": "observed" if cell.choice else cell.kind,
            "choice": cell.choice,
            "canonical": cell.kind == "agrees" if cell.choice else None,
            "cases": len(cell.cases) if cell.choice else 0,
            "against": len(cell.against),
            "refused": len(cell.refused),
        }
        for column, cells in report.conventions.cells.items()
        for cell in cells
    ]
    return pd.DataFrame(rows, dtype=object)


def _compatibility(report: Report) -> pd.DataFrame:
    """Return the worst verdict and all counts, by topic and by the title of the API."""
    cells: dict[str, dict[str, str]] = {column.title: {} for column in report.columns}
    for (column, topic), counts in report.topic_counts.items():
        cells[column.title][topic] = str(counts)
    topics = pd.Index(sorted({topic for _, topic in report.topic_counts}), name="topic")
    return pd.DataFrame(cells, index=topics, dtype=object).fillna("no case").reset_index()


def _badge(report: Report) -> str:
    """Return what a badge says, as https://shields.io/badges/endpoint-badge reads it."""
    unexplained = sum(number for verdict, number in report.alarms if verdict != "not run")
    unexplained += sum(not anomaly.is_known for anomaly in report.conventions.anomalies)
    is_whole = all(environment.problem is None for environment in report.environments)
    message = f"{unexplained} unexplained" if unexplained else "all answers explained"
    color = "red" if unexplained else "brightgreen"
    if not is_whole:
        message, color = f"{message}, incomplete", "red" if unexplained else "yellow"
    badge = {"schemaVersion": 1, "label": "transposed convolution", "message": message}
    return json.dumps({**badge, "color": color}, indent=1) + "\n"


def _csv(frame: pd.DataFrame) -> str:
    columns = {name: _cells(frame[name]) for name in frame}
    text = pd.DataFrame(columns).rename(columns=cell).to_csv(index=False, lineterminator="\n")
    assert text is not None  # only without a path, which pandas' types do not say
    return text


def _cells(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column as text; a column has few values, so each of them is checked once."""
    return column.map(cell) if any(cell(value) is not value for value in set(column)) else column
