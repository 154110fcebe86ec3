"""A bisection: the first of many releases that answers otherwise, found by asking few of them.

Like `git bisect`, it halves what is left, and steps around what cannot be asked. Places are numbers
from the oldest release to the newest, so that the search knows nothing of releases.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

Ask = Callable[[int], Hashable | None]
"""The answer of a place; None where it cannot be asked."""


@dataclass(frozen=True)
class Found:
    """Where the answer changes.

    last, first  the last place that answers as the oldest does, the first that does not
    between      places between them that could not be asked, and might be the first
    """

    last: int
    first: int
    between: tuple[int, ...]


@dataclass(frozen=True)
class Agreed:
    """The oldest and the newest place that could be asked answer alike."""

    oldest: int
    newest: int


class Unanswered(Exception):
    """A place that had to be asked, and could not be; None for all of them."""

    def __init__(self, place: int | None) -> None:
        super().__init__(place)
        self.place = place


def search(number: int, ask: Ask, old: int | None = None, new: int | None = None) -> Found | Agreed:
    """Where among ``number`` places the answer is another one for the first time.

    old, new  the ends of the search; None for the oldest and the newest that can be asked
    Raises `Unanswered` where an end cannot be asked.
    """
    answers: dict[int, Hashable | None] = {}

    def answer(place: int) -> Hashable | None:
        if place not in answers:
            answers[place] = ask(place)
        return answers[place]

    upper = _given(new, answer) if new is not None else _end(range(number - 1, -1, -1), answer)
    if old is not None:
        lower = _given(old, answer)
    else:
        lower = _end(range(upper + 1), answer, other_than=answer(upper))
    if answer(lower) == answer(upper):
        return Agreed(lower, upper)
    return _narrowed(lower, upper, answer)


def _given(place: int, answer: Ask) -> int:
    if answer(place) is None:
        raise Unanswered(place)
    return place


def _end(places: Sequence[int], answer: Ask, other_than: Hashable | None = None) -> int:
    """The first of the places that can be asked, as if none could be before it.

    With steps that double, and then by halves; any that answers ``other_than`` this serves as well,
    because there is a change behind it. Raises `Unanswered` where none can be asked.
    """
    reached, step = 0, 1
    failed = -1
    while answer(places[reached]) is None:
        if reached == len(places) - 1:
            raise Unanswered(None)
        failed, reached = reached, min(reached + step, len(places) - 1)
        step *= 2
    while reached - failed > 1:
        if other_than is not None and answer(places[reached]) != other_than:
            break
        middle = (failed + reached) // 2
        if answer(places[middle]) is None:
            failed = middle
        else:
            reached = middle
    return places[reached]


def _narrowed(lower: int, upper: int, answer: Ask) -> Found:
    """The change between two places that answer otherwise."""
    same = answer(lower)
    failed: set[int] = set()
    while left := [place for place in range(lower + 1, upper) if place not in failed]:
        place = _nearest(left, (lower + upper) / 2)
        found = answer(place)
        if found is None:
            failed.add(place)
        elif found == same:
            lower = place
        else:
            upper = place
    return Found(lower, upper, tuple(sorted(p for p in failed if lower < p < upper)))


def _nearest(places: Iterable[int], middle: float) -> int:
    return min(places, key=lambda place: abs(place - middle))
