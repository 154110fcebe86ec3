"""What a case is: a question with where it comes from, what is stated of its answer, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.question import AnyQuestion, Array
from conformance.utils.printable import printable


@dataclass(frozen=True, order=True)
class Place:
    """Where something is written; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a case file, in a sentence.

    case_id     where it is one case's
    unreadable  whether there is no such file or folder, or it cannot be read
    """

    place: Place
    case_id: str | None
    sentence: str
    unreadable: bool = False

    def __str__(self) -> str:
        case = f"{self.case_id}: " if self.case_id else ""
        return printable(f"{self.place}: {case}{self.sentence}")


@dataclass(frozen=True)
class Document:
    """What a case was taken from."""

    id: str
    title: str
    source: str


@dataclass(frozen=True)
class Tolerance:
    """How far stated numbers may be from the oracle's, and why they are."""

    absolute: float
    reason: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Expected:
    """What is stated of the answer, all None when only the oracle speaks.

    ``numbers`` has batch and channel axes, also when the file leaves them out. ``shape`` is full,
    or its spatial part. ``parameters`` has one number for each question of a chain, else one.
    """

    numbers: Array | None = None
    shape: tuple[int, ...] | None = None
    matrix: Array | None = None
    parameters: tuple[int, ...] | None = None
    error: str | None = None
    property: str | None = None
    tolerance: Tolerance | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Erratum:
    """What the document has wrong, and what holds instead."""

    sentence: str
    numbers: Array | None = None
    shape: tuple[int, ...] | None = None
    property: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A question, what is stated of its answer, and why it is asked.

    ``question`` has an answer unless ``expected.error`` says why not; then it holds what was
    written as it stands, a stride of 0 for one, to be asked of frameworks all the same. ``op`` is
    ``chain`` for several operators in a row. ``tags`` are the author's own words beside the topics.
    """

    id: str
    op: str
    question: AnyQuestion
    why: str
    exact: bool
    topics: tuple[str, ...]
    place: Place
    tags: tuple[str, ...] = ()
    expected: Expected = field(default_factory=Expected)
    erratum: Erratum | None = None
    claims: tuple[str, ...] = ()
    document: Document | None = None
    section: str | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The topics and the tags."""
        return self.topics + self.tags
