"""Find where a candidate's answers differ from a baseline's, and of which kind each change is.

Changes of the suite (cases that are new, gone or edited) are kinds of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from conformance.answers import Answer, agree, answer_of
from conformance.gate.snapshot import CannotCompare, Snapshot
from conformance.observations import TROUBLES, Key, Mode, Observation, Status, refused
from conformance.runs.run_files import Header, Run

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
        The environments of the baseline and the candidate.
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

    before: Header
    after: Header
    changes: tuple[Change, ...]
    compared: int
    of: int
    evidence: tuple[Evidence, Evidence] = field(repr=False)
    cases: tuple[frozenset[str], frozenset[str]] = field(repr=False)


def compare(baseline: Snapshot, candidate: Run) -> Comparison:
    """Compare a candidate with a baseline.

    Of a partial run, or a partial baseline, only what both selections include is compared.

    Parameters
    ----------
    baseline
        All answers that were accepted.
    candidate
        The run that is compared with it.

    Raises
    ------
    CannotCompare
        For another framework, backend or runtime class, and where the two have no unchanged case in
        common.
    """
    _refuse_another(baseline, candidate)
    before, after = baseline.header, candidate.header
    missing_apis, new_apis = (
        frozenset(filter(_selects(before, after), _only_in_first(*apis)))
        for apis in ((before.apis, after.apis), (after.apis, before.apis))
    )
    observations = {observation.key: observation for observation in candidate.observations}
    cases = _cases(baseline.answers), _cases(observations)
    changes = [Change("API disappeared", api) for api in missing_apis]
    changes += [Change("API appeared", api) for api in new_apis]
    evidence: tuple[Evidence, Evidence] = Counter(), Counter()
    compared = 0
    for key, observation in observations.items():
        old_answer, answer = baseline.answers.get(key), answer_of(observation)
        if old_answer is None:
            if key[0] not in new_apis and _includes(before, cases[0], key):
                topics = observation.topics
                changes.append(Change("case added", *key, after=answer, topics=topics))
            continue
        compared += old_answer.content == answer.content
        for counts, side in zip(evidence, (old_answer, answer), strict=True):
            counts.update((key[0], names) for names in side.explanations)
        kind = None if old_answer == answer else _kind(old_answer, answer)
        if kind is not None:
            topics, message = observation.topics, _message(observation)
            changes.append(Change(kind, *key, old_answer, answer, topics, message))
    if not compared and not missing_apis:
        raise CannotCompare(_nothing_in_common(baseline, candidate))
    changes += (
        Change("case dropped", *key, before=answer)
        for key, answer in baseline.answers.items()
        if key not in observations
        and key[0] not in missing_apis
        and _includes(after, cases[1], key)
    )
    return Comparison(
        before, after, tuple(changes), compared, len(baseline.answers), evidence, cases
    )


def _cases(keys: Iterable[Key]) -> frozenset[str]:
    return frozenset(case for _, case, _ in keys)


def _message(observation: Observation) -> str | None:
    """Return the framework's message, below the known limit that explains it where there is one."""
    if observation.limit is None:
        return observation.detail
    return refused(observation.limit, observation.detail)


def _selects(*headers: Header) -> Callable[[str], bool]:
    """Return a predicate: whether the selections of all sides include an API."""
    parts = [header.selection for header in headers if header.selection is not None]
    return lambda api: all(part.takes(api) for part in parts)


def _includes(header: Header, cases: Collection[str], key: Key) -> bool:
    """Return whether the selection of a side includes a key, as far as its cases tell."""
    api, case, _ = key
    return header.selection is None or (header.selection.takes(api) and case in cases)


def _nothing_in_common(before: Snapshot, after: Run) -> str:
    sentence = f"{after.path} has no case in common with {before.path} that is asked as it was"
    if after.header.selection is None:
        return sentence
    return (
        f"{sentence}; it is a run of {after.header.selection}, and"
        f" `conformance accept {after.path} --to FOLDER` makes a baseline of it"
    )


def _refuse_another(before: Snapshot, after: Run) -> None:
    titles = [_title(side.header) for side in (after, before)]
    if titles[0] != titles[1]:
        raise CannotCompare(f"{after.path} is of {titles[0]}, and {before.path} is of {titles[1]}")
    classes = [side.header.runtime_class or "an unknown class" for side in (after, before)]
    if after.header.runtime_class != before.header.runtime_class:
        raise CannotCompare(
            f"{after.path} ran in the runtime class {classes[0]}, and {before.path} in"
            f" {classes[1]}: what differs between them need not be a change of {titles[0]}"
        )


def _title(header: Header) -> str:
    return header.framework if header.backend is None else f"{header.framework} on {header.backend}"


def _only_in_first(first: Mapping[str, bool], second: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(api for api, available in first.items() if available and not second.get(api))


def _kind(before: Answer, after: Answer) -> Kind | None:
    if before.content != after.content:
        return "case changed"
    (status,) = after.statuses
    if status not in before.statuses:
        return _KINDS_BY_STATUS.get(status, _status_change(before.statuses, status))
    return None if agree(before, after) else "answer changed"


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
