"""Find what each API does from version to version, and since when it does something else.

Changes of conventions come first, axis by axis, and then changes that no axis accounts for, case by
case. Consecutive versions with the same behaviour are one span.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, starmap
from typing import NamedTuple

from conformance.conventions.axes import INCIDENTAL
from conformance.history.answers import CaseAnswer, case_answer, states
from conformance.history.trend import Change, Trend
from conformance.history.version_ranges import (
    ABSENT,
    API_ITSELF,
    AVAILABLE,
    WITHOUT_CHOICE,
    Span,
    State,
    row,
    rows_by_subject,
    spans,
    state_of,
)
from conformance.observations import MODES, Mode, Observation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Finding, Profile, profiles
from conformance.runs.run_files import Run
from conformance.utils.grouping import group


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
    def states(self) -> Mapping[str, State]:
        """The state on each axis where it is known, and of the API itself."""
        itself = {API_ITSELF: AVAILABLE if self.is_available else ABSENT}
        return itself | (states_of(self.profile) if self.profile else {})

    def evidence(self, axis: str) -> frozenset[str]:
        """Return the cases that show the state on an axis."""
        if axis not in self.findings:
            return frozenset()
        finding = self.findings[axis]
        return frozenset(finding.cases if finding.choice is not None else finding.refused)

    @cached_property
    def conventions(self) -> frozenset[str]:
        return INCIDENTAL.union(map(str, self.profile.conventions)) if self.profile else INCIDENTAL


TOPICS = 3
"""The most topics that describe cases."""


def states_of(profile: Profile) -> dict[str, State]:
    """Return the state of an API on each axis where it is known."""
    return {
        finding.axis.name: state_of(finding.axis.name, finding.words)
        for finding in profile.findings
        if finding.choice is not None or finding.known in WITHOUT_CHOICE
    }


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


def _trend(api: str, stages: Sequence[_Stage]) -> Trend:
    versions = [stage.version for stage in stages]
    changes: list[Change] = []
    same: list[tuple[str, State]] = []
    moves: list[_Move] = []
    for subject, subject_row in rows_by_subject([stage.states for stage in stages]).items():
        if len(subject_row) == 1 and subject != API_ITSELF:
            same.append((subject, subject_row[0][2]))
        if len(subject_row) < 2:
            continue
        axis_moves = [
            _Move(
                last, first, subject, before.words, after.words,
                stages[last].evidence(subject) & stages[first].evidence(subject),
            )
            for (_, last, before), (first, _, after) in pairwise(subject_row)
        ]  # fmt: skip
        cases = sorted({case for move in axis_moves for case in move.cases})
        changes.append(Change(subject, spans(versions, subject_row), tuple(cases)))
        moves += axis_moves
    case_sets = [{case for case, _ in stage.observations} for stage in stages if stage.observations]
    return Trend(
        api,
        (*changes, *_case_changes(stages, moves)),
        tuple(same),
        len(set.intersection(*case_sets)) if case_sets else 0,
    )


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
