"""Find what each API does from version to version, and since when it does something else.

Changes of conventions come first, axis by axis, and then changes that no axis accounts for, case by
case. Consecutive versions with the same behaviour are one span.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, starmap
from typing import NamedTuple

from conformance.history.answers import CaseAnswer, case_answer, states
from conformance.history.version_ranges import Kind, Span, State, row, spans
from conformance.observations import MODES, Mode, Observation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Finding, Known, Profile, profiles
from conformance.runs.run_files import Run
from conformance.utils.excerpt import listed
from conformance.utils.grouping import are_mostly_shared, cluster, group


@dataclass(frozen=True)
class Change:
    """A difference between versions, and the cases that show it.

    Parameters
    ----------
    subject
        An axis, or the topics of the cases.
    is_of_axis
        Whether a convention changed; else no axis accounts for the change.
    is_native
        Whether the naive calls show it.
    refusal
        The framework's message in one of the cases, where it refuses them.
    """

    subject: str
    spans: tuple[Span, ...]
    cases: tuple[str, ...]
    is_of_axis: bool = True
    is_native: bool = True
    refusal: str | None = None


@dataclass(frozen=True)
class Trend:
    """What changed in one API, and what did not.

    Parameters
    ----------
    changes
        First those of axes, then those that no axis accounts for.
    unchanged
        The axes on which nothing changed, with the state in all versions.
    asked
        How many cases every version was asked that has the API.
    """

    api: str
    changes: tuple[Change, ...]
    unchanged: tuple[tuple[str, State], ...]
    asked: int


class _Move(NamedTuple):
    """A change of an axis between two versions by their places, and the cases that show it."""

    last: int
    first: int
    axis: str
    old_choice: str
    new_choice: str
    cases: Collection[str]


@dataclass(frozen=True)
class _Stage:
    """One version of an API, with its profile and its observations of current cases."""

    version: str
    is_available: bool
    profile: Profile | None
    observations: Mapping[tuple[str, Mode], Observation]

    @cached_property
    def findings(self) -> Mapping[str, Finding]:
        return {f.axis.name: f for f in self.profile.findings} if self.profile else {}

    @cached_property
    def conventions(self) -> frozenset[str]:
        return frozenset(map(str, self.profile.conventions)) if self.profile else frozenset()


TOPICS = 3
"""The most topics that describe cases."""


def trends(
    runs: Sequence[tuple[str, Run]], prepared_cases: Mapping[str, PreparedCase]
) -> tuple[Trend, ...]:
    """Return the trend of every API that was observed.

    Parameters
    ----------
    runs
        Each with its version, the oldest first. A version counts only for the cases that it was
        asked.
    prepared_cases
        By id; observations of a case whose content has changed since are ignored.
    """
    contents = {id_: prepared_case.content for id_, prepared_case in prepared_cases.items()}
    stages: dict[str, list[_Stage]] = {
        api: [] for _, run in runs for api, available in run.header.apis.items() if available
    }
    for version, run in runs:
        run_profiles = {p.api: p for p in profiles(run.observations, prepared_cases)}
        current = [o for o in run.observations if contents.get(o.case) == o.content]
        by_api = group(current, lambda o: o.api)
        for api, stages_of_api in stages.items():
            observations = {(o.case, o.mode): o for o in by_api.get(api, ())}
            is_available = bool(run.header.apis.get(api))
            stages_of_api.append(_Stage(version, is_available, run_profiles.get(api), observations))
    return tuple(starmap(_trend, stages.items()))


def alike(trends: Iterable[Trend]) -> tuple[Trend, ...]:
    """Merge the trends of APIs that changed alike.

    Trends with the same changes, over the same spans and of mostly the same cases, are one, under
    the names of its APIs. It has the unchanged axes that they share.
    """
    return tuple(map(_merge, cluster(trends, _change_alike)))


def _change_alike(first: Trend, second: Trend) -> bool:
    if not first.changes or len(first.changes) != len(second.changes):
        return False
    return all(map(_is_the_same, first.changes, second.changes))


def _is_the_same(first: Change, second: Change) -> bool:
    if (first.spans, first.is_of_axis, first.is_native) != (
        second.spans,
        second.is_of_axis,
        second.is_native,
    ):
        return False
    if first.is_of_axis:
        return first.subject == second.subject
    return are_mostly_shared({*first.cases}, {*second.cases})


def _merge(group: Sequence[Trend]) -> Trend:
    first, *others = group
    if not others:
        return first
    changes = (
        replace(equals[0], cases=tuple(dict.fromkeys(c for change in equals for c in change.cases)))
        for equals in zip(*(trend.changes for trend in group), strict=True)
    )
    same = (state for state in first.unchanged if all(state in trend.unchanged for trend in others))
    asked = min(trend.asked for trend in group)
    return Trend(listed([trend.api for trend in group]), tuple(changes), tuple(same), asked)


def _trend(api: str, stages: Sequence[_Stage]) -> Trend:
    versions = [stage.version for stage in stages]
    availability = row(_AVAILABLE if stage.is_available else _ABSENT for stage in stages)
    changes: list[Change] = []
    if len(availability) > 1:
        changes.append(Change("the API itself", spans(versions, availability), ()))
    same: list[tuple[str, State]] = []
    moves: list[_Move] = []
    for axis in dict.fromkeys(axis for stage in stages for axis in stage.findings):
        choices = row(_choice(stage.findings.get(axis)) for stage in stages)
        if len(choices) > 1:
            axis_moves = [
                _Move(
                    last, first, axis, before.words, after.words,
                    _evidence(stages[last], axis) & _evidence(stages[first], axis),
                )
                for (_, last, before), (first, _, after) in pairwise(choices)
            ]  # fmt: skip
            cases = sorted({case for move in axis_moves for case in move.cases})
            changes.append(Change(axis, spans(versions, choices), tuple(cases)))
            moves += axis_moves
        elif choices:
            same.append((axis, choices[0][2]))
    case_sets = [{case for case, _ in stage.observations} for stage in stages if stage.observations]
    return Trend(
        api,
        (*changes, *_case_changes(stages, moves)),
        tuple(same),
        len(set.intersection(*case_sets)) if case_sets else 0,
    )


_AVAILABLE, _ABSENT = State("right", "there"), State("absent", "not there")
_WITHOUT_CHOICE: Mapping[Known, Kind] = {
    "refused": "refused",
    "no parameter": "refused",
    "no answer": "broken",
}


def _choice(finding: Finding | None) -> State | None:
    """Return the state of an axis; None where it is not known."""
    if finding is None:
        return None
    if finding.choice is not None:
        return State("right" if finding.canonical else "other", finding.choice)
    kind = _WITHOUT_CHOICE.get(finding.known)
    return State(kind, finding.known) if kind else None


def _evidence(stage: _Stage, axis: str) -> frozenset[str]:
    """Return the cases that show the choice on an axis."""
    finding = stage.findings[axis]
    return frozenset(finding.cases if finding.choice is not None else finding.refused)


def _case_changes(stages: Sequence[_Stage], moves: Sequence[_Move]) -> Iterator[Change]:
    """Yield changes in single cases that no move of an axis accounts for, like cases together.

    A change of the equivalent call is left out where the naive call changed at the same versions.
    """
    versions = [stage.version for stage in stages]
    histories: list[tuple[tuple[Span, ...], frozenset[str], Sequence[Observation]]] = []
    native_steps: dict[str, set[tuple[int, int]]] = {}
    for mode in MODES:
        cases = {case for stage in stages for case, m in stage.observations if m == mode}
        for case in sorted(cases):
            answers = row(_answer(stage, (case, mode)) for stage in stages)
            steps = {
                (last, first): _is_accounted_for(case, (last, before), (first, after), moves)
                for (_, last, before), (first, _, after) in pairwise(answers)
            }
            known_steps = native_steps.setdefault(case, set())
            is_new = any(not steps[step] for step in steps.keys() - known_steps)
            known_steps.update(steps)
            if is_new:
                key = case, mode
                history = [stage.observations[key] for stage in stages if key in stage.observations]
                reasons = frozenset(re.sub(r"\d+", "", words) for words in _refusals(history))
                histories.append((spans(versions, list(states(answers))), reasons, history))
    for (case_spans, _), members in group(histories, lambda history: history[:2]).items():
        newest = [history[-1] for *_, history in members]
        yield Change(
            _common_topics(newest),
            case_spans,
            tuple(dict.fromkeys(o.case for o in newest)),
            is_of_axis=False,
            is_native=any(o.mode == "native" for o in newest),
            refusal=next(_refusals(members[0][2]), None),
        )


def _refusals(history: Sequence[Observation]) -> Iterator[str]:
    """Return the messages of refusals, the newest first."""
    return (
        o.full_diagnosis or o.detail
        for o in reversed(history)
        if o.status == "rejected" and o.detail
    )


def _is_accounted_for(
    case: str,
    before: tuple[int, CaseAnswer],
    after: tuple[int, CaseAnswer],
    moves: Sequence[_Move],
) -> bool:
    """Return whether moves of axes explain the whole difference between two answers."""
    (last, old_answer), (first, new_answer) = before, after
    between = [move for move in moves if max(last, move.last) < min(first, move.first)]
    if any(case in move.cases for move in between):
        return True
    if old_answer.names is None or new_answer.names is None:
        return False
    difference = set(old_answer.names) ^ set(new_answer.names)
    choices = {f"{m.axis}: {choice}" for m in between for choice in (m.old_choice, m.new_choice)}
    return bool(difference) and difference <= choices


def _answer(stage: _Stage, key: tuple[str, Mode]) -> CaseAnswer | None:
    observation = stage.observations.get(key)
    return None if observation is None else case_answer(observation, stage.conventions)


def _common_topics(observations: Sequence[Observation]) -> str:
    """Return the topics of at least half of the observations, the most frequent first."""
    counts = Counter(topic for o in observations for topic in o.topics).most_common(TOPICS)
    return ", ".join(topic for topic, number in counts if 2 * number >= len(observations))
