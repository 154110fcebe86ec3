"""Find out which choice an answer shows on each axis of meaning.

An observation shows a choice if the case distinguishes it from another one: if the oracle, under
the explanation of the answer, answers otherwise with that other choice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

from conformance.cases.model import Case
from conformance.conventions.axes import BY_NAME, GRADIENTS, INCIDENTAL, MEANINGS, PROFILED, Axis
from conformance.conventions.interpretations import Explanation, answer_under, apply_all, reproduces
from conformance.observations import Observation, Status
from conformance.question import Array, Question
from conformance.runs.prepared_case import PreparedCase

Names: TypeAlias = tuple[tuple[str, ...], ...]
"""Explanations as in an observation, by the names of their conventions."""
Choices: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""The choices on an axis that give the observed answer, and those that give another."""

_MEANINGS = frozenset(map(str, MEANINGS))
_CACHE_SIZE = 2**15
"""Cases, each under one explanation, whose choices are shared by all APIs and versions."""


@dataclass(frozen=True)
class Evidence:
    """What a profile uses of an observation.

    Attributes
    ----------
    prepared_case
        The case, which has not changed since the observation.
    explanations
        The names of the conventions of each explanation; an empty one for a match.
    words
        Of a refusal, without numbers.
    limit
        The known limit behind the observation.
    """

    prepared_case: PreparedCase
    status: Status
    explanations: Names
    words: str
    limit: str | None

    @property
    def case(self) -> str:
        """The id of the case."""
        return self.prepared_case.case.id

    @property
    def refused(self) -> bool:
        """Whether there was no call, or no answer to it."""
        return self.status in ("rejected", "inexpressible")

    @property
    def answered(self) -> bool:
        """Whether there is an answer that was decided."""
        return self.status in ("match", "mismatch")

    @property
    def unexplained(self) -> bool:
        """Whether no convention explains the answer."""
        return self.status == "mismatch" and not self.explanations

    @property
    def rank(self) -> int:
        """The number of spatial axes of the case."""
        return rank_of(self.prepared_case)

    @property
    def derivative(self) -> str | None:
        """The kind of derivative that the case wants; None if it wants another answer."""
        question = self.prepared_case.case.question
        if isinstance(question, Question) and question.is_derivative:
            return question.wanted
        return None

    @cached_property
    def axes(self) -> frozenset[str]:
        """The names of the axes that the case touches."""
        return touched_axes(self.prepared_case)

    @cached_property
    def choices(self) -> Mapping[str, Choices]:
        """The choices on each of these axes, if there is an answer."""
        return _choices_by_axis(self.prepared_case, self.explanations) if self.answered else {}


def evidence_of(observation: Observation, prepared_case: PreparedCase) -> Evidence:
    """Return the evidence of an observation of a native call, and of its case.

    It has no explanations that name conventions of other versions of this package, and none with
    incidental choices where another one has fewer.
    """
    known = [names for names in observation.explanations if _MEANINGS.issuperset(names)]
    incidental = [len(INCIDENTAL.intersection(names)) for names in known]
    explanations: Names = tuple(
        names for names, count in zip(known, incidental, strict=True) if count == min(incidental)
    )
    if observation.status == "match":
        explanations = ((),)
    refused = observation.status in ("rejected", "inexpressible")
    # Refusals that differ in numbers only are alike.
    words = re.sub(r"[-\d.,\s()\[\]]+", " ", observation.detail or "") if refused else ""
    return Evidence(prepared_case, observation.status, explanations, words, observation.limitation)


def rank_of(prepared_case: PreparedCase) -> int:
    """Return the number of spatial axes of a case; of a chain, those of its last question."""
    question = prepared_case.case.question
    return question.rank if isinstance(question, Question) else question.questions[-1].rank


@lru_cache(maxsize=_CACHE_SIZE)
def touched_axes(prepared_case: PreparedCase) -> frozenset[str]:
    """Return the names of the axes that a case touches; none if the case expects an error."""
    question = prepared_case.case.question
    if prepared_case.case.expected.error:
        return frozenset()
    questions = (question,) if isinstance(question, Question) else question.questions[-1:]
    axes = (*PROFILED, GRADIENTS)
    return frozenset(a.name for a in axes if any(a.concerns(q) for q in questions))


@lru_cache(maxsize=_CACHE_SIZE)
def joint_explanation(
    prepared_case: PreparedCase, conventions: Explanation, names: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Return all conventions that concern a case, if together they give its explained answer."""
    case = prepared_case.case
    explanation = tuple(BY_NAME[name] for name in names)
    incidental = (c for c in explanation if c.axis.incidental)
    concerned = apply_all(case.question, (*conventions, *incidental)).explanation
    answer = _answer(prepared_case, explanation)
    same = reproduces(case.question, concerned, answer, exact=case.exact)
    return tuple(map(str, concerned)) if same else None


@lru_cache(maxsize=_CACHE_SIZE)
def _choices_by_axis(prepared_case: PreparedCase, names: Names) -> Mapping[str, Choices]:
    """Return the choices that an answer with these explanations shows on each touched axis.

    They are the same for every API and version. Only names are cached, never an array.
    """
    explanations = [tuple(BY_NAME[name] for name in explanation) for explanation in names]
    answers = {explanation: _answer(prepared_case, explanation) for explanation in explanations}
    return {
        axis.name: _choices(axis, prepared_case.case, answers)
        for axis in PROFILED
        if axis.name in touched_axes(prepared_case)
    }


def _choices(axis: Axis, case: Case, answers: Mapping[Explanation, Array | None]) -> Choices:
    """Return the choices on one axis, from the answer under each of its explanations."""
    possible: set[str] = set()
    excluded: set[str] = set()
    for explanation, answer in answers.items():
        others = tuple(c for c in explanation if c.axis is not axis)
        choice = next((c.choice.name for c in explanation if c.axis is axis), axis.canonical)
        possible.add(choice)
        for alternative in (None, *(c for c in MEANINGS if c.axis is axis)):
            name = alternative.choice.name if alternative else axis.canonical
            if name == choice:
                continue
            conventions = (*others, alternative) if alternative else others
            same = reproduces(case.question, conventions, answer, exact=case.exact)
            if same is not None:
                (possible if same else excluded).add(name)
    return frozenset(possible), frozenset(excluded - possible)


def _answer(prepared_case: PreparedCase, explanation: Explanation) -> Array | None:
    """Return the oracle's answer under an explanation; None if it has no meaning for the case."""
    try:
        return answer_under(prepared_case.case.question, explanation)
    except ValueError:
        return None
