"""Define the convention tables: the choice of every API on every axis."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from conformance.conventions.axes import Axis
from conformance.report.environments import Column
from conformance.runs.profiles import sentence
from conformance.utils.grouping import group

Kind: TypeAlias = Literal[
    "agrees",
    "other choice",
    "no parameter",
    "refused",
    "no answer",
    "not told apart",
    "no case",
    "not run",
]
SIGNS: Mapping[Kind, tuple[str, str]] = {
    "agrees": ("=", "It means what the reference means."),
    "other choice": ("◆", "It means something else; what, is said below the table."),
    "no parameter": ("∅", "There is no way to say it in a naive call."),
    "refused": ("⊘", "The framework refuses it in every case."),
    "no answer": ("✗", "Every case of it crashed, hung, or did not answer twice the same."),
    "not told apart": ("~", "None of its answers could tell the choices apart."),
    "no case": ("-", "No case is about it."),
    "not run": ("?", "There are cases, and none was run."),
}
"""The sign of each kind of cell, and its meaning."""

HEADINGS = (
    "Kernel",
    "Channels and groups",
    "Stride and dilation",
    "Padding",
    "Output",
    "Dtype and accumulation",
    "Gradients",
)
"""The headings of the axes, in their order."""
KNOWN: tuple[Kind, ...] = ("agrees", "other choice", "no parameter", "refused", "no answer")
"""The kinds that tell what an API does."""

Ids: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One axis in one column.

    Attributes
    ----------
    cases
        The ids of the cases that establish the choice, were refused, or touch the axis.
    against
        The ids of the cases that contradict the choice.
    refused
        The ids of the cases that touch the axis and were refused, for whatever reason.
    previous_words
        The words of the version before, where they differ.
    """

    axis: Axis
    kind: Kind
    choice: str | None
    cases: Ids
    against: Ids = ()
    refused: Ids = ()
    previous_words: str | None = None

    @property
    def words(self) -> str:
        """Return the choice, or why none is known."""
        return self.choice or self.kind

    @property
    def sign(self) -> str:
        """Return the sign of its kind."""
        return SIGNS[self.kind][0]

    @property
    def sentence(self) -> str:
        """Return what the API does."""
        return sentence(self.axis, self.choice) if self.choice else SIGNS[self.kind][1]


@dataclass(frozen=True)
class Row:
    """One axis over all columns of a table."""

    axis: Axis
    cells: tuple[Cell, ...]

    @property
    def state(self) -> Literal["various", "unanimous", "undistinguished", "without case"]:
        """Return how the columns compare.

        unanimous
            All that were run agree, and no case contradicts.
        undistinguished
            There are cases, and none tells the choices apart.
        without case
            No case touches the axis.
        """
        kinds = {cell.kind for cell in self.cells}
        if kinds == {"no case"}:
            return "without case"
        if kinds <= {"not told apart", "no case"}:
            return "undistinguished"
        is_disputed = any(cell.against or cell.previous_words for cell in self.cells)
        if "agrees" in kinds and kinds <= {"agrees", "not run"} and not is_disputed:
            return "unanimous"
        return "various"

    @property
    def numbers(self) -> str:
        """Return the fewest and the most cases that establish it in one column."""
        counts = {len(cell.cases) for cell in self.cells if cell.kind == "agrees"}
        return " to ".join(map(str, sorted({min(counts), max(counts)})))

    @property
    def not_run(self) -> int:
        """Return the number of columns in which it was not run."""
        return sum(cell.kind == "not run" for cell in self.cells)


@dataclass(frozen=True)
class Meaning:
    """A choice on an axis, its sentence, and the APIs that make it."""

    axis: str
    kind: Kind
    choice: str
    sentence: str
    apis: tuple[str, ...]


@dataclass(frozen=True)
class ConventionTable:
    """The axes of the APIs of one operator, in the order of `HEADINGS`."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def apis(self) -> Mapping[str, Sequence[Column]]:
        """Return each API with its columns, which differ in version or backend."""
        return group(self.columns, lambda column: column.api)

    @property
    def groups(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """Return the rows in which not all columns agree, under their headings."""
        groups = groupby(self.rows_in("various"), lambda row: row.axis.heading)
        return tuple((title, tuple(group)) for title, group in groups)

    def rows_in(self, state: str) -> tuple[Row, ...]:
        """Return the rows in a state."""
        return tuple(row for row in self.rows if row.state == state)

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """Return the choices of the rows where not all columns agree, the canonical one first."""
        return tuple(m for _, rows in self.groups for row in rows for m in self._meanings(row))

    def _meanings(self, row: Row) -> Iterator[Meaning]:
        for choice in (row.axis.canonical, *(c.name for c in row.axis.meanings)):
            pairs = zip(self.columns, row.cells, strict=True)
            apis = dict.fromkeys(column.api for column, cell in pairs if cell.choice == choice)
            kind: Kind = "agrees" if choice == row.axis.canonical else "other choice"
            if apis or kind == "agrees":
                yield Meaning(row.axis.name, kind, choice, sentence(row.axis, choice), tuple(apis))


def order(axis: Axis) -> int:
    """Return the place of an axis's heading."""
    return HEADINGS.index(axis.heading)
