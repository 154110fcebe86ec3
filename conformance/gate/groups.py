"""Groups: hundreds of changed cases as the few things that happened, one group for each.

Changes belong together that are of one kind and explained alike before and after; those of several
APIs as well, where they change in the same cases or by the same conventions. Where a case cannot
tell conventions apart, the one counts that explains most of the API's cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from conformance.conventions.axes import CONVENTIONS
from conformance.gate.compare import KINDS, OF_CASES, REGRESSIONS, Change, Comparison, Kind
from conformance.gate.snapshot import Answer, Names
from conformance.observations import MODES, Mode, Status

Side = Literal["before", "after"]
Explanation: TypeAlias = tuple[str, ...]
"""The names of the conventions that explain an answer together; none where none do."""

_PLACES = {str(convention): place for place, convention in enumerate(CONVENTIONS)}


@dataclass(frozen=True)
class State:
    """What an answer was like: its status, and of a mismatch what explains it."""

    statuses: tuple[Status, ...]
    explanation: Explanation = ()


@dataclass(frozen=True)
class Group:
    """Changes that are one thing.

    apis           none for cases that came, went or changed for every API
    before, after  None where there was nothing to be like anything
    answerable     whether the cases have an answer, as far as can be seen
    reason         why it was expected, if it was
    """

    kind: Kind
    apis: tuple[str, ...]
    before: State | None
    after: State | None
    answerable: bool
    reason: str | None
    changes: tuple[Change, ...]

    @property
    def worse(self) -> bool:
        """Whether it is a regression."""
        return self.kind in REGRESSIONS

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases, sorted; none for an API that is gone or new."""
        return tuple(sorted({change.case for change in self.changes if change.case}))

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes in which it shows."""
        return tuple(mode for mode in MODES if any(c.mode == mode for c in self.changes))

    @property
    def topics(self) -> Mapping[str, int]:
        """How many of the cases are about a topic, the most common ones first."""
        by_case = {change.case: change.topics for change in self.changes}
        counts = Counter(topic for topics in by_case.values() for topic in topics)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def state(self, side: Side) -> State | None:
        """What the answers of a side were like."""
        return self.before if side == "before" else self.after

    def ties(self, side: Side) -> Names:
        """What would explain every answer of a side as well."""
        state = self.state(side)
        if state is None:
            return ()
        given = [set(getattr(change, side).explanations) for change in self.changes]
        shared = set.intersection(*given) - {state.explanation}
        return tuple(sorted(shared, key=_likeliest))


def groups(comparison: Comparison, expected: Mapping[Change, str]) -> tuple[Group, ...]:
    """All changes of a comparison in groups, the worst and largest first.

    expected  the reasons for those that were expected
    """
    before, after = _chosen(comparison, "before"), _chosen(comparison, "after")
    found: dict[_Key, dict[str, list[Change]]] = {}
    for change in sorted(comparison.changes, key=lambda c: (c.api, c.case, c.mode or "")):
        key = (
            change.kind,
            _is_everywhere(change, comparison),
            _state(change, change.before, before),
            _state(change, change.after, after),
            not any(map(_is_right_refusal, (change.before, change.after))),
            expected.get(change),
        )
        found.setdefault(key, {}).setdefault(change.api, []).append(change)
    made = [group for key, by_api in found.items() for group in _together(key, by_api)]
    return tuple(sorted(made, key=lambda g: (KINDS.index(g.kind), -len(g.changes), g.apis)))


_Key: TypeAlias = tuple[Kind, bool, State | None, State | None, bool, str | None]
ALIKE = 0.5
"""How much of the fewer cases two APIs have in common, if what nothing explains is one thing."""


def _together(key: _Key, by_api: Mapping[str, Sequence[Change]]) -> Iterator[Group]:
    """The changes of a key, those of APIs that changed alike in one group."""
    kind, everywhere, before, after, answerable, reason = key

    def made(apis: Sequence[str]) -> Group:
        changes = tuple(change for api in apis for change in by_api[api])
        named = () if everywhere else tuple(apis)
        return Group(kind, named, before, after, answerable, reason, changes)

    if everywhere:
        yield made(list(by_api))
        return
    explained = any(state is not None and state.explanation for state in (before, after))
    clusters: list[list[str]] = []
    for api in by_api:
        for cluster in clusters:
            if _change_alike(by_api[api], by_api[cluster[0]], explained=explained):
                cluster.append(api)
                break
        else:
            clusters.append([api])
    yield from map(made, clusters)


def _change_alike(one: Sequence[Change], other: Sequence[Change], *, explained: bool) -> bool:
    """Whether the changes of two APIs are one thing that happened."""
    if {change.mode for change in one} != {change.mode for change in other}:
        return False
    cases, others = ({change.case for change in changes} for changes in (one, other))
    return explained or len(cases & others) >= ALIKE * min(len(cases), len(others))


def _is_right_refusal(answer: Answer | None) -> bool:
    """Whether it is right that there was no answer: then the case has none."""
    return answer is not None and answer.statuses == ("match",) and not answer.mark


def _is_everywhere(change: Change, comparison: Comparison) -> bool:
    """Whether a case came, went or changed for every API, so that none of them is the matter."""
    before, after = comparison.cases
    match change.kind:
        case "case dropped":
            return change.case not in after
        case "case added":
            return change.case not in before
        case kind:
            return kind == "case changed"


def _state(
    change: Change, answer: Answer | None, chosen: Mapping[tuple[str, Names], Explanation]
) -> State | None:
    if answer is None or change.kind in OF_CASES:
        return None
    return State(answer.statuses, chosen.get((change.api, answer.explanations), ()))


def _chosen(comparison: Comparison, side: Side) -> dict[tuple[str, Names], Explanation]:
    """For an API and explanations that its changed answers are tied between, the one that counts.

    The one that explains most changed cases is chosen first, then that which explains most of the
    rest; of equals the one that explains most of all the API's cases, then that which explains most
    of what changed in any API, and then the likeliest.
    """
    evidence = comparison.evidence[side == "after"]
    tied: dict[str, Counter[Names]] = {}
    everywhere: Counter[Explanation] = Counter()
    for change in comparison.changes:
        answer: Answer | None = getattr(change, side)
        if answer is not None and answer.explanations:
            tied.setdefault(change.api, Counter())[answer.explanations] += 1
            everywhere.update(answer.explanations)
    chosen: dict[tuple[str, Names], Explanation] = {}
    for api, rest in tied.items():
        while rest:
            explained: Counter[Explanation] = Counter()
            for names, number in rest.items():
                for name in names:
                    explained[name] += number
            best = min(
                explained,
                key=lambda e: (-explained[e], -evidence[api, e], -everywhere[e], _likeliest(e)),
            )
            for names in [names for names in rest if best in names]:
                chosen[api, names] = best
                del rest[names]
    return chosen


def _likeliest(explanation: Explanation) -> tuple[int, list[int], Explanation]:
    """What sorts the fewest conventions first, of as many those that stand first among all."""
    places = [_PLACES.get(name, len(_PLACES)) for name in explanation]
    return len(explanation), places, explanation
