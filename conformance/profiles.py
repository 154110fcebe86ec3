"""Profiles: which choice an API follows on each axis of meaning, as observed from its native calls.

An observation speaks for a choice on an axis when the case can tell it from another one: when the
oracle, under what explains the answer, would have answered otherwise with that other choice. What
is known of a framework here is only what it answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from conformance.cases import Case
from conformance.conventions import AXES, CONVENTIONS, Axis, Choice
from conformance.diagnosis import Explanation, answer_under
from conformance.observations import Observation
from conformance.question import Array, Question
from conformance.survey import Subject

Known = Literal["observed", "refused", "no parameter", "not told apart", "no case"]

_BY_NAME = {str(convention): convention for convention in CONVENTIONS}


@dataclass(frozen=True)
class Finding:
    """What is known of one axis of an API.

    choice   the name of the choice that most cases establish, where any does
    cases    those that establish it
    against  those that it does not fit: a bug, or an axis that is missing here
    refused  those that touch the axis and that the API would not take
    """

    axis: Axis
    known: Known
    choice: str | None = None
    cases: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def canonical(self) -> bool:
        """Whether it is the oracle's choice."""
        return self.choice == self.axis.canonical

    @property
    def sentence(self) -> str:
        """What the API does, in a sentence."""
        if self.choice is None:
            return f"{self.known.capitalize()}."
        if self.canonical:
            return self.axis.sentence
        return next(c.sentence for c in self.axis.choices if c.name == self.choice)


@dataclass(frozen=True)
class Profile:
    """What is known of one API, axis by axis; ``unexplained`` are the cases no convention fits."""

    api: str
    findings: tuple[Finding, ...]
    unexplained: tuple[str, ...]

    @property
    def conventions(self) -> Explanation:
        """The choices that differ from the oracle's."""
        return tuple(
            _BY_NAME[f"{finding.axis.name}: {finding.choice}"]
            for finding in self.findings
            if finding.choice and not finding.canonical and finding.axis in AXES
        )


def profiles(
    observations: Iterable[Observation], subjects: Mapping[str, Subject]
) -> tuple[Profile, ...]:
    """The profile of every API that was asked natively, in the order of their first observation.

    ``subjects`` are the cases by id; one whose content has changed since does not speak.
    """
    by_api: dict[str, list[Observation]] = {}
    for observation in observations:
        subject = subjects.get(observation.case)
        if observation.mode == "native" and subject and subject.content == observation.content:
            by_api.setdefault(observation.api, []).append(observation)
    return tuple(_profile(api, observed, subjects) for api, observed in by_api.items())


def _profile(api: str, observed: Sequence[Observation], subjects: Mapping[str, Subject]) -> Profile:
    explained = {
        o.case: _explanations(o)
        for o in observed
        if o.status == "match" or (o.status == "mismatch" and o.explanations)
    }
    unexplained = tuple(o.case for o in observed if o.status == "mismatch" and not o.explanations)
    findings = tuple(_finding(axis, observed, explained, subjects) for axis in AXES)
    gradients = _gradients(observed, explained, Profile(api, findings, ()).conventions)
    return Profile(api, (*findings, gradients), unexplained)


GRADIENTS = Axis(
    "gradients",
    "of the same call",
    "Autodiff gives the gradient of the call, with the conventions of its output.",
    lambda q: q.wanted.endswith("gradient"),
    (
        Choice(
            "of another call",
            "Autodiff gives a gradient that the conventions of the output do not explain.",
            lambda _: None,
        ),
    ),
)


def _gradients(
    observed: Sequence[Observation],
    explained: Mapping[str, tuple[Explanation, ...]],
    conventions: Explanation,
) -> Finding:
    """Whether gradients have the conventions of the output: no axis, because it has no mutant."""
    asked = [o for o in observed if o.op.endswith("gradient")]
    refused = tuple(o.case for o in asked if o.status in ("rejected", "inexpressible"))
    agree: list[str] = []
    differ: list[str] = []
    for o in asked:
        if o.status in ("match", "mismatch"):
            fits = any(set(e) <= set(conventions) for e in explained.get(o.case, ()))
            (agree if fits else differ).append(o.case)
    if not agree and not differ:
        return Finding(GRADIENTS, _unknown(asked, asked), refused=refused)
    choice = GRADIENTS.canonical if agree else GRADIENTS.choices[0].name
    cases, against = (agree, differ) if agree else (differ, agree)
    return Finding(GRADIENTS, "observed", choice, tuple(cases), tuple(against), refused)


def _explanations(observation: Observation) -> tuple[Explanation, ...]:
    if observation.status == "match":
        return ((),)
    return tuple(
        tuple(_BY_NAME[name] for name in names)
        for names in observation.explanations
        if all(name in _BY_NAME for name in names)
    )


def _finding(
    axis: Axis,
    observed: Sequence[Observation],
    explained: Mapping[str, tuple[Explanation, ...]],
    subjects: Mapping[str, Subject],
) -> Finding:
    touching = [o for o in observed if _touches(axis, subjects[o.case].case)]
    refused = [o for o in touching if o.status in ("rejected", "inexpressible")]
    speaks: dict[str, list[str]] = {}
    denies: dict[str, list[str]] = {}
    for o in touching:
        if o.case in explained:
            possible, excluded = _choices(axis, subjects[o.case], explained[o.case])
            for choice in possible if excluded else ():
                speaks.setdefault(choice, []).append(o.case)
            for choice in excluded:
                denies.setdefault(choice, []).append(o.case)
    if not speaks:
        return Finding(axis, _unknown(touching, refused), refused=tuple(o.case for o in refused))
    choice = max(speaks, key=lambda c: (len(speaks[c]) - len(denies.get(c, ())), len(speaks[c])))
    return Finding(
        axis,
        "observed",
        choice,
        tuple(speaks[choice]),
        tuple(denies.get(choice, ())),
        tuple(o.case for o in refused),
    )


def _unknown(touching: Sequence[Observation], refused: Sequence[Observation]) -> Known:
    if not touching:
        return "no case"
    if len(refused) < len(touching):
        return "not told apart"
    only = Counter(o.status for o in refused)
    return "no parameter" if only["inexpressible"] == len(refused) else "refused"


def _touches(axis: Axis, case: Case) -> bool:
    asked = case.question
    if case.expected.error:
        return False
    questions = (asked,) if isinstance(asked, Question) else asked.questions[-1:]
    return any(axis.concerns(q) for q in questions)


def _choices(
    axis: Axis, subject: Subject, explanations: tuple[Explanation, ...]
) -> tuple[set[str], set[str]]:
    """The choices on the axis that give the observed answer, and those that give another."""
    possible: set[str] = set()
    excluded: set[str] = set()
    for explanation in explanations:
        rest = tuple(c for c in explanation if c.axis is not axis)
        own = next((c.choice.name for c in explanation if c.axis is axis), axis.canonical)
        possible.add(own)
        observed = _answer(subject, explanation)
        for alternative in (None, *(c for c in CONVENTIONS if c.axis is axis)):
            name = alternative.choice.name if alternative else axis.canonical
            if name == own:
                continue
            answer = _answer(subject, (*rest, alternative) if alternative else rest)
            if answer is not None:
                (possible if _equal(answer, observed) else excluded).add(name)
    return possible, excluded - possible


@cache
def _answer(subject: Subject, explanation: Explanation) -> Array | None:
    """What the oracle gives under an explanation; None where that means nothing for this case."""
    try:
        return answer_under(subject.case.question, explanation)
    except ValueError:
        return None


def _equal(one: Array, other: Array | None) -> bool:
    return other is not None and one.shape == other.shape and bool((one == other).all())
