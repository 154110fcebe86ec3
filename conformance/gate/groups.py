"""Group hundreds of changed cases into the few changes of behaviour behind them.

Changes belong to one group if they are of one kind and have one explanation before and one after;
changes of several APIs if they also share cases or conventions. Where a case fits several
explanations, the one counts that explains most of the API's cases.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Literal, TypeAlias

from conformance.conventions.axes import CONVENTIONS
from conformance.gate.compare import KINDS, OF_CASES, REGRESSIONS, Change, Comparison, Kind
from conformance.observations import MODES, Mode, Status
from conformance.recorded_answers import Answer, Names
from conformance.utils.grouping import are_mostly_shared, cluster, group

Side = Literal["before", "after"]
Explanation: TypeAlias = tuple[str, ...]
"""The names of the conventions that explain an answer together; empty where none do."""

_RANKS = {str(convention): rank for rank, convention in enumerate(CONVENTIONS)}


@dataclass(frozen=True)
class State:
    """The status of an answer, and the explanation of a mismatch."""

    statuses: tuple[Status, ...]
    explanation: Explanation = ()


@dataclass(frozen=True)
class Group:
    """Changes with one cause.

    Parameters
    ----------
    before, after
        None where there was no answer to describe.
    has_answer
        Whether the cases have an answer, as far as can be seen.
    reason
        Why the changes were expected, if they were.
    apis
        Empty for cases that came, went or changed for every API.
    """

    kind: Kind
    before: State | None
    after: State | None
    has_answer: bool
    reason: str | None
    apis: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_regression(self) -> bool:
        """Whether the changes are regressions."""
        return self.kind in REGRESSIONS

    @property
    def cases(self) -> tuple[str, ...]:
        """The ids of the cases, sorted; empty for an API that disappeared or appeared."""
        return tuple(sorted({change.case for change in self.changes if change.case}))

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes in which the changes show."""
        return tuple(mode for mode in MODES if any(c.mode == mode for c in self.changes))

    @property
    def topics(self) -> Mapping[str, int]:
        """How many of the cases have a topic, the most common topics first."""
        by_case = {change.case: change.topics for change in self.changes}
        counts = Counter(topic for topics in by_case.values() for topic in topics)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def state(self, side: Side) -> State | None:
        """Return the state of the answers of a side."""
        return self.before if side == "before" else self.after

    def ties(self, side: Side) -> Names:
        """Return the other explanations that every answer of a side has."""
        state = self.state(side)
        if state is None:
            return ()
        explanations = [set(getattr(change, side).explanations) for change in self.changes]
        shared = set.intersection(*explanations) - {state.explanation}
        return tuple(sorted(shared, key=_likelihood_order))


def groups(comparison: Comparison, reasons: Mapping[Change, str]) -> tuple[Group, ...]:
    """Return all changes of a comparison in groups, the worst and largest first.

    ``reasons`` has those of the changes that were expected.
    """
    before = _main_explanations(comparison, "before")
    after = _main_explanations(comparison, "after")

    def cause(change: Change) -> tuple[Group, bool]:
        """Return a group without changes, and whether a change is of no API."""
        cause = Group(
            change.kind,
            _state(change, change.before, before),
            _state(change, change.after, after),
            not any(map(_is_correct_refusal, (change.before, change.after))),
            reasons.get(change),
        )
        return cause, _is_everywhere(change, comparison)

    changes = sorted(comparison.changes, key=lambda c: (c.api, c.case, c.mode or ""))
    all_groups: list[Group] = []
    for (empty_group, is_everywhere), members in group(changes, cause).items():
        if is_everywhere:
            all_groups.append(replace(empty_group, changes=tuple(members)))
        else:
            all_groups += _split_by_api(empty_group, members)
    return tuple(sorted(all_groups, key=lambda g: (KINDS.index(g.kind), -len(g.changes), g.apis)))


def _split_by_api(empty_group: Group, changes: Sequence[Change]) -> Iterator[Group]:
    """Yield groups of changes that may have one cause, with APIs that changed alike in one."""
    states = (empty_group.before, empty_group.after)
    is_explained = any(state is not None and state.explanation for state in states)
    by_api = group(changes, lambda change: change.api)
    alike = partial(_change_alike, is_explained=is_explained)
    for members in cluster(by_api.values(), alike):
        apis = tuple(changes_of_api[0].api for changes_of_api in members)
        yield replace(empty_group, apis=apis, changes=tuple(chain.from_iterable(members)))


def _change_alike(first: Sequence[Change], second: Sequence[Change], *, is_explained: bool) -> bool:
    """Return whether the changes of two APIs have one cause."""
    if {change.mode for change in first} != {change.mode for change in second}:
        return False
    cases, others = ({change.case for change in changes} for changes in (first, second))
    return is_explained or are_mostly_shared(cases, others)


def _is_correct_refusal(answer: Answer | None) -> bool:
    """Return whether there was rightly no answer: then the case has none."""
    return answer is not None and answer.statuses == ("match",) and not answer.mark


def _is_everywhere(change: Change, comparison: Comparison) -> bool:
    """Return whether a case came, went or changed for every API, so that no API is the cause."""
    match change.kind:
        case "case dropped":
            return change.case not in comparison.after.cases
        case "case added":
            return change.case not in comparison.before.cases
        case kind:
            return kind == "case changed"


def _state(
    change: Change, answer: Answer | None, explanations: Mapping[tuple[str, Names], Explanation]
) -> State | None:
    if answer is None or change.kind in OF_CASES:
        return None
    return State(answer.statuses, explanations.get((change.api, answer.explanations), ()))


def _main_explanations(comparison: Comparison, side: Side) -> dict[tuple[str, Names], Explanation]:
    """Choose one of the explanations that an API's changed answers have.

    The explanation of most changed cases is chosen first, then the one of most remaining cases. Of
    equals that one counts which explains most of all the API's cases, then most changes in any API,
    and then the likeliest.
    """
    evidence = _evidence(comparison, side)
    remaining_names: dict[str, Counter[Names]] = {}
    everywhere: Counter[Explanation] = Counter()
    for change in comparison.changes:
        answer: Answer | None = getattr(change, side)
        if answer is not None and answer.explanations:
            remaining_names.setdefault(change.api, Counter())[answer.explanations] += 1
            everywhere.update(answer.explanations)
    choices: dict[tuple[str, Names], Explanation] = {}
    for api, remainder in remaining_names.items():
        while remainder:
            counts: Counter[Explanation] = Counter()
            for names, number in remainder.items():
                for name in names:
                    counts[name] += number
            best = min(
                counts,
                key=lambda e: (-counts[e], -evidence[api, e], -everywhere[e], _likelihood_order(e)),
            )
            for names in [names for names in remainder if best in names]:
                choices[api, names] = best
                del remainder[names]
    return choices


def _evidence(comparison: Comparison, side: Side) -> Counter[tuple[str, Explanation]]:
    """Count how many compared answers of an API each explanation fits."""
    answers, others = comparison.before.answers, comparison.after.answers
    if side == "after":
        answers, others = others, answers
    return Counter(
        (key[0], explanation)
        for key, answer in answers.items()
        if key in others
        for explanation in answer.explanations
    )


def _likelihood_order(explanation: Explanation) -> tuple[int, list[int], Explanation]:
    """Return a sort key: fewer conventions come first, then those that stand first in the list."""
    ranks = [_RANKS.get(name, len(_RANKS)) for name in explanation]
    return len(explanation), ranks, explanation
