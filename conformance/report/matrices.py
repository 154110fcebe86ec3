"""Count the verdicts by topic, in a matrix for each operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from conformance.adapters.registry import APIS
from conformance.observations import VERDICTS
from conformance.report.environments import Column
from conformance.report.tables import VerdictCounts
from conformance.utils.grouping import group

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
        The verdicts of a topic in a column, for the columns of all matrices.
    changed
        The number of cases of a cell whose verdict differs from that of the version before.
    """

    title: str
    columns: tuple[Column, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    cells: Mapping[tuple[Column, str], VerdictCounts]
    changed: Mapping[tuple[Column, str], int]

    @property
    def apis(self) -> Mapping[str, Sequence[Column]]:
        """Return each API with its columns, which differ in version or backend."""
        return group(self.columns, lambda column: column.api)


def by_operator(columns: Sequence[Column]) -> dict[str, list[Column]]:
    """Group columns by the title of their operator, transposed convolution first.

    Parameters
    ----------
    columns
        The APIs in their environments.
    """

    def title(column: Column) -> str:
        api = APIS.get(column.api)
        return OPERATORS.get(api.operator, OTHER) if api else OTHER

    groups = group(columns, title)
    return {title: groups.get(title, []) for title in (*OPERATORS.values(), OTHER)}


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
    columns = {(column.run, column.api): column for own in operators.values() for column in own}
    cells = {
        (columns[int(run), api], topic): VerdictCounts(
            tuple((v, n) for v, n in zip(VERDICTS, numbers, strict=True) if n)
        )
        for (run, api, topic), numbers in zip(counts.index, counts.to_numpy().tolist(), strict=True)
    }
    changes = {(columns[run, api], topic): number for (run, api, topic), number in changed.items()}
    return tuple(
        Matrix(
            title,
            tuple(own),
            tuple(_sections({topic for column, topic in cells if column in own})),
            cells,
            changes,
        )
        for title, own in operators.items()
        if own
    )


def _sections(present: set[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the headings that have topics, with these."""
    others = sorted(present.difference(*TOPICS.values()))
    for heading, topics in (*TOPICS.items(), (OTHER, others)):
        if chosen := tuple(topic for topic in topics if topic in present):
            yield heading, chosen
