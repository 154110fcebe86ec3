"""Define a case: a question, its source, the statements about its answer, and its purpose."""

from dataclasses import dataclass, field

from conformance.question import AnyQuestion, Array
from conformance.utils.printable import printable


@dataclass(frozen=True, order=True)
class Place:
    """A position in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """A sentence about something that is wrong in a case file.

    Parameters
    ----------
    place
        Where it is.
    case_id
        The id of the case that it is in, if it is in one.
    sentence
        What is wrong.
    unreadable
        Whether there is no such file or folder, or it cannot be read.
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
    """The source of a case."""

    id: str
    title: str
    source: str


@dataclass(frozen=True)
class Tolerance:
    """The largest difference of stated numbers from the oracle's, and the reason for it."""

    absolute: float
    reason: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Expected:
    """Statements about an answer; all are None if the case only has the oracle's answer.

    Parameters
    ----------
    numbers
        The answer, of shape (batch, channels, *space), also if the file leaves out two axes.
    shape
        The shape of the answer, or its spatial part.
    matrix
        The operator as a matrix, of shape (output elements, input elements).
    parameters
        One count for each question of a chain, else one.
    error
        Part of the sentence that refuses the question.
    property
        The name of a property that holds.
    tolerance
        The largest difference of ``numbers`` from the oracle's.
    """

    numbers: Array | None = None
    shape: tuple[int, ...] | None = None
    matrix: Array | None = None
    parameters: tuple[int, ...] | None = None
    error: str | None = None
    property: str | None = None
    tolerance: Tolerance | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Erratum(Expected):
    """The mistake of a document in a sentence, and the statements that correct it."""

    sentence: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A question, the statements about its answer, and its purpose.

    Parameters
    ----------
    id
        A name that no other case has.
    op
        The operator, or ``chain`` for several operators in a row.
    question
        It has an answer unless ``expected.error`` is set; then it has the arguments as they are
        written, a stride of 0 for one, and frameworks get it all the same.
    why
        What the case tells apart.
    exact
        Whether answers are compared with ``==``.
    topics
        What the case is about.
    place
        Where the case is written.
    tags
        Further words of the author.
    expected
        The statements about the answer.
    erratum
        What is wrong in the document.
    claims
        The claims that the case is evidence for.
    document
        The source of the case.
    section
        Where in the document the case is from.
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
        """Return the topics and the tags."""
        return self.topics + self.tags
