"""Find where a candidate's answers differ from a baseline's, and of which kind each change is.

Changes of the suite (cases that are new, gone or edited) are kinds of their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from conformance.gate.snapshot import Candidate, CannotCompare, Snapshot, add
from conformance.observations import TROUBLES, Mode, Observation, Status, refusal_words
from conformance.recorded_answers import Answer, agree
from conformance.runs.run_files import Header

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
    api, case, mode
        An API that disappeared or appeared has no case and no mode.
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


@dataclass(frozen=True)
class Comparison:
    """The changes between a baseline and a candidate, and the number of compared answers."""

    before: Snapshot
    after: Snapshot
    changes: tuple[Change, ...]
    compared: int


def compare(baseline: Snapshot, candidate: Candidate) -> Comparison:
    """Compare a candidate with a baseline.

    Of a partial run, or a partial baseline, only what both selections include is compared.

    Raises ``CannotCompare`` for another framework, backend or runtime class, for a run that is
    incomplete, and where the two have no unchanged case in common. Raises ``RunError`` for an
    observation that is there twice.
    """
    before, after = baseline, Snapshot(candidate.path, candidate.header, {})
    _refuse_another(before, after)
    missing_apis, new_apis = _missing_apis(before, after), _missing_apis(after, before)
    changes = [Change("API disappeared", api) for api in missing_apis]
    changes += [Change("API appeared", api) for api in new_apis]
    compared = 0
    for observation in candidate.observations:
        key, answer = add(after.answers, observation, after.path)
        old_answer, topics = before.answers.get(key), observation.topics
        if old_answer is None:
            if key[0] not in new_apis and before.includes(key):
                changes.append(Change("case added", *key, after=answer, topics=topics))
            continue
        compared += old_answer.content == answer.content
        if old_answer == answer:
            after.answers[key] = old_answer  # so that two equal answers take memory once
            continue
        kind = _kind(old_answer, answer)
        if kind is not None:
            message = _message(observation)
            changes.append(Change(kind, *key, old_answer, answer, topics, message))
    if not compared and not missing_apis:
        raise CannotCompare(_nothing_in_common(before, after))
    changes += (
        Change("case dropped", *key, before=answer)
        for key, answer in before.answers.items()
        if key not in after.answers and key[0] not in missing_apis and after.includes(key)
    )
    return Comparison(before, after, tuple(changes), compared)


def _message(observation: Observation) -> str | None:
    """Return the framework's message, below the known limit that explains it where there is one."""
    if observation.limitation is None:
        return observation.detail
    return refusal_words(observation.limitation, observation.detail)


def _missing_apis(first: Snapshot, second: Snapshot) -> frozenset[str]:
    """Return the APIs of the first side only, among those that both selections include."""
    selections = [side.header.selection for side in (first, second) if side.header.selection]
    return frozenset(
        api
        for api, is_available in first.header.apis.items()
        if is_available
        and not second.header.apis.get(api)
        and all(selection.takes(api) for selection in selections)
    )


def _nothing_in_common(before: Snapshot, after: Snapshot) -> str:
    sentence = f"{after.path} has no case in common with {before.path} that is asked as it was"
    if after.header.selection is None:
        return sentence
    return (
        f"{sentence}; it is a run of {after.header.selection}, and"
        f" `conformance accept {after.path} --to FOLDER` makes a baseline of it"
    )


def _refuse_another(before: Snapshot, after: Snapshot) -> None:
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
