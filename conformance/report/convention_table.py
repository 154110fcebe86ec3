"""The tables by axis: which API makes which choice, as values that every output shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from conformance.conventions.axes import Axis
from conformance.report.load import Column
from conformance.runs.profiles import sentence

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
    "no parameter": ("∅", "There is no way to say it in a same-looking call."),
    "refused": ("⊘", "The framework refuses it in every case."),
    "no answer": ("✗", "Every case of it crashed, hung, or did not answer twice the same."),
    "not told apart": ("~", "None of its answers could tell the choices apart."),
    "no case": ("-", "No case is about it."),
    "not run": ("?", "There are cases, and none was run."),
}
"""What can be known of an axis of an API: a sign that needs no colour, and what it means."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Kernel": ("kernel flip", "kernel axes", "kernel channels", "kernel layout"),
    "Channels and groups": ("input channels", "output channels", "groups", "bias"),
    "Stride and dilation": (
        "stride order",
        "stride with dilation",
        "stride",
        "dilation",
        "dilation with groups",
    ),
    "Padding": (
        "padding",
        "padding ends",
        "padding order",
        "padding with stride",
        "padding split",
        "same: formula",
        "same: odd element",
        "valid: length",
    ),
    "Output": (
        "output padding",
        "same: output padding",
        "operator",
        "answer layout",
        "position",
    ),
    "Dtype and accumulation": (
        "dtype",
        "accumulation",
        "float16 accumulation",
        "bfloat16 accumulation",
    ),
    "Gradients": ("gradients",),
}
"""What the axes are about; one that is not named here stands under `OTHER`."""
OTHER = "Other"
KNOWN: tuple[Kind, ...] = ("agrees", "other choice", "no parameter", "refused", "no answer")

Ids: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """What is known of one axis in one column.

    choice   the observed one
    cases    those that establish it, or that were refused, or that might have told
    against  those that the choice does not fit
    refused  those that touch the axis and were refused, for whatever reason
    was      what the version before did, where that is something else
    """

    axis: Axis
    kind: Kind
    choice: str | None
    cases: Ids
    against: Ids = ()
    refused: Ids = ()
    was: str | None = None

    @property
    def words(self) -> str:
        """The choice, or why none is known."""
        return self.choice or self.kind

    @property
    def sign(self) -> str:
        """The sign of its kind."""
        return SIGNS[self.kind][0]

    @property
    def sentence(self) -> str:
        """What the API does."""
        return sentence(self.axis, self.choice) if self.choice else SIGNS[self.kind][1]


@dataclass(frozen=True)
class Row:
    """One axis over all columns of a sheet."""

    axis: Axis
    cells: tuple[Cell, ...]

    @property
    def settled(self) -> bool:
        """Whether all columns that were run agree, with nothing against it."""
        kinds = {cell.kind for cell in self.cells}
        plain = not any(cell.against or cell.was for cell in self.cells)
        return plain and "agrees" in kinds and kinds <= {"agrees", "not run"}

    @property
    def unasked(self) -> bool:
        """Whether no case is about it."""
        return all(cell.kind == "no case" for cell in self.cells)

    @property
    def untold(self) -> bool:
        """Whether there are cases and none can tell."""
        kinds = {cell.kind for cell in self.cells}
        return "not told apart" in kinds and kinds <= {"not told apart", "no case"}

    @property
    def numbers(self) -> str:
        """How many cases establish it, in the column with the fewest and in that with the most."""
        found = sorted({len(cell.cases) for cell in self.cells if cell.kind == "agrees"})
        return " to ".join(map(str, sorted({found[0], found[-1]})))

    @property
    def not_run(self) -> int:
        """In how many columns it was not run."""
        return sum(cell.kind == "not run" for cell in self.cells)


@dataclass(frozen=True)
class Meaning:
    """A choice that was found on an axis, what it means, and the APIs that make it."""

    axis: str
    kind: Kind
    choice: str
    sentence: str
    apis: tuple[str, ...]


@dataclass(frozen=True)
class ConventionTable:
    """The axes of the APIs of one operator, in the order of `GROUPS`."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def apis(self) -> tuple[tuple[str, tuple[Column, ...]], ...]:
        """Each API with its columns, which differ in version or backend."""
        return tuple((api, tuple(own)) for api, own in groupby(self.columns, lambda c: c.api))

    @property
    def groups(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The rows in which not all columns agree, under their headings."""
        shown = [row for row in self.rows if not (row.settled or row.unasked or row.untold)]
        found = groupby(shown, lambda row: group(row.axis.name))
        return tuple((title, tuple(rows)) for title, rows in found)

    @property
    def settled(self) -> tuple[Row, ...]:
        """The rows in which all columns agree."""
        return tuple(row for row in self.rows if row.settled)

    @property
    def unasked(self) -> tuple[str, ...]:
        """The axes that no case is about."""
        return tuple(row.axis.name for row in self.rows if row.unasked)

    @property
    def untold(self) -> tuple[str, ...]:
        """The axes whose choices no case can tell apart."""
        return tuple(row.axis.name for row in self.rows if row.untold)

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """Every choice in a row where not all columns agree, the canonical one first."""
        return tuple(m for _, rows in self.groups for row in rows for m in self._meanings(row))

    def _meanings(self, row: Row) -> Iterator[Meaning]:
        for choice in (row.axis.canonical, *(c.name for c in row.axis.meanings)):
            own = [c for c, cell in zip(self.columns, row.cells, strict=True)
                   if cell.choice == choice]  # fmt: skip
            kind: Kind = "agrees" if choice == row.axis.canonical else "other choice"
            if own or kind == "agrees":
                apis = tuple(dict.fromkeys(column.api for column in own))
                yield Meaning(row.axis.name, kind, choice, sentence(row.axis, choice), apis)


def order(axis: Axis) -> int:
    """The place of an axis's heading."""
    return [*GROUPS, OTHER].index(group(axis.name))


def group(axis: str) -> str:
    """The heading of an axis."""
    return next((title for title, axes in GROUPS.items() if axis in axes), OTHER)
