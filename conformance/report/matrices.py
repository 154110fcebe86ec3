"""Count the verdicts by topic, in a matrix for each operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from conformance.adapters.registry import APIS
from conformance.observations import VERDICTS, Verdict
from conformance.report.load import Column

OPERATORS = {
    "conv_transpose": "Transposed convolution",
    "conv": "Convolution",
    "interpolate": "Interpolation",
}
OTHER = "Other"
TOPICS = {
    "Arguments": (
        "stride",
        "padding",
        "same",
        "valid",
        "output-padding",
        "dilation",
        "groups",
        "bias",
    ),
    "Arrays": (
        "basic",
        "kernel-flip",
        "channels",
        "layout",
        "rank",
        "shape",
        "dtype",
        "real-valued",
        "degenerate",
        "errors",
    ),
    "Meaning": (
        "matrix",
        "gradients",
        "composition",
        "properties",
        "coverage",
        "parameters",
        "interpolation",
    ),
}
"""The topics under their headings; a page is wide enough for about eight of them."""


@dataclass(frozen=True)
class Cell:
    """The verdicts of some cases, counted from the best to the worst; empty without cases."""

    counts: tuple[tuple[Verdict, int], ...]

    @property
    def worst(self) -> Verdict:
        """Return the worst verdict."""
        return self.counts[-1][0]

    @property
    def total(self) -> int:
        """Return the number of cases."""
        return sum(number for _, number in self.counts)


@dataclass(frozen=True)
class Matrix:
    """Topics by APIs, for the APIs of one operator.

    Attributes
    ----------
    title
        The operator.
    columns
        The APIs in their environments.
    sections
        Headings with their topics.
    cells
        The verdicts of a topic in a column.
    changed
        The number of cases of a cell whose verdict differs from that of the version before.
    """

    title: str
    columns: tuple[Column, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    cells: Mapping[tuple[Column, str], Cell]
    changed: Mapping[tuple[Column, str], int]

    @property
    def apis(self) -> tuple[tuple[str, tuple[Column, ...]], ...]:
        """Return each API with its columns, which differ in version or backend."""
        groups = groupby(self.columns, lambda column: column.api)
        return tuple((api, tuple(columns)) for api, columns in groups)


def by_operator(columns: Sequence[Column]) -> dict[str, list[Column]]:
    """Group columns by the title of their operator, transposed convolution first.

    Parameters
    ----------
    columns
        The APIs in their environments.
    """
    groups: dict[str, list[Column]] = {title: [] for title in (*OPERATORS.values(), OTHER)}
    for column in columns:
        api = APIS.get(column.api)
        groups[OPERATORS.get(api.operator, OTHER) if api else OTHER].append(column)
    return groups


def matrices(
    operators: Mapping[str, Sequence[Column]],
    counts: pd.DataFrame,
    changed: Mapping[tuple[int, str, str], int],
) -> tuple[Matrix, ...]:
    """Make a matrix for each operator that has columns.

    Parameters
    ----------
    operators
        The columns, by the title of their operator.
    counts
        What `conformance.report.tables.by_topic` returns.
    changed
        What `conformance.report.tables.changed_by_topic` returns.
    """
    cells = {
        (int(run), api, topic): Cell(
            tuple((v, n) for v, n in zip(VERDICTS, numbers, strict=True) if n)
        )
        for (run, api, topic), numbers in zip(counts.index, counts.to_numpy().tolist(), strict=True)
    }
    return tuple(
        _matrix(title, columns, cells, changed) for title, columns in operators.items() if columns
    )


def _matrix(
    title: str,
    columns: Sequence[Column],
    cells: Mapping[tuple[int, str, str], Cell],
    changed: Mapping[tuple[int, str, str], int],
) -> Matrix:
    by_key = {(column.run, column.api): column for column in columns}
    matrix_cells = {
        (by_key[run, api], topic): cell
        for (run, api, topic), cell in cells.items()
        if (run, api) in by_key
    }
    matrix_changes = {
        (by_key[run, api], topic): number
        for (run, api, topic), number in changed.items()
        if (run, api) in by_key
    }
    present = {topic for _, topic in matrix_cells}
    sections = {name: tuple(t for t in topics if t in present) for name, topics in TOPICS.items()}
    sections[OTHER] = tuple(sorted(present.difference(*TOPICS.values())))
    return Matrix(
        title,
        tuple(columns),
        tuple((name, topics) for name, topics in sections.items() if topics),
        matrix_cells,
        matrix_changes,
    )
