"""Profiles: which choice an API follows on each axis of meaning, as observed from its native calls.

An observation speaks for a choice on an axis when the case can tell it from another one: when the
oracle, under what explains the answer, would have answered otherwise with that other choice. What
is known of a framework here is only what it answered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

from conformance.cases.model import Case
from conformance.conventions.axes import AXES, MEANINGS, Axis, Choice
from conformance.conventions.interpretations import Explanation, answer_under, applied, reproduces
from conformance.observations import ANSWERED, Observation, Status
from conformance.question import Array, Question
from conformance.runs.prepared_case import PreparedCase

Known = Literal["observed", "refused", "no parameter", "no answer", "not told apart", "no case"]
Names: TypeAlias = tuple[tuple[str, ...], ...]
"""Explanations as an observation holds them, by the names of their conventions."""
Choices: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""The choices on an axis that give an observed answer, and those that give another."""

PART_OF: Mapping[str, str] = {
    "padding ends": "padding",
    "same: odd element": "same: formula",
    "same: output padding": "same: formula",
    "stride with dilation": "dilation",
}
"""Axes that only mean anything where another one can be asked: what forbids that forbids them."""

KEPT = 2**15
"""How many cases, each under one explanation, are worked out once for all APIs and versions."""

PROFILED = tuple(axis for axis in AXES if axis.meanings)
"""The axes on which an API may make a choice of its own; on the others there are only mistakes."""

_BY_NAME = {str(convention): convention for convention in MEANINGS}


@dataclass(frozen=True)
class Finding:
    """What is known of one axis of an API.

    known    ``not told apart`` where there are answers, or refusals for the sake of another axis
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
        return (
            f"{self.known.capitalize()}."
            if self.choice is None
            else sentence(self.axis, self.choice)
        )


@dataclass(frozen=True)
class Profile:
    """What is known of one API, axis by axis.

    unexplained  the cases that no convention fits
    limits       for those of them that run into a known limit, which one
    """

    api: str
    findings: tuple[Finding, ...]
    unexplained: tuple[str, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()

    @property
    def conventions(self) -> Explanation:
        """The choices that differ from the oracle's."""
        return tuple(
            _BY_NAME[f"{finding.axis.name}: {finding.choice}"]
            for finding in self.findings
            if finding.choice and not finding.canonical and finding.axis in PROFILED
        )


def sentence(axis: Axis, choice: str) -> str:
    """What one does who makes this choice, by its name."""
    if choice == axis.canonical:
        return axis.sentence
    return next(c.sentence for c in axis.choices if c.name == choice)


def profiles(
    observations: Iterable[Observation], prepared_cases: Mapping[str, PreparedCase]
) -> tuple[Profile, ...]:
    """The profile of every API that was asked natively, in the order of their first observation.

    ``prepared_cases`` are the cases by id; one whose content has changed since does not speak. The
    order of the observations of one API changes nothing.
    """
    by_api: dict[str, list[_Seen]] = {}
    for observation in observations:
        prepared_case = prepared_cases.get(observation.case)
        if (
            observation.mode == "native"
            and prepared_case
            and prepared_case.content == observation.content
        ):
            by_api.setdefault(observation.api, []).append(_seen(observation, prepared_case))
    return tuple(
        _profile(api, tuple(sorted(seen, key=lambda one: one.case))) for api, seen in by_api.items()
    )


@dataclass(frozen=True)
class _Seen:
    """What was observed of a case that is as it was when it was asked: all that a profile is of.

    explanations  those to go by, by the names of their conventions; that of a match names none
    words         of a refusal
    limit         that the call ran into
    """

    prepared_case: PreparedCase
    status: Status
    explanations: Names
    words: str
    limit: str | None

    @property
    def case(self) -> str:
        return self.prepared_case.case.id

    @property
    def refused(self) -> bool:
        return self.status in ("rejected", "inexpressible")

    @property
    def answered(self) -> bool:
        return self.status in ("match", "mismatch")

    @cached_property
    def touches(self) -> frozenset[str]:
        return touched(self.prepared_case)

    @property
    def unexplained(self) -> bool:
        return self.status == "mismatch" and not self.explanations

    @cached_property
    def said(self) -> Mapping[str, Choices]:
        return _said(self.prepared_case, self.explanations) if self.answered else {}


def _seen(observation: Observation, prepared_case: PreparedCase) -> _Seen:
    """With those of its explanations that only name conventions an API may still have."""
    known = tuple(e for e in observation.explanations if all(name in _BY_NAME for name in e))
    explanations = ((),) if observation.status == "match" else known
    refused = observation.status in ("rejected", "inexpressible")
    words = _words(observation) if refused else ""
    return _Seen(prepared_case, observation.status, explanations, words, observation.limit)


@lru_cache(maxsize=2**10)
def _profile(api: str, observed: Sequence[_Seen]) -> Profile:
    """Worked out once for all versions and backends that answer alike."""
    blamed = _blamed(observed)
    findings = tuple(_finding(axis, observed, blamed) for axis in PROFILED)
    observed = _settled(observed, findings, Profile(api, findings).conventions)
    findings = tuple(_finding(axis, observed, blamed) for axis in PROFILED)
    conventions = Profile(api, findings).conventions
    return Profile(
        api,
        (*findings, _gradients(observed, blamed, conventions)),
        tuple(seen.case for seen in observed if seen.unexplained),
        tuple((seen.case, seen.limit) for seen in observed if seen.unexplained and seen.limit),
    )


def _settled(
    observed: Sequence[_Seen], findings: Sequence[Finding], conventions: Explanation
) -> Sequence[_Seen]:
    """The observations, each with those of its explanations that best fit what is found of all.

    One case may be unable to tell a convention from another that all the others deny, or that more
    of them do; or all those that were found, taken together, from fewer or none.
    """
    found = [finding for finding in findings if finding.choice is not None]

    def strangeness(seen: _Seen, names: tuple[str, ...]) -> int:
        own = {_BY_NAME[name].axis: _BY_NAME[name].choice.name for name in names}
        return sum(
            len(finding.cases)
            for finding in found
            if finding.axis.name in seen.touches
            and own.get(finding.axis, finding.axis.canonical) != finding.choice
        )

    def settled(seen: _Seen) -> _Seen:
        grades = {names: strangeness(seen, names) for names in seen.explanations}
        least = min(grades.values(), default=0)
        fitting = tuple(names for names in grades if grades[names] == least)
        if least and seen.answered:
            together = _together(seen.prepared_case, conventions, fitting[0])
            fitting = fitting if together is None else (together,)
        return replace(seen, explanations=fitting)

    return [settled(seen) for seen in observed]


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
    observed: Sequence[_Seen], blamed: Mapping[str, set[str]], conventions: Explanation
) -> Finding:
    """Whether gradients have the conventions of the output: no axis, because it has no mutant."""
    asked = [seen for seen in observed if GRADIENTS.name in seen.touches]
    refused = tuple(seen.case for seen in asked if seen.refused)
    own = set(map(str, conventions))
    agree: list[str] = []
    differ: list[str] = []
    for seen in asked:
        if seen.answered and not seen.limit:  # which speaks of no convention
            fits = any(own.issuperset(explanation) for explanation in seen.explanations)
            (agree if fits else differ).append(seen.case)
    if not agree and not differ:
        return Finding(GRADIENTS, _unknown(GRADIENTS, asked, blamed), refused=refused)
    choice = GRADIENTS.canonical if agree else GRADIENTS.choices[0].name
    cases, against = (agree, differ) if agree else (differ, [])
    return Finding(GRADIENTS, "observed", choice, tuple(cases), tuple(against), refused)


def _finding(axis: Axis, observed: Sequence[_Seen], blamed: Mapping[str, set[str]]) -> Finding:
    touching = [seen for seen in observed if axis.name in seen.touches]
    refused = tuple(seen.case for seen in touching if seen.refused)
    speaks: dict[str, list[str]] = {}
    denies: dict[str, list[str]] = {}
    for seen in touching:
        possible, excluded = seen.said.get(axis.name, _NOTHING)
        for choice in possible if excluded else ():
            speaks.setdefault(choice, []).append(seen.case)
        for choice in excluded:
            denies.setdefault(choice, []).append(seen.case)
    if not speaks:
        return Finding(axis, _unknown(axis, touching, blamed), refused=refused)

    def merit(choice: str) -> tuple[int, int]:
        own = len(speaks.get(choice, ()))
        return own - len(denies.get(choice, ())), own

    # Of equals it is the first, and so the canonical one or else the likeliest.
    choice = max((c for c in _names(axis) if c in speaks), key=merit)
    against = tuple(denies.get(choice, ()))
    return Finding(axis, "observed", choice, tuple(speaks[choice]), against, refused)


_NOTHING: Choices = (frozenset(), frozenset())


def _names(axis: Axis) -> tuple[str, ...]:
    return axis.canonical, *(choice.name for choice in axis.meanings)


def _unknown(axis: Axis, touching: Sequence[_Seen], blamed: Mapping[str, set[str]]) -> Known:
    """Why the choice on an axis is not known."""
    if not touching:
        return "no case"
    refused = [seen for seen in touching if seen.refused]
    if any(seen.status in ANSWERED for seen in touching):
        return "not told apart"
    if not refused:
        return "no answer"
    names = {axis.name, PART_OF.get(axis.name, axis.name)}
    # Refused for the sake of another axis says nothing of this one.
    own = [seen for seen in refused if names & blamed[seen.words]]
    if not own:
        return "not told apart"
    only = Counter(seen.status for seen in own)
    return "no parameter" if only["inexpressible"] == len(own) else "refused"


def _blamed(observed: Sequence[_Seen]) -> dict[str, set[str]]:
    """For the words of each refusal, the axes that it can be for.

    They are touched by all cases that are refused in these words, and never answered; and where
    the words name some of them, those.
    """
    answered = {name for seen in observed if seen.answered for name in seen.touches}
    common: dict[str, set[str]] = {}
    for seen in observed:
        if seen.refused and seen.touches:
            axes = common.setdefault(seen.words, set(seen.touches - answered))
            common[seen.words] = axes & seen.touches
    return {words: _named(words, axes) or axes for words, axes in common.items()}


def _words(refusal: Observation) -> str:
    """The words of a refusal without its numbers, so that like ones are one."""
    return re.sub(r"[-\d.,\s()\[\]]+", " ", refusal.detail or "")


def _named(words: str, axes: Iterable[str]) -> set[str]:
    return {axis for axis in axes if re.split(r"\W", axis)[0] in words.lower()}


@lru_cache(maxsize=KEPT)
def touched(prepared_case: PreparedCase) -> frozenset[str]:
    """The names of the axes that a case touches; none where it is that there is no answer."""
    asked = prepared_case.case.question
    if prepared_case.case.expected.error:
        return frozenset()
    questions = (asked,) if isinstance(asked, Question) else asked.questions[-1:]
    axes = (*PROFILED, GRADIENTS)
    return frozenset(a.name for a in axes if any(a.concerns(q) for q in questions))


@lru_cache(maxsize=KEPT)
def _said(prepared_case: PreparedCase, names: Names) -> Mapping[str, Choices]:
    """What a case whose answer has these explanations says of each axis that it touches.

    The same for every API and version that answers so. Only names are kept, never an array.
    """
    explanations = [tuple(_BY_NAME[name] for name in explanation) for explanation in names]
    answers = {explanation: _answer(prepared_case, explanation) for explanation in explanations}
    return {
        axis.name: _choices(axis, prepared_case.case, answers)
        for axis in PROFILED
        if axis.name in touched(prepared_case)
    }


@lru_cache(maxsize=KEPT)
def _together(
    prepared_case: PreparedCase, conventions: Explanation, names: tuple[str, ...]
) -> tuple[str, ...] | None:
    """The names of all conventions that concern the case, if they too give its explained answer."""
    concerned = applied(prepared_case.case.question, conventions)
    explained = _answer(prepared_case, tuple(_BY_NAME[name] for name in names))
    same = reproduces(
        prepared_case.case.question, concerned, explained, exact=prepared_case.case.exact
    )
    return tuple(map(str, concerned)) if same else None


def _choices(axis: Axis, case: Case, answers: Mapping[Explanation, Array | None]) -> Choices:
    """Of the answer that was observed, under each of its explanations."""
    asked, exact = case.question, case.exact
    possible: set[str] = set()
    excluded: set[str] = set()
    for explanation, observed in answers.items():
        rest = tuple(c for c in explanation if c.axis is not axis)
        own = next((c.choice.name for c in explanation if c.axis is axis), axis.canonical)
        possible.add(own)
        for alternative in (None, *(c for c in MEANINGS if c.axis is axis)):
            name = alternative.choice.name if alternative else axis.canonical
            if name == own:
                continue
            gives = reproduces(
                asked, (*rest, alternative) if alternative else rest, observed, exact=exact
            )
            if gives is not None:
                (possible if gives else excluded).add(name)
    return frozenset(possible), frozenset(excluded - possible)


def _answer(prepared_case: PreparedCase, explanation: Explanation) -> Array | None:
    """What the oracle gives under an explanation; None where that means nothing for this case."""
    try:
        return answer_under(prepared_case.case.question, explanation)
    except ValueError:
        return None
