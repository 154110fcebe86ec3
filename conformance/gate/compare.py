"""Find where a candidate's answers differ from a baseline's, and of which kind each change is.

Changes of the suite (cases that are new, gone or edited) are kinds of their own.
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
    ObservationLine,
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
"""Regressions stand first."""
REGRESSIONS: tuple[Kind, ...] = KINDS[: KINDS.index("case dropped") + 1]
OF_SUITE: tuple[Kind, ...] = ("case added", "case changed")
"""Changes of the suite where nothing is compared."""
OF_CASES: tuple[Kind, ...] = ("case dropped", "case added", "case changed")
"""Changes of the suite, not of a framework's behaviour."""


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between the baseline and the candidate.

    Parameters
    ----------
    kind
        What happened.
    api, case
        By their ids; an API that disappeared or appeared has no case.
    mode
        None for an API that disappeared or appeared.
    before, after
        The answers, where there are any.
    topics
        Of the case.
    message
        How the framework words its answer now. It is shown, and never compared.
    """

    kind: Kind
    api: str
    case: str = ""
    mode: Mode | None = None
    before: Answer | None = None
    after: Answer | None = None
    topics: tuple[str, ...] = ()
    message: str | None = None


Evidence: TypeAlias = Counter[tuple[str, tuple[str, ...]]]
"""How many answers of an API each explanation fits, whether they changed or not."""


@dataclass(frozen=True)
class Comparison:
    """The changes between a baseline and a candidate, and how much was compared.

    Parameters
    ----------
    before, after
        The baseline and the candidate.
    changes
        In no particular order.
    compared
        How many answers were compared.
    of
        How many answers the baseline has.
    evidence
        Of each side: how many answers each explanation fits.
    cases
        Of each side: its cases. They show whether a case was removed or not asked of one API.
    """

    before: Source
    after: Source
    changes: tuple[Change, ...]
    compared: int
    of: int
    evidence: tuple[Evidence, Evidence] = field(repr=False)
    cases: tuple[frozenset[str], frozenset[str]] = field(repr=False)


def compare(
    baseline: Snapshot, candidate: Source, observations: Iterable[ObservationLine]
) -> Comparison:
    """Compare a candidate with a baseline.

    Of a partial run, or a partial baseline, only what both selections include is compared.

    Parameters
    ----------
    baseline
        All answers that were accepted.
    candidate
        The run that is compared with it.
    observations
        Of the candidate; they are read once.

    Raises
    ------
    CannotCompare
        For another framework, backend or runtime class, and where the two have no unchanged case in
        common.
    RunError
        For an observation that is there twice.
    """
    before = baseline.source
    _refuse_another(before, candidate)
    missing_apis, new_apis = (
        frozenset(filter(_selects(candidate, before), _only_in_first(*apis)))
        for apis in ((before.apis, candidate.apis), (candidate.apis, before.apis))
    )
    changes = [Change("API disappeared", api) for api in missing_apis]
    changes += [Change("API appeared", api) for api in new_apis]
    accepted_answers: dict[Key, Answer | None] = dict(baseline.answers)
    additions: dict[Key, ObservationLine] = {}
    evidence: tuple[Evidence, Evidence] = Counter(), Counter()
    compared = 0
    for observation in observations:
        key = observation.key
        accepted_answer = accepted_answers.get(key)
        if accepted_answer is None:
            if key in accepted_answers or key in additions:
                raise RunError(f"{candidate.path}: {key} was observed twice")
            additions[key] = observation
            continue
        accepted_answers[key] = None
        answer = observation.answer
        compared += accepted_answer.content == answer.content
        for counts, side in zip(evidence, (accepted_answer, answer), strict=True):
            for names in side.explanations:
                counts[observation.api, names] += 1
        if accepted_answer != answer:
            kind = _kind(accepted_answer, answer)
            if kind is not None:
                topics, message = observation.topics, observation.message
                changes.append(Change(kind, *key, accepted_answer, answer, topics, message))
    if not compared and not missing_apis:
        raise CannotCompare(_nothing_in_common(before, candidate))
    cases = (
        frozenset(case for _, case, _ in accepted_answers),
        frozenset(case for (_, case, _), answer in accepted_answers.items() if answer is None)
        | frozenset(case for _, case, _ in additions),
    )
    changes += (
        Change("case dropped", *key, before=answer)
        for key, answer in accepted_answers.items()
        if answer is not None and key[0] not in missing_apis and _includes(candidate, cases[1], key)
    )
    changes += (
        Change("case added", *key, after=observation.answer, topics=observation.topics)
        for key, observation in additions.items()
        if key[0] not in new_apis and _includes(before, cases[0], key)
    )
    return Comparison(
        before, candidate, tuple(changes), compared, len(baseline.answers), evidence, cases
    )


def _selects(*sources: Source) -> Callable[[str], bool]:
    """Return a predicate: whether the selections of all sources include an API."""
    parts = [source.selection for source in sources if source.selection is not None]
    return lambda api: all(part.takes(api) for part in parts)


def _includes(source: Source, cases: Collection[str], key: Key) -> bool:
    """Return whether a source's selection includes a key, as far as its cases tell."""
    api, case, _ = key
    return source.selection is None or (source.selection.takes(api) and case in cases)


def _nothing_in_common(before: Source, after: Source) -> str:
    sentence = f"{after.path} has no case in common with {before.path} that is asked as it was"
    if after.selection is None:
        return sentence
    return (
        f"{sentence}; it is a run of {after.selection}, and"
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


def _only_in_first(first: Mapping[str, bool], second: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(api for api, available in first.items() if available and not second.get(api))


def _kind(before: Answer, after: Answer) -> Kind | None:
    if before.content != after.content:
        return "case changed"
    (status,) = after.statuses
    if status not in before.statuses:
        return _KINDS_BY_STATUS.get(status, _status_change(before.statuses, status))
    if NONDETERMINISTIC in (before.mark, after.mark):
        return None
    if REAL in (before.mark, after.mark):  # its last bits mean nothing, its explanations do
        return None if agree(before.explanations, after.explanations) else "answer changed"
    return None if before.mark == after.mark else "answer changed"


def agree(first: Names, second: Names) -> bool:
    """Return whether two answers share an explanation, or neither has one."""
    return bool(set(first) & set(second)) or not (first or second)


def _status_change(before: Iterable[Status], after: Status) -> Kind:
    """Return the kind of a change between statuses, of which the new one has no answer."""
    worst = max(_BADNESS.get(status, 0) for status in before)
    return "status changed" if _BADNESS.get(after, 0) > worst else "status no worse"


_BADNESS: Mapping[Status, int] = {
    "rejected": 1,
    "inexpressible": 1,
    **dict.fromkeys(TROUBLES, 2),
}
"""How bad each status without an answer is."""
_KINDS_BY_STATUS: Mapping[Status, Kind] = {
    "match": "newly matching",
    "mismatch": "newly different",
    "undecided": "newly undecided",
}
