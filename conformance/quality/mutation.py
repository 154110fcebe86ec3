"""Discrimination: a case is worth what it can tell from right, so every convention is tried on it.

Every convention, alone and with another, is a synthetic framework: it answers as the oracle does
under the convention. A case sees it when that answer is not the oracle's, and it misses it when the
convention changes what is asked but not the answer. Nothing here knows any framework.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TypeAlias

import numpy as np

from conformance import comparison, question
from conformance.cases import Case, sampling
from conformance.comparison import Reference
from conformance.conventions import alternatives, transforms
from conformance.conventions.axes import AXES, CONVENTIONS, HALVES
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import answer_under, under
from conformance.question import AnyQuestion, Array, Chain, Question
from conformance.runs.prepared_case import PreparedCase

ENOUGH = 3
"""How many cases must see a convention, and tell any two choices on an axis apart."""
ENOUGH_PAIRS = 0.99
"""Which part of all pairs of conventions must be seen, of those that can be."""
DRAWN = 400
"""How many drawn questions say whether a pair that no case sees could be seen at all."""
DIAGNOSED = 20
"""Of how many cases that see a convention the diagnosis is asked."""

Pair: TypeAlias = tuple[int, int]
"""Two conventions on different axes, by their places in `CONVENTIONS`."""
Choices: TypeAlias = tuple[int, int, int]
"""An axis by its place, and two of its choices: 0 is the canonical one, then as they stand."""


_EVERY = range(len(CONVENTIONS))
_AXIS = tuple(AXES.index(convention.axis) for convention in CONVENTIONS)
_CHOICE = tuple(c.axis.choices.index(c.choice) + 1 for c in CONVENTIONS)
PAIRS: frozenset[Pair] = frozenset(
    (one, other) for one, other in combinations(_EVERY, 2) if _AXIS[one] != _AXIS[other]
)
"""Every two conventions that are on different axes."""


@dataclass(frozen=True, eq=False)
class KillRecord:
    """What one case can tell of the conventions, by their places in `CONVENTIONS`.

    kills     those under which the answer is not the oracle's
    survivors   those that change what is asked, but not the answer
    named    those it sees and whose diagnosis names them
    unnamed  those it sees and whose diagnosis names something else
    apart    choices of one axis, the canonical one too, under which the answers differ
    pairs    two conventions at once under which the answer is not the oracle's
    hidden   names of those whose answer rounding hides: an answer that is right cannot be told from
             one that is theirs, nor from zeros
    """

    case: Case
    kills: frozenset[int] = frozenset()
    survivors: frozenset[int] = frozenset()
    named: frozenset[int] = frozenset()
    unnamed: frozenset[int] = frozenset()
    apart: frozenset[Choices] = frozenset()
    pairs: frozenset[Pair] = frozenset()
    hidden: tuple[str, ...] = ()


def kill_records(prepared_cases: Iterable[PreparedCase]) -> Iterator[KillRecord]:
    """What each of many cases can tell, as soon as it is known.

    Of pairs only those are tried that no case before has seen, and the diagnosis is asked of the
    first `DIAGNOSED` cases that see a convention: more would take its time and say no more.
    """
    asked: Counter[int] = Counter()
    unseen = set(PAIRS)
    for prepared_case in prepared_cases:
        one = kill_record(prepared_case, [i for i in _EVERY if asked[i] < DIAGNOSED], unseen)
        asked.update(one.named | one.unnamed)
        unseen -= one.pairs
        yield one


def kill_record(
    prepared_case: PreparedCase,
    diagnosed: Collection[int] = (),
    pairs: Collection[Pair] | None = None,
) -> KillRecord:
    """What a case can tell; nothing where it is that there is no answer.

    diagnosed  of which conventions the diagnosis is asked
    pairs      which are tried; all if not said
    """
    case, wanted = prepared_case.case, prepared_case.wanted
    if wanted is None:
        return KillRecord(case)
    asked, exact = case.question, case.exact
    alone = _alone(asked)
    kills = {i for i, answer in alone.items() if _differs(prepared_case, wanted, answer)}
    named = {i: _is_named(asked, wanted, alone[i], i, exact=exact) for i in kills & {*diagnosed}}
    tried = PAIRS if pairs is None else pairs
    return KillRecord(
        case,
        kills=frozenset(kills),
        survivors=frozenset(alone.keys() - kills),
        named=frozenset(i for i in named if named[i]),
        unnamed=frozenset(i for i in named if not named[i]),
        apart=frozenset(_apart(prepared_case, wanted, alone)),
        pairs=frozenset(
            pair
            for pair in combinations(alone, 2)
            if pair in tried and _is_seen(prepared_case, wanted, pair)
        ),
        hidden=() if exact else tuple(_hidden(prepared_case, wanted, alone)),
    )


def seen(sights: Iterable[KillRecord]) -> Counter[int]:
    """By how many cases each convention is seen."""
    return Counter(i for one in sights for i in one.kills)


def told_apart(sights: Iterable[KillRecord]) -> Counter[Choices]:
    """By how many cases each two choices of an axis are told apart."""
    return Counter(choices for one in sights for choices in one.apart)


def unseen_pairs(sights: Iterable[KillRecord]) -> frozenset[Pair]:
    """The pairs of conventions that no case sees."""
    return PAIRS - {pair for one in sights for pair in one.pairs}


def visible(pairs: Collection[Pair], count: int = DRAWN, seed: int = 0) -> frozenset[Pair]:
    """Those of some pairs that at least one of so many drawn questions sees.

    The others never meet in a question, or undo each other.
    """
    found: set[Pair] = set()
    for asked in _drawn(count, seed):
        wanted = question.answer(asked)
        left = set(pairs) - found
        alone = _alone(asked, {i for pair in left for i in pair})
        met = (pair for pair in left if alone.keys() >= set(pair))
        answers = {pair: _under(asked, *pair) for pair in met}
        found |= {p for p, y in answers.items() if y is not None and _is_other(wanted, y)}
    return frozenset(found)


def choices_of(axis: int) -> Iterator[Choices]:
    """Every two choices of an axis, the canonical one too."""
    for one, other in combinations(range(len(AXES[axis].choices) + 1), 2):
        yield axis, one, other


def is_blind_to_flips(one: KillRecord) -> bool:
    """Whether the case has a kernel that reads the same backwards, or data that hides its order.

    An answer without any number hides everything, and is there for its shape.
    """
    first = (
        one.case.question.questions[0]
        if isinstance(one.case.question, Chain)
        else one.case.question
    )
    return _FLIPPED in one.survivors and len(first.x) > 0


_FLIPPED = next(i for i, c in enumerate(CONVENTIONS) if str(c) == "kernel flip: flipped")
_WIDE = 2**12 + 1
"""What small whole numbers are multiplied with, so that no float32 holds a product of two."""


def _alone(asked: AnyQuestion, among: Iterable[int] = _EVERY) -> dict[int, Array]:
    """What a framework answers with each of some conventions that changes anything here."""
    answers = {i: _under(asked, i) for i in sorted(among)}
    return {i: answer for i, answer in answers.items() if answer is not None}


def _under(asked: AnyQuestion, *places: int) -> Array | None:
    """What a framework with these conventions answers, if it does and they change anything."""
    try:
        return answer_under(asked, tuple(CONVENTIONS[i] for i in places))
    except ValueError:
        return None


def _differs(
    prepared_case: PreparedCase, one: Array, other: Array, within: Reference | None = None
) -> bool:
    """Whether two answers differ; of a real-valued case, whether ``other`` is outside a bound."""
    if (
        prepared_case.case.exact
    ):  # nearly always, and a sentence on where they differ takes its time
        return _is_other(one, other)
    within = within or prepared_case.reference
    question = prepared_case.case.question
    return comparison.difference(question, one, other, exact=False, within=within) is not None


def _is_other(one: Array, other: Array) -> bool:
    same = one.shape == other.shape and one.dtype == other.dtype
    return not (same and bool((one == other).all()))


def _is_seen(prepared_case: PreparedCase, wanted: Array, pair: Pair) -> bool:
    answer = _under(prepared_case.case.question, *pair)
    return answer is not None and _differs(prepared_case, wanted, answer)


def _is_named(asked: AnyQuestion, wanted: Array, answer: Array, place: int, *, exact: bool) -> bool:
    found = diagnose(asked, wanted, answer, exact=exact).explanations
    return (CONVENTIONS[place],) in found


def _apart(
    prepared_case: PreparedCase, wanted: Array, alone: Mapping[int, Array]
) -> Iterator[Choices]:
    for axis in {_AXIS[i] for i in alone}:
        answers = {0: wanted} | {_CHOICE[i]: y for i, y in alone.items() if _AXIS[i] == axis}
        bounds = _bounds(prepared_case, axis, answers)
        for one, other in combinations(answers, 2):
            if _differs(prepared_case, answers[one], answers[other], bounds.get(one)):
                yield axis, one, other


def _bounds(prepared_case: PreparedCase, axis: int, choices: Iterable[int]) -> dict[int, Reference]:
    """What answers under the choices of an axis are held against in a real-valued case."""
    if prepared_case.case.exact or AXES[axis].rounds:
        return {}  # however its sums are rounded, it is the oracle's answer
    nodes = {
        choice: under(prepared_case.case.question, (CONVENTIONS[place],))
        for choice in choices
        for place in _EVERY
        if (_AXIS[place], _CHOICE[place]) == (axis, choice)
    }
    return {choice: node.reference() for choice, node in nodes.items() if node is not None}


def _hidden(
    prepared_case: PreparedCase, wanted: Array, alone: Mapping[int, Array]
) -> Iterator[str]:
    """What cannot be told from a right answer, or passes for one without being it."""
    known = prepared_case.reference
    dtype = (
        prepared_case.case.question.dtype
        if isinstance(prepared_case.case.question, Question)
        else None
    )
    right = transforms.held(wanted, dtype) if dtype in HALVES else wanted
    found = dict.fromkeys(
        map(alternatives.named, alternatives.rivals(prepared_case.case.question, known, right))
    )
    for place, answer in alone.items():
        if CONVENTIONS[place].axis.rounds or answer.shape != wanted.shape:
            continue
        if not known.holds(answer).all():
            continue
        # In float64, as the answer itself may be rounded in another way than the right one.
        node = under(prepared_case.case.question, (CONVENTIONS[place],))
        if node is not None and known.apart(node.reference().numbers).any():
            found[str(CONVENTIONS[place])] = None
    yield from found


def _drawn(count: int, seed: int) -> Iterator[Question]:
    """Questions of small numbers, and the same ones of numbers that 32 bits cannot hold."""
    for q in islice(sampling.draws(seed), count):
        yield q
        arrays = {name: getattr(q, name) for name in ("x", "kernel", "bias", "gradient")}
        wide = {n: a.astype(np.float64) * _WIDE for n, a in arrays.items() if a is not None}
        yield q.but(dtype="float64", **wide)
