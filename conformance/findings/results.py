"""Print the results of the page's scripts as lines for a person."""

from collections.abc import Iterator, Sequence

from conformance.findings.page import PAGE, Entry
from conformance.findings.scripts import Showing
from conformance.findings.search import Result
from conformance.utils.printable import printable
from conformance.utils.text import plain, shortened

WORDS: dict[Showing, str] = {
    "shows": "shows here",
    "does not show": "does not show here",
    "ends otherwise": "ends otherwise here",
}
_WIDTH = max(map(len, WORDS.values()))
_LONGEST = 400


def problem(result: Result) -> str:
    """Return the page's error as a sentence, and the output of the script."""
    says = "it does" if result.expected else "it does not"
    return (
        f"{result.task.entry.title}: {WORDS[result.showing]} ({result.place}),"
        f" and {PAGE} says that {says}. The script printed: {_excerpt(result.outcome)}"
    )


def lines(entries: Sequence[Entry], results: Sequence[Result]) -> Iterator[str]:
    """Yield each entry whose scripts ran, and below it the result in each place."""
    for entry in entries:
        of_entry = [result for result in results if result.task.entry == entry]
        if of_entry:
            yield entry.title
            for result in of_entry:
                yield _line(WORDS[result.showing], str(result.place))
                if result.showing == "ends otherwise":
                    yield _line("", _excerpt(result.outcome))
            yield from _absent_sightings(of_entry)


def _absent_sightings(results: Sequence[Result]) -> Iterator[str]:
    """Yield the sightings none of whose runtime classes was there, as far as these are known."""
    classes = {result.place.runtime_class for result in results}
    sightings = {result.task.sighting for result in results}
    for sighting in results[0].task.entry.sightings:
        if sighting in sightings and None not in classes and classes.isdisjoint(sighting.classes):
            versions = " and ".join(sighting.versions)
            yield _line(
                "not here", f"it was seen in {', '.join(sighting.classes)}, with {versions}"
            )


def _line(words: str, details: str) -> str:
    return f"  {words:{_WIDTH}}  {printable(details)}"


def _excerpt(outcome: str) -> str:
    return shortened(plain(outcome), _LONGEST) or "nothing"
