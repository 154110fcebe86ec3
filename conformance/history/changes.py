"""A trend: what an API does from version to version, and since when it does something else.

First what it means, axis by axis, and then what no axis accounts for, case by case. Versions in a
row that do the same are one span, so that a long history reads as a few sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from conformance.conventions.axes import AXES
from conformance.history.version_ranges import Kind, Row, Span, State, row, spans
from conformance.observations import MODES, Mode, Observation, Status
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Finding, Known, Profile, profiles, sentence
from conformance.runs.run_files import Run
from conformance.utils.excerpt import listed


@dataclass(frozen=True)
class Change:
    """Something that is not the same in all versions.

    about    an axis, or what the cases are about
    cases    those that show it
    of_axis  whether it is a change of what is meant; else no axis accounts for it
    native   whether it shows in the same-looking calls
    refusal  how one of the cases was refused, in the framework's words, where they were
    """

    about: str
    spans: tuple[Span, ...]
    cases: tuple[str, ...]
    of_axis: bool = True
    native: bool = True
    refusal: str | None = None


@dataclass(frozen=True)
class Trend:
    """What changed in one API, and what did not.

    changes  first those of axes, then those that no axis accounts for
    same     the axes on which nothing changed, with what was done throughout
    asked    how many cases every version was asked that has the API
    """

    api: str
    changes: tuple[Change, ...]
    same: tuple[tuple[str, State], ...]
    asked: int


class _Move(NamedTuple):
    """An axis changed between these two places, and these cases show what it was and is."""

    last: int
    first: int
    axis: str
    was: str
    now: str
    cases: Collection[str]


@dataclass(frozen=True)
class _Stage:
    """One version of an API; ``own`` are the conventions that its profile has."""

    version: str
    there: bool
    findings: Mapping[str, Finding]
    own: frozenset[str]
    seen: Mapping[tuple[str, Mode], Observation]


TOPICS = 3
"""How many topics say what cases are about, at most."""


def trends(
    runs: Sequence[tuple[str, Run]], prepared_cases: Mapping[str, PreparedCase]
) -> tuple[Trend, ...]:
    """The trend of every API that was observed, over runs by version, the oldest first.

    ``prepared_cases`` are the cases by id; one whose content has changed since does not speak, and
    neither does a version of what it was not asked.
    """
    found = [
        {profile.api: profile for profile in profiles(run.observations, prepared_cases)}
        for _, run in runs
    ]
    apis = dict.fromkeys(api for _, run in runs for api, there in run.header.apis.items() if there)
    observed: dict[str, list[dict[tuple[str, Mode], Observation]]] = {
        api: [{} for _ in runs] for api in apis
    }
    for place, (_, run) in enumerate(runs):
        for o in run.observations:
            if (
                o.case in prepared_cases
                and prepared_cases[o.case].content == o.content
                and o.api in observed
            ):
                observed[o.api][place][o.case, o.mode] = o
    return tuple(
        _trend(
            api,
            [
                _stage(version, bool(run.header.apis.get(api)), own.get(api), seen)
                for (version, run), own, seen in zip(runs, found, observed[api], strict=True)
            ],
        )
        for api in apis
    )


def alike(trends: Iterable[Trend]) -> tuple[Trend, ...]:
    """Put APIs together that changed alike.

    Parameters
    ----------
    trends
        Of one API each.

    Returns
    -------
    tuple of Trend
        Those with the same changes, over the same spans and of mostly the same cases, as one under
        the names of its APIs; what did not change is left of all of them.
    """
    groups: list[list[Trend]] = []
    for trend in trends:
        group = next((own for own in groups if _change_alike(own[0], trend)), None)
        if group is None:
            groups.append([trend])
        else:
            group.append(trend)
    return tuple(_joined(group) for group in groups)


def _change_alike(one: Trend, other: Trend) -> bool:
    if not one.changes or len(one.changes) != len(other.changes):
        return False
    return all(map(_is_the_same, one.changes, other.changes))


def _is_the_same(one: Change, other: Change) -> bool:
    if (one.spans, one.of_axis, one.native) != (other.spans, other.of_axis, other.native):
        return False
    if one.of_axis:
        return one.about == other.about
    shared = {*one.cases} & {*other.cases}
    return 2 * len(shared) >= min(len(one.cases), len(other.cases))


def _joined(group: Sequence[Trend]) -> Trend:
    first, *others = group
    if not others:
        return first
    changes = (
        replace(change, cases=tuple(dict.fromkeys(c for same in all_ for c in same.cases)))
        for change, *all_ in zip(first.changes, *(trend.changes for trend in group), strict=True)
    )
    same = (state for state in first.same if all(state in trend.same for trend in others))
    asked = min(trend.asked for trend in group)
    return Trend(listed([trend.api for trend in group]), tuple(changes), tuple(same), asked)


def _stage(
    version: str,
    there: bool,
    profile: Profile | None,
    seen: Mapping[tuple[str, Mode], Observation],
) -> _Stage:
    findings = {finding.axis.name: finding for finding in profile.findings} if profile else {}
    own = frozenset(map(str, profile.conventions)) if profile else frozenset()
    return _Stage(version, there, findings, own, seen)


def _trend(api: str, stages: Sequence[_Stage]) -> Trend:
    versions = [stage.version for stage in stages]
    there = row(_THERE if stage.there else _NOT_THERE for stage in stages)
    changes = [Change("the API itself", spans(versions, there), ())] if len(there) > 1 else []
    same: list[tuple[str, State]] = []
    moves: list[_Move] = []
    for axis in dict.fromkeys(axis for stage in stages for axis in stage.findings):
        choices = row(_choice(stage.findings.get(axis)) for stage in stages)
        if len(choices) > 1:
            own = [
                _Move(
                    last, first, axis, was.words, now.words,
                    _show(stages[last], axis) & _show(stages[first], axis),
                )
                for (_, last, was), (first, _, now) in pairwise(choices)
            ]  # fmt: skip
            cases = sorted({case for move in own for case in move.cases})
            changes.append(Change(axis, spans(versions, choices), tuple(cases)))
            moves += own
        elif choices:
            same.append((axis, choices[0][2]))
    asked = [{case for case, _ in stage.seen} for stage in stages if stage.seen]
    return Trend(
        api,
        (*changes, *_unaccounted(stages, moves)),
        tuple(same),
        len(set.intersection(*asked)) if asked else 0,
    )


_THERE, _NOT_THERE = State("right", "there"), State("absent", "not there")
_WITHOUT_CHOICE: Mapping[Known, Kind] = {
    "refused": "refused",
    "no parameter": "refused",
    "no answer": "broken",
}


def _choice(finding: Finding | None) -> State | None:
    """What is done on an axis; None where nothing is known of that."""
    if finding is None:
        return None
    if finding.choice is not None:
        return State("right" if finding.canonical else "other", finding.choice)
    kind = _WITHOUT_CHOICE.get(finding.known)
    return State(kind, finding.known) if kind else None


def _show(stage: _Stage, axis: str) -> frozenset[str]:
    """The cases that show what is done on an axis."""
    finding = stage.findings[axis]
    return frozenset(finding.cases if finding.choice is not None else finding.refused)


def _unaccounted(stages: Sequence[_Stage], moves: Sequence[_Move]) -> Iterator[Change]:
    """What changed in single cases and no move of an axis accounts for, like cases together.

    What changed natively is not told again of the translated call.
    """
    versions = [stage.version for stage in stages]
    groups: dict[tuple[tuple[Span, ...], frozenset[str]], list[Sequence[Observation]]] = {}
    natively: dict[str, set[tuple[int, int]]] = {}
    for mode in MODES:
        for case in sorted({case for stage in stages for case, own in stage.seen if own == mode}):
            answers = row(_answer(stage, (case, mode)) for stage in stages)
            steps = [
                ((last, first), _accounted(case, (last, was), (first, now), moves))
                for (_, last, was), (first, _, now) in pairwise(answers)
            ]
            told = natively.setdefault(case, set())
            news = any(not accounted and step not in told for step, accounted in steps)
            told.update(step for step, _ in steps)
            if news:
                seen = [stage.seen[case, mode] for stage in stages if (case, mode) in stage.seen]
                reasons = frozenset(re.sub(r"\d+", "", words) for words in _refusals(seen))
                key = spans(versions, list(_worded(answers))), reasons
                groups.setdefault(key, []).append(seen)
    for (own, _), found in groups.items():
        newest = [seen[-1] for seen in found]
        yield Change(
            _common(newest),
            own,
            tuple(dict.fromkeys(o.case for o in newest)),
            of_axis=False,
            native=any(o.mode == "native" for o in newest),
            refusal=next(_refusals(found[0]), None),
        )


def _refusals(seen: Sequence[Observation]) -> Iterator[str]:
    """The words of the refusals, the newest first."""
    return (o.told or o.detail for o in reversed(seen) if o.status == "rejected" and o.detail)


def _accounted(
    case: str, before: tuple[int, _Answer], after: tuple[int, _Answer], moves: Sequence[_Move]
) -> bool:
    """Whether axes that moved meanwhile are all that is between two answers."""
    (last, was), (first, now) = before, after
    meanwhile = [move for move in moves if max(last, move.last) < min(first, move.first)]
    if any(case in move.cases for move in meanwhile):
        return True
    if was.names is None or now.names is None:
        return False
    between = set(was.names) ^ set(now.names)
    moved = {f"{move.axis}: {choice}" for move in meanwhile for choice in (move.was, move.now)}
    return bool(between) and between <= moved


class _Answer(NamedTuple):
    """What a case was answered: in words, and so exactly that another answer is another one.

    names  of the conventions that explain it, where any do
    """

    state: State
    names: tuple[str, ...] | None = None
    shape: tuple[int, ...] | None = None
    digest: str | None = None


def _answer(stage: _Stage, key: tuple[str, Mode]) -> _Answer | None:
    seen = stage.seen.get(key)
    if seen is None:
        return None
    if seen.status != "mismatch":
        return _Answer(_STATES[seen.status], () if seen.status == "match" else None)
    # What is not exact may differ from machine to machine, but not in what explains it.
    digest = seen.digest if seen.exact else None
    if not seen.explanations:
        what = "that no known convention explains" if seen.diagnosis else "where there is none"
        return _Answer(State("other", f"an answer {what}"), None, seen.shape, digest)
    fitting = (names for names in seen.explanations if stage.own.issuperset(names))
    names = next(fitting, seen.explanations[0])
    words = " ".join(_SENTENCES.get(name, f"{name}.") for name in names)
    return _Answer(State("other", words), names, seen.shape, digest)


_STATES: Mapping[Status, State] = {
    "match": State("right", "as the reference has it"),
    "undecided": State("other", "within rounding of the right answer and of another one"),
    "rejected": State("refused", "refused"),
    "inexpressible": State("refused", "cannot be written"),
    "crashed": State("broken", "crashes"),
    "hung": State("broken", "gives no answer in time"),
    "flaky": State("broken", "answers now so, now otherwise"),
}
_SENTENCES: Mapping[str, str] = {
    f"{axis.name}: {choice.name}": sentence(axis, choice.name)
    for axis in AXES
    for choice in axis.choices
}


def _worded(answers: Row[_Answer]) -> Iterator[tuple[int, int, State]]:
    before = None
    for first, last, answer in answers:
        again = answer.state == before
        before = answer.state
        words = f"{answer.state.words} (another answer)" if again else answer.state.words
        yield first, last, State(answer.state.kind, words)


def _common(seen: Sequence[Observation]) -> str:
    """What cases are about: topics of at least half of them, the most frequent first."""
    counted = Counter(topic for o in seen for topic in o.topics).most_common(TOPICS)
    return ", ".join(topic for topic, number in counted if 2 * number >= len(seen))
