"""What the cases can tell, in lines to read, and what is to be found fault with in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from conformance.conventions.axes import AXES, CONVENTIONS, Axis
from conformance.quality import interactions, mutation
from conformance.quality.interactions import Covered, Point
from conformance.quality.mutation import ENOUGH, ENOUGH_PAIRS, PAIRS, Choices, KillRecord, Pair

STRENGTHS = (2, 3, 4)
COMPLETE = 3
"""Of how many factors every meeting must be asked about."""
TOLD = 5
"""How many of a kind are told one by one."""


def covered(points: Iterable[Point]) -> tuple[list[str], list[str]]:
    """How many meetings of factors the cases ask about, and what is missing, as findings."""
    points = set(points)
    counts = [interactions.covered(points, strength) for strength in STRENGTHS]
    lines = [f"meetings of transposed convolution's factors: {', '.join(map(_count, counts))}"]
    lacking = [
        " with ".join(f"{factor} {level}" for factor, level in meeting)
        for meeting in interactions.missing(points, COMPLETE)
    ]
    return lines, _told("no case has", lacking)


def _count(one: Covered) -> str:
    return (
        f"{one.covered} of {one.feasible} ({percent(one.covered, one.feasible)}) of {one.strength}"
    )


def mutation_score(sights: Sequence[KillRecord]) -> tuple[list[str], list[str]]:
    """Which conventions the cases see and which choices they tell apart; the rest, as findings."""
    seen, apart = mutation.seen(sights), mutation.told_apart(sights)
    rare = [i for i in range(len(CONVENTIONS)) if seen[i] < ENOUGH]
    choices = [choices for axis in range(len(AXES)) for choices in mutation.choices_of(axis)]
    close = [one for one in choices if apart[one] < ENOUGH]
    named = sum(len(one.named) for one in sights)
    asked = named + sum(len(one.unnamed) for one in sights)
    lines = [
        f"conventions seen by {ENOUGH} cases or more: {len(CONVENTIONS) - len(rare)} of"
        f" {len(CONVENTIONS)}; diagnosed as what they are: {named} of {asked} answers",
        f"choices of an axis told apart by {ENOUGH} cases or more:"
        f" {len(choices) - len(close)} of {len(choices)}",
    ]
    return lines, [
        *(f"{CONVENTIONS[i]}: seen by {seen[i]} cases; {ENOUGH} are needed" for i in rare),
        *(f"{_words(one)}: told apart by {apart[one]} cases; {ENOUGH} are needed" for one in close),
    ]


def pairs(sights: Sequence[KillRecord]) -> tuple[list[str], list[str]]:
    """How many pairs of conventions the cases see of those that can be; the rest, as findings."""
    unseen = mutation.unseen_pairs(sights)
    visible = mutation.visible(unseen)
    found = len(PAIRS - unseen)
    whole = found + len(visible)
    line = (
        f"pairs of conventions seen: {found} of {whole} ({percent(found, whole)});"
        f" {len(unseen) - len(visible)} more never meet, or undo each other"
    )
    enough = found >= ENOUGH_PAIRS * whole
    return [line], [] if enough else _told("no case sees", map(_pair, sorted(visible)))


def unnamed(sights: Iterable[KillRecord]) -> Iterator[str]:
    """What is seen by a case and not named by the diagnosis, as findings."""
    for one in sights:
        for i in sorted(one.unnamed):
            yield f"{one.case.place}: {one.case.id}: the diagnosis does not name {CONVENTIONS[i]}"


def hidden(sights: Iterable[KillRecord]) -> Iterator[str]:
    """The cases that cannot decide what they ask, as findings."""
    for one in sights:
        if one.hidden:
            names = "; ".join(one.hidden)
            yield (
                f"{one.case.place}: {one.case.id}: cannot decide: within rounding of the right"
                f" answer is also that of {names}"
            )


def idle(sights: Iterable[KillRecord]) -> Iterator[str]:
    """The cases that see nothing, unless a document or an error is what they are for."""
    for one in sights:
        case = one.case
        if not one.kills and case.document is None and not case.expected.error:
            yield f"{case.place}: {case.id}: sees no convention, and is from no document"


def blind(sights: Iterable[KillRecord]) -> Iterator[str]:
    """The cases to which a kernel reads the same backwards, unless a document has it so."""
    for one in sights:
        if mutation.is_blind_to_flips(one) and one.case.document is None:
            yield (
                f"{one.case.place}: note: {one.case.id}: cannot see a flipped kernel;"
                " other numbers would"
            )


def each(sights: Iterable[KillRecord]) -> Iterator[str]:
    """Of each case what it sees, and what it is asked about and cannot see."""
    for one in sights:
        survivors = f"; cannot see {_axes(one.survivors, one.kills)}" if one.survivors else ""
        yield f"{one.case.id}: sees {_axes(one.kills, one.survivors) or 'nothing'}{survivors}"


def _axes(some: Iterable[int], others: Iterable[int]) -> str:
    """Conventions by their axes, with their choices where others of the axis are not among them."""
    partly = {CONVENTIONS[i].axis.name for i in others}
    words = []
    for axis, places in groupby(sorted(some), lambda i: CONVENTIONS[i].axis.name):
        names = ", ".join(CONVENTIONS[i].choice.name for i in places)
        words.append(f"{axis} ({names})" if axis in partly else axis)
    return "; ".join(words)


def matrix(sights: Iterable[KillRecord]) -> Iterator[str]:
    """For each axis a table: how many cases tell each two of its choices apart."""
    apart = mutation.told_apart(sights)
    for place, axis in enumerate(AXES):
        names = [f"{row} {name}" for row, name in enumerate(_names(axis), 1)]
        width = max(map(len, names))
        yield f"{axis.name:{width}}{''.join(f'{column:>6}' for column in range(1, len(names)))}"
        for row, name in enumerate(names):
            counts = "".join(f"{apart[place, column, row]:>6}" for column in range(row))
            yield f"{name:{width}}{counts}".rstrip()
        yield ""


def _names(axis: Axis) -> tuple[str, ...]:
    return axis.canonical, *(choice.name for choice in axis.choices)


def _words(choices: Choices) -> str:
    axis = AXES[choices[0]]
    one, other = (_names(axis)[choice] for choice in choices[1:])
    return f"{axis.name}: {one} and {other}"


def _pair(pair: Pair) -> str:
    return " with ".join(str(CONVENTIONS[i]) for i in pair)


def _told(what: str, found: Iterable[str]) -> list[str]:
    """The first of many findings, and how many there are."""
    every = list(found)
    more = f" (and {len(every) - TOLD} more)" if len(every) > TOLD else ""
    return [f"{what} {one}" for one in every[: TOLD - 1]] + [
        f"{what} {one}{more}" for one in every[TOLD - 1 : TOLD]
    ]


def percent(part: int, whole: int) -> str:
    # Rounded down, so that 100 % is said of nothing less.
    return f"{1000 * part // whole / 10:g} %"
