"""Changes: where a candidate does not give what the baseline has, and in which way.

Cases that are other ones, or that only one of them has, are told apart from behaviour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from conformance.gate.snapshot import (
    NONDETERMINISTIC,
    REAL,
    Answer,
    CannotCompare,
    Names,
    Seen,
    Snapshot,
    Source,
)
from conformance.observations import TROUBLES, Key, Mode, Status
from conformance.runs.run_files import RunError

Kind = Literal[
    "newly different",
    "newly undecided",
    "answer changed",
    "status changed",
    "API disappeared",
    "case dropped",
    "newly matching",
    "status no worse",
    "API appeared",
    "case added",
    "case changed",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What got worse stands first."""
REGRESSIONS: tuple[Kind, ...] = KINDS[: KINDS.index("case dropped") + 1]
OF_SUITE: tuple[Kind, ...] = ("case added", "case changed")
"""Changes of the cases alone: nothing is compared, and no framework has done anything."""
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
    of              how many answers the baseline has
    evidence        what explains the answers of each side, as they are tied
    cases           of each side, to tell a case that is gone from one that an API was not asked
    """

    before: Source
    after: Source
    changes: tuple[Change, ...]
    compared: int
    of: int
    evidence: tuple[Evidence, Evidence] = field(repr=False)
    cases: tuple[frozenset[str], frozenset[str]] = field(repr=False)


def compare(baseline: Snapshot, candidate: Source, observations: Iterable[Seen]) -> Comparison:
    """What changed from the baseline to the candidate, whose observations are read once.

    Of a run of a part, or a baseline of one, only what both were made for is compared: what else
    the one has the other was not to be asked.
    Raises `CannotCompare` for another framework, backend or runtime class, and where no case of the
    one is asked by the other as it was; ``RunError`` for an observation that is there twice.
    """
    before = baseline.source
    _refuse_another(before, candidate)
    gone, new = (
        frozenset(filter(_takes(candidate, before), _only(*apis)))
        for apis in ((before.apis, candidate.apis), (candidate.apis, before.apis))
    )
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
                changes.append(Change(kind, *key, was, answer, seen.topics, seen.said))
    if not compared and not gone:
        raise CannotCompare(_nothing_in_common(before, candidate))
    cases = (
        frozenset(case for _, case, _ in left),
        frozenset(case for (_, case, _), was in left.items() if was is None)
        | frozenset(case for _, case, _ in added),
    )
    changes += (
        Change("case dropped", *key, before=was)
        for key, was in left.items()
        if was is not None and key[0] not in gone and _asks(candidate, cases[1], key)
    )
    changes += (
        Change("case added", *key, after=seen.answer, topics=seen.topics)
        for key, seen in added.items()
        if key[0] not in new and _asks(before, cases[0], key)
    )
    return Comparison(
        before, candidate, tuple(changes), compared, len(baseline.answers), evidence, cases
    )


def _takes(*sources: Source) -> Callable[[str], bool]:
    """Whether an API was to be asked in all sources."""
    parts = [source.selection for source in sources if source.selection is not None]
    return lambda api: all(part.takes(api) for part in parts)


def _asks(source: Source, cases: Collection[str], key: Key) -> bool:
    """Whether a source was made for what has this key, as far as its cases tell."""
    api, case, _ = key
    return source.selection is None or (source.selection.takes(api) and case in cases)


def _nothing_in_common(before: Source, after: Source) -> str:
    said = f"{after.path} has no case in common with {before.path} that is asked as it was"
    if after.selection is None:
        return said
    return (
        f"{said}; it is a run of {after.selection}, and"
        f" `conformance accept {after.path} --to FOLDER` makes a baseline of it"
    )


def _refuse_another(before: Source, after: Source) -> None:
    if before.title != after.title:
        raise CannotCompare(
            f"{after.path} is of {after.title}, and {before.path} is of {before.title}"
        )
    if before.runtime_class != after.runtime_class:
        classes = (source.runtime_class or "an unknown class" for source in (after, before))
        raise CannotCompare(
            f"{after.path} ran in the runtime class {next(classes)}, and {before.path} in"
            f" {next(classes)}: what differs between them need not be a change of {after.title}"
        )


def _only(one: Mapping[str, bool], other: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(api for api, there in one.items() if there and not other.get(api))


def _kind(was: Answer, now: Answer) -> Kind | None:
    if was.content != now.content:
        return "case changed"
    (status,) = now.statuses
    if status not in was.statuses:
        return _INTO.get(status, _change_of_status(was.statuses, status))
    if NONDETERMINISTIC in (was.mark, now.mark):
        return None
    if REAL in (was.mark, now.mark):  # whose last bits mean nothing, unlike what explains it
        return None if agree(was.explanations, now.explanations) else "answer changed"
    return None if was.mark == now.mark else "answer changed"


def agree(one: Names, other: Names) -> bool:
    """Whether some explanation holds for both of two answers, or none for either."""
    return bool(set(one) & set(other)) or not (one or other)


def _change_of_status(before: Iterable[Status], now: Status) -> Kind:
    """Whether what was an answer is refused now, or what was refused ends in trouble now."""
    worst = max(_BADNESS.get(status, 0) for status in before)
    return "status changed" if _BADNESS.get(now, 0) > worst else "status no worse"


_BADNESS: Mapping[Status, int] = {
    "rejected": 1,
    "inexpressible": 1,
    **dict.fromkeys(TROUBLES, 2),
}
"""Of what is no answer; where the one becomes the other, nothing got worse."""
_INTO: Mapping[Status, Kind] = {
    "match": "newly matching",
    "mismatch": "newly different",
    "undecided": "newly undecided",
}
