"""Print the results of the page's scripts as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.findings.page import PAGE, Entry
from conformance.findings.places import Place, Task
from conformance.findings.scripts import Showing
from conformance.utils.printable import printable
from conformance.utils.text import plain, shortened

WORDS: dict[Showing, str] = {
    "shows": "shows here",
    "does not show": "does not show here",
    "ends otherwise": "ends otherwise here",
}
_NOT_HERE = "not here"
_WIDTH = max(map(len, WORDS.values()))
_LONGEST = 400


@dataclass(frozen=True)
class Result:
    """The result of one script in one place.

    Parameters
    ----------
    task
        The script, with its entry.
    title
        Of the environment or interpreter, for a person.
    place
        Where it ran.
    outcome
        Its output, and how it ended.
    showing
        Whether the output shows the bug.
    """

    task: Task
    title: str
    place: Place
    outcome: str
    showing: Showing

    @property
    def expected(self) -> bool | None:
        """Whether the page says that the bug shows there; None where it says nothing."""
        return self.task.sighting.expects(self.place.packages, self.place.runtime_class)

    @property
    def is_red(self) -> bool:
        """Whether the page is wrong."""
        return self.expected not in (None, self.showing == "shows")

    @property
    def problem(self) -> str:
        """The page's error as a sentence, and the output of the script."""
        says = "it does" if self.expected else "it does not"
        return (
            f"{self.task.entry.title}: {WORDS[self.showing]} ({self.title}: {self.place.words}),"
            f" and {PAGE} says that {says}. The script printed: {_excerpt(self.outcome)}"
        )


def lines(entries: Sequence[Entry], results: Sequence[Result]) -> Iterator[str]:
    """Yield each entry whose scripts ran, and below it the result in each place."""
    for entry in entries:
        of_entry = [result for result in results if result.task.entry == entry]
        if of_entry:
            yield entry.title
            for result in of_entry:
                yield _line(WORDS[result.showing], f"{result.title}: {result.place.words}")
                if result.showing == "ends otherwise":
                    yield _line("", _excerpt(result.outcome))
            yield from _absent_sightings(entry, of_entry)


def _absent_sightings(entry: Entry, results: Sequence[Result]) -> Iterator[str]:
    """Yield the sightings none of whose runtime classes was there, as far as these are known."""
    classes = {result.place.runtime_class for result in results}
    for sighting in entry.sightings:
        was_sought = any(result.task.sighting == sighting for result in results)
        if was_sought and None not in classes and classes.isdisjoint(sighting.classes):
            versions = " and ".join(sighting.versions)
            yield _line(_NOT_HERE, f"it was seen in {', '.join(sighting.classes)}, with {versions}")


def _line(words: str, details: str) -> str:
    return f"  {words:{_WIDTH}}  {printable(details)}"


def _excerpt(outcome: str) -> str:
    return shortened(plain(outcome), _LONGEST) or "nothing"
