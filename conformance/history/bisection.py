"""Find the first of many releases whose answer differs, with few releases asked.

Like `git bisect`, the search halves the remaining range and steps around what cannot be asked. A
place is a number, from the oldest release to the newest; the search knows nothing of releases.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

Ask = Callable[[int], Hashable | None]
"""Return the answer of a place; None where it cannot be asked."""


@dataclass(frozen=True)
class ChangePoint:
    """A change of the answer.

    Parameters
    ----------
    last, first
        The last place with the oldest answer, and the first with another one.
    between
        Places between them that could not be asked; the change may be at one of them.
    """

    last: int
    first: int
    between: tuple[int, ...]


@dataclass(frozen=True)
class NoChange:
    """The oldest and the newest place that could be asked; they have the same answer."""

    oldest: int
    newest: int


class Unanswered(Exception):
    """A place that had to be asked, and could not be; None for all of them."""

    def __init__(self, place: int | None) -> None:
        super().__init__(place)
        self.place = place


def search(
    number: int,
    ask: Ask,
    old: int | None = None,
    new: int | None = None,
    likely: tuple[int, int] | None = None,
) -> ChangePoint | NoChange:
    """Find where among ``number`` places the answer changes for the first time.

    Raises ``Unanswered`` where an end cannot be asked.

    Parameters
    ----------
    ask
        Returns the answer of a place; each place is asked at most once.
    old, new
        The ends of the search; None for the oldest and the newest that can be asked.
    likely
        Two places that probably answer differently, the older one as those before it. They are
        asked first, and the ends only where they answer alike or cannot be asked.
    """
    answers: dict[int, Hashable | None] = {}

    def answer(place: int) -> Hashable | None:
        if place not in answers:
            answers[place] = ask(place)
        return answers[place]

    if likely is not None:
        lower, upper = likely
        if answer(upper) is not None and answer(lower) not in (None, answer(upper)):
            return _narrow(lower, upper, answer)
    upper = _required(new, answer) if new is not None else _end(range(number - 1, -1, -1), answer)
    if old is not None:
        lower = _required(old, answer)
    else:
        lower = _end(range(upper + 1), answer, other_than=answer(upper))
    if answer(lower) == answer(upper):
        return NoChange(lower, upper)
    return _narrow(lower, upper, answer)


def _required(place: int, answer: Ask) -> int:
    if answer(place) is None:
        raise Unanswered(place)
    return place


def _end(places: Sequence[int], answer: Ask, other_than: Hashable | None = None) -> int:
    """Return the first of the places that can be asked, as if none before it could be.

    The search doubles its steps, and then halves them. It also stops at a place that does not
    answer ``other_than``, because there is a change behind that place. Where the steps miss all
    that can be asked, every place is tried. It raises `Unanswered` where none can be asked.
    """
    success, step = 0, 1
    failure = -1
    while answer(places[success]) is None:
        if success == len(places) - 1:
            for place in places:
                if answer(place) is not None:
                    return place
            raise Unanswered(None)
        failure, success = success, min(success + step, len(places) - 1)
        step *= 2
    while success - failure > 1:
        if other_than is not None and answer(places[success]) != other_than:
            break
        middle = (failure + success) // 2
        if answer(places[middle]) is None:
            failure = middle
        else:
            success = middle
    return places[success]


def _narrow(lower: int, upper: int, answer: Ask) -> ChangePoint:
    oldest_answer = answer(lower)
    failures: set[int] = set()
    while candidates := [place for place in range(lower + 1, upper) if place not in failures]:
        middle = (lower + upper) / 2
        place = min(candidates, key=lambda place: abs(place - middle))
        result = answer(place)
        if result is None:
            failures.add(place)
        elif result == oldest_answer:
            lower = place
        else:
            upper = place
    return ChangePoint(lower, upper, tuple(sorted(p for p in failures if lower < p < upper)))
