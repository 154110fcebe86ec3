"""Define the support matrix: what implementations do, by the questions of somebody who ports.

A cell is read off the observed conventions, or counted over the naive calls of a kind of cases.
APIs of a framework with the same cells share a column, and a framework's columns are a family,
which a page folds into one.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from conformance.adapters.base import Api
from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.observations import ANSWERED
from conformance.question import Question
from conformance.report.convention_table import Cell, Kind
from conformance.report.data import OPERATORS, ReportData
from conformance.report.environments import Column
from conformance.report.evidence import Conventions
from conformance.runs.profiles import PROFILED, touched_axes
from conformance.utils.grouping import group
from conformance.utils.text import count

Tone: TypeAlias = Literal["same", "other", "absent", "refused", "broken", "unknown"]
TONES: Mapping[Tone, tuple[str, str]] = {
    "same": ("", "what the reference does"),
    "other": ("◆", "something else: translate"),
    "absent": ("∅", "no such argument"),
    "refused": ("⊘", "refused in every case"),
    "broken": ("✗", "crashes, or answers wrongly in some case"),
    "unknown": ("?", "not known from these cases"),
}
"""The sign and the meaning of each tone, from the mildest."""
_TONE_OF: Mapping[Kind, Tone] = {
    "agrees": "same",
    "other choice": "other",
    "no parameter": "absent",
    "refused": "refused",
    "no answer": "broken",
    "not told apart": "unknown",
    "no case": "unknown",
    "not run": "unknown",
}
_WORD_OF: Mapping[str, str] = {
    "no parameter": "none",
    "no answer": "crashes",
    "not told apart": "unknown",
    "no case": "no case",
}


@dataclass(frozen=True)
class SupportQuestion:
    """A row of the matrix, as ``support.toml`` has it.

    Attributes
    ----------
    axis
        The axis whose choice answers it; empty for a row that is counted.
    fact
        The field of an API that answers it where the axis agrees, or empty.
    cases
        For a row that is counted, the kind of its cases.
    topic
        The topic whose cases such a row leads to.
    words
        Short words for choices, facts and kinds of cells.
    counts_wrong
        Whether a cell mentions answers with such arguments that nothing explains.
    """

    id: str
    heading: str
    title: str
    axis: str = ""
    fact: str = ""
    cases: str = ""
    topic: str = ""
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    counts_wrong: bool = False


@dataclass(frozen=True)
class AskedQuestion:
    """A question that people ask, with what answers it.

    Attributes
    ----------
    text
        What holds everywhere.
    rows
        The ids of the rows of the matrix that say where it differs.
    family
        A framework whose columns are compared with each other instead.
    href, link
        Where the page has more, and the words of the link.
    """

    title: str
    text: str
    href: str
    link: str
    rows: tuple[str, ...] = ()
    family: str = ""


SHOWN = 2
"""The most columns of a family that are named; more are counted."""
_ENTRIES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
QUESTIONS = tuple(SupportQuestion(**entry) for entry in _ENTRIES["question"])
ASKED = tuple(AskedQuestion(**entry) for entry in _ENTRIES["asked"])


@dataclass(frozen=True)
class SupportCell:
    """What a column does about a question.

    Attributes
    ----------
    word
        In a word or two.
    tone
        How that compares with the reference.
    sentence
        The same in a sentence.
    cases
        The number of cases behind it.
    """

    word: str
    tone: Tone
    sentence: str = field(default="", compare=False)
    cases: int = field(default=0, compare=False)

    @property
    def sign(self) -> str:
        """Return the sign of its tone."""
        return TONES[self.tone][0]


@dataclass(frozen=True)
class SupportColumn:
    """APIs of one framework, in some environments, that have the same cells.

    ``members`` are the columns of the report, the first of which stands for all. ``cells`` is a
    cell for each of `QUESTIONS`.
    """

    members: tuple[Column, ...]
    cells: tuple[SupportCell, ...]

    @property
    def column(self) -> Column:
        """Return the column of the report to which the cells lead."""
        return self.members[0]

    @property
    def apis(self) -> tuple[str, ...]:
        """Return the names of the APIs without that of their framework."""
        names = dict.fromkeys(column.api for column in self.members)
        return tuple(_without_framework(api) for api in names)

    @property
    def name(self) -> str:
        """Return its APIs, and its environments where there are several columns of them."""
        return f"{', '.join(self.apis)} ({'; '.join(self.environments)})"

    @property
    def environments(self) -> tuple[str, ...]:
        """Return the versions with their backends and runtime classes."""
        return tuple(dict.fromkeys(column.environment.short for column in self.members))


@dataclass(frozen=True)
class Family:
    """The columns of one framework.

    Attributes
    ----------
    name, title
        The name of the framework, and the name for people.
    versions
        Its versions in the report.
    """

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
        """Return the backends and runtime classes that answered."""
        headers = (member.environment.run.header for c in self.columns for member in c.members)
        words = (" ".join(filter(None, (h.backend, h.runtime_class))) for h in headers)
        return tuple(dict.fromkeys(filter(None, words)))

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
        return tuple(_fold(cells) for cells in zip(*(c.cells for c in self.columns), strict=True))


@dataclass(frozen=True)
class SupportMatrix:
    """The families by the questions."""

    families: tuple[Family, ...]

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
        return next(question.title for question in QUESTIONS if question.id == question_id)

    def differing_rows(self, framework: str) -> tuple[str, ...]:
        """Return the titles of the questions to which the columns of a framework differ."""
        columns = [
            c for family in self.families if family.name == framework for c in family.columns
        ]
        return tuple(
            question.title
            for place, question in enumerate(QUESTIONS)
            if _differ(column.cells[place] for column in columns)
        )

    def words_of(self, question_id: str) -> Mapping[str, tuple[str, ...]]:
        """Return the known answers to a question, each with who gives it."""
        place = next(n for n, question in enumerate(QUESTIONS) if question.id == question_id)
        answers: dict[str, list[str]] = {}
        for family in self.families:
            known = [column for column in family.columns if column.cells[place].tone != "unknown"]
            words = group(known, lambda column: column.cells[place].word)
            for word, columns in words.items():
                names = [family.title] if len(words) == 1 else list(family.names(columns))
                answers.setdefault(word, []).extend(names)
        return {word: tuple(names) for word, names in answers.items()}

    def differ(self, place: int) -> bool:
        """Return whether the columns do not all give the same answer to a question."""
        return _differ(c.cells[place] for family in self.families for c in family.columns)


def _differ(cells: Iterable[SupportCell]) -> bool:
    return len({cell.word for cell in cells if cell.tone != "unknown"}) > 1


def support_matrix(data: ReportData, conventions: Conventions) -> SupportMatrix:
    """Make the support matrix of the transposed convolutions."""
    counted = _Counted(data)
    columns = data.operators.get(OPERATORS["conv_transpose"], ())
    by_framework: dict[str, list[SupportColumn]] = {}
    for column in columns:
        api = APIS.get(column.api)
        if api is not None and api.is_variant:
            continue
        by_axis = {cell.axis.name: cell for cell in conventions.cells[column]}
        wrong = _wrong(conventions.unexplained.get(column, ()), data)
        answers = tuple(
            _of_axis(question, by_axis[question.axis], api, wrong.get(question.axis, 0))
            if question.axis
            else counted.cell(question, column)
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
            Family(name, FRAMEWORKS[name].title, tuple(columns))
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


def _of_axis(question: SupportQuestion, cell: Cell, api: Api | None, wrong: int) -> SupportCell:
    """Read a cell off a convention, or off a fact of the API where the convention agrees."""
    tone: Tone = "broken" if cell.against else _TONE_OF[cell.kind]
    number = len(cell.cases) if cell.choice else 0
    if question.fact and cell.kind == "agrees" and api is not None:
        fact = getattr(api, question.fact)
        is_canonical = fact == type(api).__dataclass_fields__[question.fact].default
        word = question.words.get(fact, fact.replace(" ", ", ").replace("*", ""))
        sentence = f"The order of the axes is {fact.replace('*', '')}."
        return SupportCell(word, tone if is_canonical else "other", sentence, number)
    word = question.words.get(cell.words) or _WORD_OF.get(cell.words, cell.words)
    if question.counts_wrong and wrong and cell.choice:
        sentence = f"{cell.sentence} {count(wrong, 'answer')} with it are wrong, unexplained."
        return SupportCell(f"{word}, some wrong", "broken", sentence, number)
    return SupportCell(word, tone, cell.sentence, number)


def _fold(cells: Sequence[SupportCell]) -> SupportCell:
    """Return one cell for several: what is known, in the gravest tone."""
    known = [cell for cell in cells if cell.tone != "unknown"] or list(cells)
    words = tuple(dict.fromkeys(cell.word for cell in known))
    tone = max((cell.tone for cell in known), key=list(TONES).index)
    return SupportCell(" / ".join(words), tone, " ".join(dict.fromkeys(c.sentence for c in known)))


def _without_framework(api: str) -> str:
    return api.split(".", 1)[-1]


class _Counted:
    """Counts the naive calls of a kind of cases, by column."""

    def __init__(self, data: ReportData) -> None:
        self._statuses: dict[tuple[int, str], dict[str, str]] = {}
        rows = data.verdicts[["run", "api", "case", "native"]]
        for run, api, case, status in rows.itertuples(index=False, name=None):
            self._statuses.setdefault((run, api), {})[case] = status
        self._questions = {
            case.id: case.question
            for case in data.cases
            if isinstance(case.question, Question) and not case.expected.error
        }

    def cell(self, question: SupportQuestion, column: Column) -> SupportCell:
        """Return what the naive calls of a kind of cases did."""
        statuses: Iterable[str] = ()
        if question.cases == "variant":
            of_variant = (
                statuses_of.values()
                for (run, api), statuses_of in self._statuses.items()
                if run == column.run and api in APIS and APIS[api].is_variant
                if api.partition("(")[0] == column.api
            )
            statuses = [status for values in of_variant for status in values]
            if not statuses:
                return SupportCell("not asked", "unknown", "There is no API of its own for it.")
        else:
            concerns = _KINDS[question.cases]
            statuses = [
                status
                for case, status in self._statuses.get((column.run, column.api), {}).items()
                if case in self._questions and concerns(self._questions[case])
            ]
        return _counted_cell(Counter(statuses))


def _counted_cell(statuses: Counter[str]) -> SupportCell:
    written = sum(number for status, number in statuses.items() if status not in _UNASKED)
    answered = sum(statuses[status] for status in ANSWERED)
    sentence = f"{answered} of {written} naive calls were answered."
    if not written and statuses["inexpressible"]:
        return SupportCell("no", "absent", "No naive call can be written.", statuses.total())
    if not written:
        return SupportCell("unknown", "unknown", "No case was run.")
    if any(statuses[status] for status in ("crashed", "hung", "flaky")):
        return SupportCell("crashes", "broken", sentence, written)
    if answered == written:
        return SupportCell("yes", "same", sentence, written)
    return SupportCell("in part" if answered else "refused", "refused", sentence, written)


_UNASKED = ("not run", "inexpressible")
_KINDS: Mapping[str, Callable[[Question], bool]] = {
    "rank 3": lambda q: q.rank == 3 and max(*q.dilation, q.groups) == 1 and _is_plain(q),
    "rank 3 dilated": lambda q: q.rank == 3 and max(q.dilation) > 1 and _is_plain(q),
    "rank 3 in groups": lambda q: q.rank == 3 and q.groups > 1 and _is_plain(q),
}
"""The kinds of questions that are counted, beside those of a variant."""


def _is_plain(q: Question) -> bool:
    """Return whether only its axes, its dilation and its groups may stop a question."""
    has_padding = q.padding != "valid" and any(map(any, q.pairs))
    return (q.wanted, q.dtype) == ("output", "float32") and not has_padding and q.has_output
