"""Define the support matrix: what implementations do, by the questions of somebody who ports.

APIs of a framework with the same cells share a column. A page folds the columns of a family of
frameworks into one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.report.data import OPERATORS, ReportData
from conformance.report.environments import Column
from conformance.report.evidence import Conventions
from conformance.report.support_cells import NaiveCalls, SupportCell, cell_of_axis, fold
from conformance.report.support_questions import (
    FAMILIES,
    OTHERS,
    PLACES,
    QUESTIONS,
    SupportQuestion,
)
from conformance.runs.profiles import PROFILED, touched_axes
from conformance.utils.grouping import group

SHOWN = 2
"""The most columns of an implementation that are named; more are counted."""


@dataclass(frozen=True)
class SupportColumn:
    """APIs of one framework, in some environments, that have the same cells.

    ``members`` are the columns of the report, the first of which stands for all. ``cells`` is a
    cell for each of `QUESTIONS`.
    """

    members: tuple[Column, ...]
    cells: tuple[SupportCell, ...]

    @property
    def apis(self) -> tuple[str, ...]:
        """Return the names of the APIs without that of their framework."""
        names = (column.api.split(".", 1)[-1] for column in self.members)
        return tuple(dict.fromkeys(names))

    @property
    def name(self) -> str:
        """Return its APIs, and its environments where there are several columns of them."""
        return f"{', '.join(self.apis)} ({'; '.join(self.environments)})"

    @property
    def environments(self) -> tuple[str, ...]:
        """Return the versions with their backends and runtime classes."""
        return tuple(dict.fromkeys(column.environment.short for column in self.members))


@dataclass(frozen=True)
class Implementation:
    """The columns of one framework."""

    name: str
    title: str
    columns: tuple[SupportColumn, ...]

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """Return the versions of the framework."""
        headers = (member.environment.run.header for c in self.columns for member in c.members)
        return tuple(dict.fromkeys(header.version or "not run" for header in headers))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Return the backends and runtime classes that answered, or why there is none."""
        headers = (member.environment.run.header for c in self.columns for member in c.members)
        words = (
            h.failure or " ".join(dict.fromkeys(filter(None, (h.backend, h.runtime_class))))
            for h in headers
        )
        return tuple(dict.fromkeys(filter(None, words)))

    @property
    def differing_rows(self) -> tuple[str, ...]:
        """Return the titles of the questions to which its columns differ."""
        return tuple(
            question.title
            for place, question in enumerate(QUESTIONS)
            if _differ(column.cells[place] for column in self.columns)
        )

    def names(self, columns: Sequence[SupportColumn]) -> Iterator[str]:
        """Yield names of some columns, as short as they tell them from the others."""
        if len(columns) > SHOWN:
            yield f"{self.title} ({len(columns)} of {len(self.columns)} columns)"
            return
        several_apis = len({column.apis for column in self.columns}) > 1
        several_places = len({column.environments for column in self.columns}) > 1
        for column in columns:
            words = [self.title, *column.apis] if several_apis else [self.title]
            places = f" ({'; '.join(column.environments)})" if several_places else ""
            yield f"{words[0]} {', '.join(words[1:])}".strip() + places

    @cached_property
    def folded(self) -> tuple[SupportCell, ...]:
        """Return a cell for each question over all columns: their word, or all their words."""
        return _folded(self.columns)


@dataclass(frozen=True)
class Family:
    """Implementations that share a column until it is unfolded."""

    title: str
    implementations: tuple[Implementation, ...]

    @property
    def name(self) -> str:
        """Return the name of the implementation with its title, or else the title."""
        first = self.implementations[0]
        return first.name if first.title == self.title else self.title

    @property
    def columns(self) -> tuple[tuple[Implementation, SupportColumn], ...]:
        """Return all columns, each with its implementation."""
        return tuple((i, column) for i in self.implementations for column in i.columns)

    @cached_property
    def folded(self) -> tuple[SupportCell, ...]:
        """Return a cell for each question over the columns of all implementations."""
        return _folded(column for _, column in self.columns)


def _folded(columns: Iterable[SupportColumn]) -> tuple[SupportCell, ...]:
    return tuple(fold(cells) for cells in zip(*(c.cells for c in columns), strict=True))


@dataclass(frozen=True)
class SupportMatrix:
    """The implementations by the questions."""

    implementations: tuple[Implementation, ...]

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """Return the families that have implementations; one alone has its own title."""
        names = [*dict.fromkeys(FAMILIES.values()), OTHERS]
        by_title = group(self.implementations, lambda i: FAMILIES.get(i.name, OTHERS))
        return tuple(
            Family(members[0].title if len(members) == 1 else title, tuple(members))
            for title in names
            if (members := by_title.get(title))
        )

    @property
    def headings(self) -> Mapping[str, Sequence[tuple[int, SupportQuestion]]]:
        """Return the questions with their places, under their headings."""
        return group(enumerate(QUESTIONS), lambda pair: pair[1].heading)

    @property
    def width(self) -> int:
        """Return the number of all columns, with one more for each family that can be folded."""
        sizes = [len(family.columns) for family in self.families]
        return sum(size + 1 if size > 1 else 1 for size in sizes)

    def title_of(self, question_id: str) -> str:
        """Return a question by its id."""
        return QUESTIONS[PLACES[question_id]].title

    def differing_rows(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """Return the questions to which the columns of a framework differ, by its title."""
        return {i.title: i.differing_rows for i in self.implementations if i.name == name}

    def words_of(self, question_id: str) -> Mapping[str, tuple[str, ...]]:
        """Return the known answers to a question, each with who gives it."""
        place = PLACES[question_id]
        answers: dict[str, list[str]] = {}
        for implementation in self.implementations:
            columns = implementation.columns
            known = [column for column in columns if column.cells[place].tone != "unknown"]
            words = group(known, lambda column: column.cells[place].word)
            for word, of_word in words.items():
                alone = len(words) == 1
                names = [implementation.title] if alone else list(implementation.names(of_word))
                answers.setdefault(word, []).extend(names)
        return {word: tuple(names) for word, names in answers.items()}

    def differ(self, place: int) -> bool:
        """Return whether the columns do not all give the same answer to a question."""
        return _differ(c.cells[place] for i in self.implementations for c in i.columns)


def _differ(cells: Iterable[SupportCell]) -> bool:
    return len({cell.word for cell in cells if cell.tone != "unknown"}) > 1


def support_matrix(data: ReportData, conventions: Conventions) -> SupportMatrix:
    """Make the support matrix of the transposed convolutions."""
    calls = NaiveCalls(data)
    columns = data.operators.get(OPERATORS["conv_transpose"], ())
    by_framework: dict[str, list[SupportColumn]] = {}
    for column in columns:
        api = APIS.get(column.api)
        if api is not None and api.is_variant:
            continue
        by_axis = {cell.axis.name: cell for cell in conventions.cells[column]}
        wrong = _wrong(conventions.unexplained.get(column, ()), data)
        answers = tuple(
            cell_of_axis(question, by_axis[question.axis], column, calls, wrong[question.axis])
            if question.axis
            else calls.cell(question, column)
            for question in QUESTIONS
        )
        shared = by_framework.setdefault(column.environment.framework, [])
        for place, other in enumerate(shared):
            if (joint := _join(other.cells, answers)) is not None:
                shared[place] = SupportColumn((*other.members, column), joint)
                break
        else:
            shared.append(SupportColumn((column,), answers))
    return SupportMatrix(
        tuple(
            Implementation(name, FRAMEWORKS[name].title, tuple(columns))
            for name, columns in by_framework.items()
        )
    )


def _join(
    first: tuple[SupportCell, ...], second: tuple[SupportCell, ...]
) -> tuple[SupportCell, ...] | None:
    """Return the known cells of two columns, or None where they contradict each other."""
    joint = []
    for one, other in zip(first, second, strict=True):
        if "unknown" not in (one.tone, other.tone) and one != other:
            return None
        joint.append(other if one.tone == "unknown" else one)
    return tuple(joint)


def _wrong(unexplained: Iterable[str], data: ReportData) -> Counter[str]:
    """Count the answers that no convention explains, by the axes that they may be about.

    An axis that is a part of another one stands for it.
    """
    counts: Counter[str] = Counter()
    for case in unexplained:
        axes = touched_axes(data.prepared_cases[case])
        wholes = {axis.part_of for axis in PROFILED if axis.name in axes}
        counts.update(axes - wholes)
    return counts
