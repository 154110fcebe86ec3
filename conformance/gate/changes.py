"""Changes: where a candidate does not give what the baseline has, and in which way.

Cases that are other ones, or that only one of them has, are told apart from behaviour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from conformance.gate.answers import (
    REAL,
    UNSTEADY,
    Answer,
    CannotCompare,
    Given,
    Names,
    Seen,
    Source,
)
from conformance.observations import Key, Mode, Status
from conformance.runs import RunError

Kind = Literal[
    "newly different",
    "newly undecided",
    "answer changed",
    "status changed",
    "API disappeared",
    "case dropped",
    "newly matching",
    "API appeared",
    "case added",
    "case changed",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What got worse stands first."""
REGRESSIONS: tuple[Kind, ...] = KINDS[: KINDS.index("case dropped") + 1]
OF_CASES: tuple[Kind, ...] = ("case dropped", "case added", "case changed")
"""Changes of the suite, not of a framework's behaviour."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    mode           None for an API that is gone or new
    before, after  what was given, where something was
    topics         of the case
    said           how the framework puts it now; nobody's behaviour, but good to know
    """

    kind: Kind
    api: str
    case: str = ""
    mode: Mode | None = None
    before: Answer | None = None
    after: Answer | None = None
    topics: tuple[str, ...] = ()
    said: str | None = None


Evidence: TypeAlias = Counter[tuple[str, tuple[str, ...]]]
"""How many answers of an API some conventions explain, whether they changed or not."""


@dataclass(frozen=True)
class Comparison:
    """What became of everything that the baseline or the candidate has.

    compared        how many answers could be held against each other
    evidence        what explains the answers of each side, as they are tied
    cases           of each side, to tell a case that is gone from one that an API was not asked
    """

    before: Source
    after: Source
    changes: tuple[Change, ...]
    compared: int
    evidence: tuple[Evidence, Evidence] = field(repr=False)
    cases: tuple[frozenset[str], frozenset[str]] = field(repr=False)


def compare(baseline: Given, candidate: Source, observations: Iterable[Seen]) -> Comparison:
    """What changed from the baseline to the candidate, whose observations are read once.

    Raises `CannotCompare` for another framework or backend, and where no case of the one is asked
    by the other as it was; ``RunError`` for an observation that is there twice.
    """
    before = baseline.source
    _refuse_another(before, candidate)
    gone, new = _only(before.apis, candidate.apis), _only(candidate.apis, before.apis)
    changes = [Change("API disappeared", api) for api in gone]
    changes += [Change("API appeared", api) for api in new]
    left: dict[Key, Answer | None] = dict(baseline.answers)
    added: dict[Key, Seen] = {}
    evidence: tuple[Evidence, Evidence] = Counter(), Counter()
    compared = 0
    for seen in observations:
        key = seen.key
        was = left.get(key)
        if was is None:
            if key in left or key in added:
                raise RunError(f"{candidate.path}: {key} was observed twice")
            added[key] = seen
            continue
        left[key] = None
        answer = seen.answer
        compared += was.content == answer.content
        for side, given in zip(evidence, (was, answer), strict=True):
            for names in given.explanations:
                side[seen.api, names] += 1
        if was != answer:
            kind = _kind(was, answer)
            if kind is not None:
                changes.append(Change(kind, *key, was, answer, seen.topics, seen.detail))
    if not compared and not gone:
        raise CannotCompare(
            f"{candidate.path} has no case in common with {before.path} that is asked as it was"
        )
    cases = (
        frozenset(case for _, case, _ in left),
        frozenset(case for (_, case, _), was in left.items() if was is None)
        | frozenset(case for _, case, _ in added),
    )
    changes += (
        Change("case dropped", *key, before=was)
        for key, was in left.items()
        if was is not None and key[0] not in gone
    )
    changes += (
        Change("case added", *key, after=seen.answer, topics=seen.topics)
        for key, seen in added.items()
        if key[0] not in new
    )
    return Comparison(before, candidate, tuple(changes), compared, evidence, cases)


def _refuse_another(before: Source, after: Source) -> None:
    if before.title != after.title:
        raise CannotCompare(
            f"{after.path} is of {after.title}, and {before.path} is of {before.title}"
        )


def _only(one: Mapping[str, bool], other: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(api for api, there in one.items() if there and not other.get(api))


def _kind(was: Answer, now: Answer) -> Kind | None:
    if was.content != now.content:
        return "case changed"
    (status,) = now.statuses
    if status not in was.statuses:
        return _INTO.get(status, "status changed")
    if UNSTEADY in (was.mark, now.mark):
        return None
    if REAL in (was.mark, now.mark):  # whose last bits mean nothing, unlike what explains it
        return None if agree(was.explanations, now.explanations) else "answer changed"
    return None if was.mark == now.mark else "answer changed"


def agree(one: Names, other: Names) -> bool:
    """Whether some explanation holds for both of two answers, or none for either."""
    return bool(set(one) & set(other)) or not (one or other)


_INTO: Mapping[Status, Kind] = {
    "match": "newly matching",
    "mismatch": "newly different",
    "undecided": "newly undecided",
}
