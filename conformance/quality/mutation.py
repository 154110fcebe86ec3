"""Analyse the cases by mutation: which conventions each case detects.

Every convention, alone and with another one, is a mutant of the oracle: a synthetic framework that
answers as the oracle does under the convention. A case kills the mutant if that answer is not the
oracle's; the mutant survives if the convention changes the question but not the answer. No real
framework takes part.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TypeAlias

import numpy as np

from conformance import comparison, question
from conformance.cases import Case, sampling
from conformance.comparison import HALVES, Reference, is_same
from conformance.conventions import alternatives
from conformance.conventions.arithmetic import round_to
from conformance.conventions.axes import AXES, CONVENTIONS
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import answer_under, root_of, under
from conformance.question import AnyQuestion, Array, Question
from conformance.runs.prepared_case import PreparedCase

ENOUGH = 3
"""How many cases must kill a convention, and distinguish any two choices of an axis."""
ENOUGH_PAIRS = 0.99
"""The share of the pairs of conventions that must be killed, of those that can be."""
SAMPLES = 400
"""How many random questions decide whether a surviving pair can be killed at all."""
DIAGNOSED = 20
"""How many cases that kill a convention are diagnosed."""

Pair: TypeAlias = tuple[int, int]
"""Two conventions on different axes, by their places in `CONVENTIONS`."""
Choices: TypeAlias = tuple[int, int, int]
"""An axis by its place, and two of its choices: 0 is the canonical one, then in their order."""

_ALL_CONVENTIONS = range(len(CONVENTIONS))
_AXIS = tuple(AXES.index(convention.axis) for convention in CONVENTIONS)
_CHOICE = tuple(c.axis.choices.index(c.choice) + 1 for c in CONVENTIONS)
_BY_CHOICE = dict(zip(zip(_AXIS, _CHOICE, strict=True), CONVENTIONS, strict=True))
PAIRS: frozenset[Pair] = frozenset(
    (i, j) for i, j in combinations(_ALL_CONVENTIONS, 2) if _AXIS[i] != _AXIS[j]
)
"""All pairs of conventions on different axes."""


@dataclass(frozen=True, eq=False)
class KillRecord:
    """The conventions that one case detects, by their places in `CONVENTIONS`.

    Parameters
    ----------
    kills
        Those under which the answer is not the oracle's.
    survivors
        Those that change the question, but not the answer.
    diagnosed
        Those that the case kills and its diagnosis names.
    misdiagnosed
        Those that the case kills and its diagnosis does not name.
    distinctions
        Choices of one axis, also the canonical one, under which the answers differ.
    pairs
        Conventions that together give an answer which is not the oracle's.
    hidden
        Names of conventions that rounding hides: a right answer cannot be distinguished from one
        under the convention, or from zeros.
    """

    case: Case
    kills: frozenset[int] = frozenset()
    survivors: frozenset[int] = frozenset()
    diagnosed: frozenset[int] = frozenset()
    misdiagnosed: frozenset[int] = frozenset()
    distinctions: frozenset[Choices] = frozenset()
    pairs: frozenset[Pair] = frozenset()
    hidden: tuple[str, ...] = ()


def kill_records(prepared_cases: Iterable[PreparedCase]) -> Iterator[KillRecord]:
    """Yield the record of each case, as soon as it is known.

    A pair is tried only until a case kills it, and a convention is diagnosed only in the first
    `DIAGNOSED` cases that kill it: more would take long and add nothing.
    """
    diagnosis_counts: Counter[int] = Counter()
    survivors = set(PAIRS)
    for prepared_case in prepared_cases:
        conventions = [i for i in _ALL_CONVENTIONS if diagnosis_counts[i] < DIAGNOSED]
        record = kill_record(prepared_case, conventions, survivors)
        diagnosis_counts.update(record.diagnosed | record.misdiagnosed)
        survivors -= record.pairs
        yield record


def kill_record(
    prepared_case: PreparedCase,
    to_diagnose: Collection[int] = (),
    pairs: Collection[Pair] | None = None,
) -> KillRecord:
    """Return the record of a case; it is empty for a case without an answer.

    ``to_diagnose`` are the conventions that are diagnosed where the case kills them. ``pairs`` are
    the pairs that are tried; None for all.
    """
    case, right_answer = prepared_case.case, prepared_case.oracle_answer
    if right_answer is None:
        return KillRecord(case)
    answers = _mutant_answers(case.question)
    kills = {i for i, answer in answers.items() if _differs(prepared_case, right_answer, answer)}
    diagnoses = {
        i: diagnose(case.question, right_answer, answers[i], exact=case.exact)
        for i in kills & {*to_diagnose}
    }
    diagnosed = {i for i, d in diagnoses.items() if (CONVENTIONS[i],) in d.explanations}
    candidates = PAIRS if pairs is None else pairs
    return KillRecord(
        case,
        kills=frozenset(kills),
        survivors=frozenset(answers.keys() - kills),
        diagnosed=frozenset(diagnosed),
        misdiagnosed=frozenset(diagnoses.keys() - diagnosed),
        distinctions=frozenset(_distinctions(prepared_case, right_answer, answers)),
        pairs=frozenset(
            pair
            for pair in combinations(answers, 2)
            if pair in candidates and _kills_pair(prepared_case, right_answer, pair)
        ),
        hidden=() if case.exact else tuple(_hidden(prepared_case, right_answer, answers)),
    )


def kill_counts(records: Iterable[KillRecord]) -> Counter[int]:
    """Return how many cases kill each convention."""
    return Counter(i for record in records for i in record.kills)


def distinction_counts(records: Iterable[KillRecord]) -> Counter[Choices]:
    """Return how many cases distinguish each two choices of an axis."""
    return Counter(choices for record in records for choices in record.distinctions)


def surviving_pairs(records: Iterable[KillRecord]) -> frozenset[Pair]:
    """Return the pairs of conventions that no case kills."""
    return PAIRS - {pair for record in records for pair in record.pairs}


def killable_pairs(pairs: Collection[Pair], count: int = SAMPLES, seed: int = 0) -> frozenset[Pair]:
    """Return the pairs that at least one of ``count`` random questions kills.

    The conventions of any other pair never apply to one question, or undo each other.
    """
    kills: set[Pair] = set()
    for q in _random_questions(count, seed):
        right_answer = question.answer(q)
        survivors = set(pairs) - kills
        applicable = _mutant_answers(q, {i for pair in survivors for i in pair}).keys()
        answers = {pair: _answer(q, *pair) for pair in survivors if applicable >= set(pair)}
        kills |= {p for p, y in answers.items() if y is not None and not is_same(right_answer, y)}
    return frozenset(kills)


def choices_of(axis: int) -> Iterator[Choices]:
    """Yield every two choices of an axis, with the canonical one."""
    for first, second in combinations(range(len(AXES[axis].choices) + 1), 2):
        yield axis, first, second


def is_blind_to_flips(record: KillRecord) -> bool:
    """Return whether a flipped kernel survives in a case.

    A case whose answer has no numbers is not blind: it is there for the shape. Nor is a gradient by
    the bias, in which no kernel takes part.
    """
    first = record.case.question.questions[0]
    return _FLIPPED in record.survivors and len(first.x) > 0 and first.answer_space != "bias"


_FLIPPED = next(i for i, c in enumerate(CONVENTIONS) if str(c) == "kernel flip: flipped")
_WIDE = 2**12 + 1
"""The factor that makes products of two small whole numbers too wide for float32."""


def _mutant_answers(
    question: AnyQuestion, conventions: Iterable[int] = _ALL_CONVENTIONS
) -> dict[int, Array]:
    """Return the answer under each convention that changes the question."""
    answers = {i: _answer(question, i) for i in sorted(conventions)}
    return {i: answer for i, answer in answers.items() if answer is not None}


def _answer(question: AnyQuestion, *places: int) -> Array | None:
    """Return the answer under conventions, if there is one and they change the question."""
    try:
        return answer_under(question, tuple(CONVENTIONS[i] for i in places))
    except ValueError:
        return None


def _differs(
    prepared_case: PreparedCase, first: Array, second: Array, within: Reference | None = None
) -> bool:
    """Return whether answers differ; in a real-valued case, whether the second exceeds a bound."""
    if prepared_case.case.exact:  # the comparison below is slow, as it words the difference
        return not is_same(first, second)
    within = within or prepared_case.reference
    question = prepared_case.case.question
    return comparison.difference(question, first, second, exact=False, within=within) is not None


def _kills_pair(prepared_case: PreparedCase, right_answer: Array, pair: Pair) -> bool:
    answer = _answer(prepared_case.case.question, *pair)
    return answer is not None and _differs(prepared_case, right_answer, answer)


def _distinctions(
    prepared_case: PreparedCase, right_answer: Array, mutant_answers: Mapping[int, Array]
) -> Iterator[Choices]:
    for axis in {_AXIS[i] for i in mutant_answers}:
        of_axis = {_CHOICE[i]: y for i, y in mutant_answers.items() if _AXIS[i] == axis}
        answers = {0: right_answer} | of_axis
        bounds = _bounds(prepared_case, axis, answers)
        for first, second in combinations(answers, 2):
            if _differs(prepared_case, answers[first], answers[second], bounds.get(first)):
                yield axis, first, second


def _bounds(prepared_case: PreparedCase, axis: int, choices: Iterable[int]) -> dict[int, Reference]:
    """Return the reference of each choice of an axis, for a real-valued case."""
    if prepared_case.case.exact or AXES[axis].rounds:
        return {}  # a rounding of its sums is the oracle's answer too
    question = prepared_case.case.question
    nodes = {c: under(question, (_BY_CHOICE[axis, c],)) for c in choices if c}
    return {choice: node.reference() for choice, node in nodes.items() if node is not None}


def _hidden(
    prepared_case: PreparedCase, right_answer: Array, mutant_answers: Mapping[int, Array]
) -> Iterator[str]:
    """Yield the names of alternatives that rounding hides from a comparison with the oracle."""
    reference, q = prepared_case.reference, prepared_case.case.question
    dtype = q.dtype if isinstance(q, Question) else None
    expected = round_to(right_answer, dtype) if dtype in HALVES else right_answer
    names = dict.fromkeys(map(alternatives.name_of, alternatives.rivals(q, reference, expected)))
    for place, answer in mutant_answers.items():
        if CONVENTIONS[place].axis.rounds or answer.shape != right_answer.shape:
            continue
        if not reference.holds(answer).all():
            continue
        # In float64, as the answer itself may be rounded in another way than the right one.
        node = under(q, (CONVENTIONS[place],))
        if node is not None and alternatives.is_apart(root_of(q), reference, node.reference):
            names[str(CONVENTIONS[place])] = None
    yield from names


def _random_questions(count: int, seed: int) -> Iterator[Question]:
    """Yield questions of small numbers, each also with numbers that 32 bits cannot hold."""
    for q in islice(sampling.draws(seed), count):
        yield q
        yield q.map_arrays(lambda array: array.astype(np.float64) * _WIDE, dtype="float64")
