"""The files of a report, in a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from conformance.report import differences, html, markdown, tables
from conformance.report.model import Report
from conformance.utils import durable_files
from conformance.utils.text import cell


def write(report: Report, folder: Path, names: Collection[str] = ()) -> tuple[Path, ...]:
    """Writes files of the report and gives their paths. Raises ``OSError``.

    names  of the files to write, of `NAMES`; none stands for all
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        folder / name: _TEXTS[name](report).encode() for name in NAMES if not names or name in names
    }
    durable_files.replace(texts)
    return tuple(texts)


_TEXTS: Mapping[str, Callable[[Report], str]] = {
    "profiles.csv": lambda report: _csv(differences.frame(report.meanings)),
    "observations.csv": lambda report: _csv(report.observations[tables.OBSERVATION]),
    "verdicts.csv": lambda report: _csv(report.verdicts[tables.VERDICT]),
    "compatibility.csv": lambda report: _compatibility(report),
    "compatibility.md": markdown.render,
    "index.html": html.render,
}
NAMES = tuple(_TEXTS)
"""The files of a report."""


def _compatibility(report: Report) -> str:
    return _csv(tables.compatibility(report.counts, _titles(report)).reset_index())


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
