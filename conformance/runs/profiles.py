"""Derive the profile of an API: its choice on each axis of meaning, from its native calls only."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from conformance.conventions.axes import BY_NAME, INCIDENTAL, Axis
from conformance.conventions.axes import GRADIENTS as GRADIENTS
from conformance.conventions.axes import PROFILED as PROFILED
from conformance.conventions.interpretations import Explanation
from conformance.observations import ANSWERED, Observation
from conformance.runs.axis_choices import (
    Choices,
    Evidence,
    evidence_of,
    joint_explanation,
)
from conformance.runs.axis_choices import touched_axes as touched_axes
from conformance.runs.prepared_case import PreparedCase
from conformance.utils.grouping import group

Known = Literal["observed", "refused", "no parameter", "no answer", "not told apart", "no case"]


@dataclass(frozen=True)
class Finding:
    """What is known of one axis of an API.

    Attributes
    ----------
    known
        Whether there is a choice, or why not. ``not told apart`` if there are answers, or refusals
        for another axis.
    choice
        The name of the choice that most cases show.
    cases
        The cases that show it.
    against
        The cases that contradict it: a bug, or a missing axis.
    refused
        The cases that touch the axis and that the API refused.
    exceptions
        Numbers of spatial axes for which all cases show another choice, each with that choice.
    """

    axis: Axis
    known: Known
    choice: str | None = None
    cases: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    exceptions: tuple[tuple[int, str], ...] = ()

    @property
    def canonical(self) -> bool:
        """Whether it is the oracle's choice."""
        return self.choice == self.axis.canonical

    @property
    def words(self) -> str:
        """The choice with its exceptions, such as ``used; in 3-D: ignored``, or why it has none."""
        exceptions = (f"; in {rank}-D: {choice}" for rank, choice in self.exceptions)
        return "".join((self.choice or self.known, *exceptions))

    @property
    def sentence(self) -> str:
        """What the API does, in a sentence."""
        if self.choice is None:
            return f"{self.known.capitalize()}."
        return sentence(self.axis, self.choice)


@dataclass(frozen=True)
class Profile:
    """What is known of one API, axis by axis.

    Attributes
    ----------
    unexplained
        The cases whose answers no convention explains.
    limits
        The cases of wrong answers with a known limit, each with the limit.
    """

    api: str
    findings: tuple[Finding, ...]
    unexplained: tuple[str, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()

    @property
    def conventions(self) -> Explanation:
        """The choices that differ from the oracle's."""
        return tuple(
            BY_NAME[f"{finding.axis.name}: {finding.choice}"]
            for finding in self.findings
            if finding.choice and not finding.canonical and finding.axis in PROFILED
        )


def sentence(axis: Axis, choice: str) -> str:
    """Return what an API with this choice does, in a sentence."""
    if choice == axis.canonical:
        return axis.sentence
    return next(c.sentence for c in axis.choices if c.name == choice)


def profiles(
    observations: Iterable[Observation], prepared_cases: Mapping[str, PreparedCase]
) -> tuple[Profile, ...]:
    """Derive the profiles of all APIs with native calls, in the order of their first observation.

    ``observations`` are the observations of a run. The order of those of one API does not matter.
    ``prepared_cases`` are the cases by id. Observations of cases that have changed since are left
    out.
    """
    evidence: dict[str, list[Evidence]] = {}
    for observation in observations:
        prepared_case = prepared_cases.get(observation.case)
        if (
            observation.mode == "native"
            and prepared_case
            and prepared_case.content == observation.content
        ):
            item = evidence_of(observation, prepared_case)
            evidence.setdefault(observation.api, []).append(item)
    return tuple(
        _profile(api, tuple(sorted(items, key=lambda item: item.case)))
        for api, items in evidence.items()
    )


@lru_cache(maxsize=2**10)
def _profile(api: str, evidence: Sequence[Evidence]) -> Profile:
    """Derive a profile once for all versions and backends with equal answers."""
    axes_by_refusal = _axes_by_refusal(evidence)
    findings = tuple(_finding(axis, evidence, axes_by_refusal) for axis in PROFILED)
    evidence = _resolve(evidence, findings, Profile(api, findings).conventions)
    findings = tuple(_finding(axis, evidence, axes_by_refusal) for axis in PROFILED)
    conventions = Profile(api, findings).conventions
    unexplained = [item for item in evidence if item.unexplained]
    return Profile(
        api,
        (*findings, _gradients(evidence, axes_by_refusal, conventions)),
        tuple(item.case for item in unexplained),
        tuple((i.case, i.limit) for i in evidence if i.status == "mismatch" and i.limit),
    )


def _resolve(
    evidence: Sequence[Evidence], findings: Sequence[Finding], conventions: Explanation
) -> Sequence[Evidence]:
    """Keep those explanations of each observation that fit the findings best.

    One case may not distinguish a convention from another one that all other cases, or more of
    them, contradict; or all conventions of the API together from fewer.
    """
    decided = [finding for finding in findings if finding.choice is not None]

    def conflicts(item: Evidence, names: tuple[str, ...]) -> int:
        """Count the cases that show other choices than an explanation."""
        choices = {BY_NAME[name].axis: BY_NAME[name].choice.name for name in names}
        return sum(
            len(finding.cases)
            for finding in decided
            if finding.axis.name in item.axes
            and choices.get(finding.axis, finding.axis.canonical) != finding.choice
        )

    def resolve(item: Evidence) -> Evidence:
        counts = {names: conflicts(item, names) for names in item.explanations}
        least = min(counts.values(), default=0)
        best = tuple(names for names in counts if counts[names] == least)
        if least and item.answered:
            joint = joint_explanation(item.prepared_case, conventions, best[0])
            best = best if joint is None else (joint,)
        return replace(item, explanations=best)

    return [resolve(item) for item in evidence]


def _gradients(
    evidence: Sequence[Evidence],
    axes_by_refusal: Mapping[str, set[str]],
    conventions: Explanation,
) -> Finding:
    """Return whether gradients follow the conventions of the output."""
    touching = [item for item in evidence if GRADIENTS.name in item.axes]
    refused = tuple(item.case for item in touching if item.refused)
    names = INCIDENTAL.union(map(str, conventions))
    agree: list[str] = []
    differ: list[str] = []
    for item in touching:
        if item.answered and not item.limit:  # a limit shows no convention
            fits = any(names.issuperset(explanation) for explanation in item.explanations)
            (agree if fits else differ).append(item.case)
    if not agree and not differ:
        return Finding(GRADIENTS, _unknown(GRADIENTS, touching, axes_by_refusal), refused=refused)
    choice = GRADIENTS.canonical if agree else GRADIENTS.choices[0].name
    cases, against = (agree, differ) if agree else (differ, [])
    return Finding(GRADIENTS, "observed", choice, tuple(cases), tuple(against), refused)


def _finding(
    axis: Axis, evidence: Sequence[Evidence], axes_by_refusal: Mapping[str, set[str]]
) -> Finding:
    touching = [item for item in evidence if axis.name in item.axes]
    refused = tuple(item.case for item in touching if item.refused)
    support: dict[str, list[str]] = {}
    contradiction: dict[str, list[str]] = {}
    for item in touching:
        possible, excluded = item.choices.get(axis.name, _NO_CHOICES)
        for choice in possible if excluded else ():
            support.setdefault(choice, []).append(item.case)
        for choice in excluded:
            contradiction.setdefault(choice, []).append(item.case)
    if not support:
        return Finding(axis, _unknown(axis, touching, axes_by_refusal), refused=refused)

    def merit(choice: str) -> tuple[int, int]:
        count = len(support.get(choice, ()))
        return count - len(contradiction.get(choice, ())), count

    # The first of equals is the canonical one, or else the likeliest.
    names = (axis.canonical, *(choice.name for choice in axis.meanings))
    choice = max((name for name in names if name in support), key=merit)
    against = tuple(contradiction.get(choice, ()))
    exceptions = tuple(_exceptions(axis, touching, choice, names)) if against else ()
    return Finding(axis, "observed", choice, tuple(support[choice]), against, refused, exceptions)


def _exceptions(
    axis: Axis, touching: Sequence[Evidence], choice: str, names: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Yield the ranks of which no case shows the choice and some exclude it, with their own."""
    for rank, items in sorted(group(touching, lambda item: item.rank).items()):
        shown = [item.choices.get(axis.name, _NO_CHOICES) for item in items]
        others = [possible for possible, excluded in shown if choice in excluded]
        if others and not any(choice in possible and excluded for possible, excluded in shown):
            counts = Counter(name for possible in others for name in possible)
            yield rank, max((name for name in names if name in counts), key=counts.__getitem__)


_NO_CHOICES: Choices = (frozenset(), frozenset())


def _unknown(
    axis: Axis, touching: Sequence[Evidence], axes_by_refusal: Mapping[str, set[str]]
) -> Known:
    """Return why the choice on an axis is not known."""
    if not touching:
        return "no case"
    refused = [item for item in touching if item.refused]
    if any(item.status in ANSWERED for item in touching):
        return "not told apart"
    if not refused:
        return "no answer"
    names = {axis.name, axis.part_of or axis.name}
    # A refusal for another axis says nothing of this one.
    statuses = [item.status for item in refused if names & axes_by_refusal[item.words]]
    if not statuses:
        return "not told apart"
    return "no parameter" if set(statuses) == {"inexpressible"} else "refused"


def _axes_by_refusal(evidence: Sequence[Evidence]) -> dict[str, set[str]]:
    """Return the axes that each refusal may be for, by its words.

    All cases with this refusal touch them, and none with an answer; if the words mention some of
    these axes, only those. A kind of derivative of which nothing is answered is refused for itself,
    and says nothing of other axes.
    """
    answered = {name for item in evidence if item.answered for name in item.axes}
    derivatives = {None, *(item.derivative for item in evidence if item.answered)}
    refusals = (item for item in evidence if item.refused and item.axes)
    common = {}
    for words, items in group(refusals, lambda item: item.words).items():
        telling = [item.axes for item in items if item.derivative in derivatives]
        axes = telling or [item.axes & {GRADIENTS.name} for item in items]
        common[words] = set(frozenset.intersection(*axes) - answered)
    return {words: _mentioned(words, axes) or axes for words, axes in common.items()}


def _mentioned(words: str, axes: Iterable[str]) -> set[str]:
    return {axis for axis in axes if re.split(r"\W", axis)[0] in words.lower()}
