"""Count the verdicts by topic, in a matrix for each operator."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from conformance.report.data import OTHER, ReportData, VerdictCounts
from conformance.report.environments import Column
from conformance.report.tables import NOT_RUN
from conformance.utils.grouping import group

TOPICS = {
    "Arguments": (
        "stride", "padding", "same", "valid", "output-padding", "dilation", "groups",
        "bias"
    ),
    "Arrays": (
        "basic", "kernel-flip", "channels", "layout", "rank", "shape", "dtype",
        "real-valued", "degenerate", "errors"
    ),
    "Meaning": (
        "matrix", "gradients", "composition", "properties", "coverage", "parameters",
        "interpolation"
    ),
}  # fmt: skip
"""The topics under their headings; a page is wide enough for about eight of them."""


@dataclass(frozen=True)
class Matrix:
    """Topics by APIs, for the APIs of the operator in the title.

    Attributes
    ----------
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


def matrices(data: ReportData) -> tuple[Matrix, ...]:
    """Make a matrix for each operator that has columns."""
    cells, changed = data.topic_counts, _changed(data)
    return tuple(
        Matrix(
            title,
            tuple(columns),
            tuple(_sections({topic for column, topic in cells if column in columns})),
            cells,
            changed,
        )
        for title, columns in data.operators.items()
    )


def _changed(data: ReportData) -> Mapping[tuple[Column, str], int]:
    """Count the verdicts that differ from those of the version before, by column and topic."""
    answers = data.verdicts[data.verdicts["verdict"] != NOT_RUN]
    by_run = dict(list(answers.groupby("run")))
    counts: Counter[tuple[Column, str]] = Counter()
    for before, after in (pair for numbers in data.versions for pair in pairwise(numbers)):
        if before in by_run and after in by_run:
            both = by_run[before].merge(by_run[after], on=["api", "case"], suffixes=("_was", ""))
            changed = both[both["verdict_was"] != both["verdict"]]
            for api, topics in changed[["api", "topic"]].itertuples(index=False, name=None):
                column = data.columns_by_key[after, api]
                counts.update((column, topic) for topic in topics.split(";"))
    return counts


def _sections(present: set[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the headings that have topics, with these."""
    others = sorted(present.difference(*TOPICS.values()))
    for heading, topics in (*TOPICS.items(), (OTHER, others)):
        if chosen := tuple(topic for topic in topics if topic in present):
            yield heading, chosen
