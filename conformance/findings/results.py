"""What came of the scripts of the page, as lines for a person."""

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
    """One script, run in one place.

    Parameters
    ----------
    task
        The script, with its entry.
    title
        Of the environment or interpreter, for a person.
    place
        Where it ran.
    outcome
        What it printed, and how it ended.
    showing
        Whether the bug shows by that.
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
        """What is wrong with the page, as a sentence, and what the script printed."""
        says = "it does" if self.expected else "it does not"
        return (
            f"{self.task.entry.title}: {WORDS[self.showing]} ({self.title}: {self.place.words}),"
            f" and {PAGE} says that {says}. The script printed: {_shown(self.outcome)}"
        )


def lines(entries: Sequence[Entry], results: Sequence[Result]) -> Iterator[str]:
    """Yield each entry that was looked for, and below it what came of it in each place."""
    for entry in entries:
        own = [result for result in results if result.task.entry == entry]
        if own:
            yield entry.title
            for result in own:
                yield _line(WORDS[result.showing], f"{result.title}: {result.place.words}")
                if result.showing == "ends otherwise":
                    yield _line("", _shown(result.outcome))
            yield from _not_here(entry, own)


def _not_here(entry: Entry, results: Sequence[Result]) -> Iterator[str]:
    """The sightings of which no class was there, as far as classes are known."""
    here = {result.place.runtime_class for result in results}
    for sighting in entry.sightings:
        looked_for = any(result.task.sighting == sighting for result in results)
        if looked_for and None not in here and here.isdisjoint(sighting.classes):
            versions = " and ".join(sighting.versions)
            yield _line(_NOT_HERE, f"it was seen in {', '.join(sighting.classes)}, with {versions}")


def _line(words: str, rest: str) -> str:
    return f"  {words:{_WIDTH}}  {printable(rest)}"


def _shown(outcome: str) -> str:
    return shortened(plain(outcome), _LONGEST) or "nothing"
