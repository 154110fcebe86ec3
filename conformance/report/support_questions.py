"""Read the rows and families of the support matrix, and what people ask, from ``support.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.utils.resources import table


@dataclass(frozen=True)
class SupportQuestion:
    """A row of the matrix, as ``support.toml`` has it.

    Attributes
    ----------
    head
        A short title for a narrow table; empty for a row that such a table lacks.
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
    head: str = ""
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
    compares
        Whose columns are compared with each other: ``conversions`` and modes, which stand beside
        what they convert, or the name of a framework.
    none
        What is said where the report has no such columns.
    href, link
        Where the page has more, and the words of the link.
    """

    title: str
    text: str
    href: str
    link: str
    rows: tuple[str, ...] = ()
    compares: str = ""
    none: str = ""


_ENTRIES = table(__file__, "support.toml")
QUESTIONS = tuple(SupportQuestion(**entry) for entry in _ENTRIES["question"])
PLACES: Mapping[str, int] = {question.id: place for place, question in enumerate(QUESTIONS)}
"""The places of the questions by their ids."""
ASKED = tuple(AskedQuestion(**entry) for entry in _ENTRIES["asked"])
FAMILIES: Mapping[str, str] = {
    framework: entry["title"] for entry in _ENTRIES["family"] for framework in entry["frameworks"]
}
"""The titles of families by the names of their frameworks."""
OTHERS = "Other libraries"
"""The title of the family of all other frameworks."""
CLASSES: Mapping[str, str] = _ENTRIES["classes"]
"""Sentences on runtime classes by their names."""
