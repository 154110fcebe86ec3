"""Choose the profile set: the fewest cases from which the profile of every API is known.

A run of all cases says which cases show the choice of an API on an axis, or that it refuses them.
The set has two of these for every API and axis, and one for each number of spatial axes, as these
are different functions in most frameworks. Releases of other times make other choices, so of
the cases that an API answers, the set also has two that distinguish any two choices of an axis.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.observations import Key, Observation
from conformance.quality.mutation import Choices
from conformance.recorded_answers import Answer
from conformance.runs.axis_choices import rank_of, touched_axes
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Finding, profiles
from conformance.utils.grouping import group

TWICE = 2
"""How many cases establish what is known."""

Need = tuple[frozenset[str], int]
"""Cases, and how many of them the set must have."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """The observations of one environment, of cases that have not changed since.

    Parameters
    ----------
    name
        Of the environment.
    prepared_cases
        The cases by id.
    """

    name: str
    observations: Sequence[Observation]
    prepared_cases: Mapping[str, PreparedCase]

    def rank(self, case: str) -> int:
        """Return the number of spatial axes of a case."""
        return rank_of(self.prepared_cases[case])

    def findings(self, ids: Collection[str] | None = None) -> dict[tuple[str, str], Finding]:
        """Return the findings by API and axis, as some cases show them; None for all cases."""
        observations = [o for o in self.observations if ids is None or o.case in ids]
        return {
            (profile.api, finding.axis.name): finding
            for profile in profiles(observations, self.prepared_cases)
            for finding in profile.findings
        }


def evidence_of(
    name: str, observations: Iterable[Observation], prepared_cases: Mapping[str, PreparedCase]
) -> Evidence:
    """Return the native observations of those cases that are as they were observed."""
    kept = [
        o
        for o in observations
        if o.mode == "native"
        and o.case in prepared_cases
        and prepared_cases[o.case].content == o.content
    ]
    return Evidence(name, kept, prepared_cases)


def accepted(
    name: str, answers: Mapping[Key, Answer], prepared_cases: Mapping[str, PreparedCase]
) -> Evidence:
    """Return the answers of a baseline as evidence; the words of refusals are not in them."""
    observations = (
        Observation(
            api=api,
            case=case,
            mode=mode,
            status=answer.statuses[0],
            op="",
            topics=(),
            explanations=answer.explanations,
            content=answer.content,
            exact=True,
        )
        for (api, case, mode), answer in answers.items()
    )
    return evidence_of(name, observations, prepared_cases)


def weaknesses(evidence: Evidence, ids: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each choice that all cases establish and a set does not."""
    part = evidence.findings(ids)
    for (api, axis), whole in evidence.findings().items():
        finding = part.get((api, axis))
        if whole.choice is None:
            continue
        choice, number = (finding.choice, len(finding.cases)) if finding else (None, 0)
        exceptions = finding.exceptions if finding else ()
        is_same = (choice, exceptions) == (whole.choice, whole.exceptions)
        if not is_same or number < min(TWICE, len(whole.cases)):
            shown = f"{number} show {choice!r}" if choice else "none of them shows a choice"
            yield (
                f"profile set: {evidence.name}, {api}, {axis}: {len(whole.cases)} of all cases show"
                f" {whole.choice!r}, and {shown}; `python tools/profile_set.py` chooses anew"
            )


def chosen(
    evidence: Sequence[Evidence], distinctions: Mapping[str, Collection[Choices]]
) -> frozenset[str]:
    """Choose the cases.

    Parameters
    ----------
    evidence
        Of all environments.
    distinctions
        The choices that each case distinguishes, by its id.
    """
    needs = set(_needs(evidence, distinctions))
    ids = _without_superfluous(_cover(needs), needs)
    while repairs := [need for e in evidence for need in _repairs(e, ids)]:
        needs.update(repairs)
        ids = _without_superfluous(ids | _cover(set(repairs), ids), needs)
    return ids


def _needs(
    evidence: Sequence[Evidence], distinctions: Mapping[str, Collection[Choices]]
) -> Iterator[Need]:
    by_choices: dict[Choices, set[str]] = {}
    for case, all_choices in distinctions.items():
        for choices in all_choices:
            by_choices.setdefault(choices, set()).add(case)
    answered = {frozenset(distinctions)}
    for environment in evidence:
        for finding in environment.findings().values():
            yield from _need(_showing(finding))
            for of_rank in group(finding.cases + finding.against, environment.rank).values():
                yield from _need(of_rank, 1)
        for observations in group(environment.observations, lambda o: o.api).values():
            answered.add(
                frozenset(o.case for o in observations if o.status in ("match", "mismatch"))
            )
    for cases in by_choices.values():
        for of_api in answered:
            yield from _need(cases & of_api)


def _need(cases: Collection[str], number: int = TWICE) -> Iterator[Need]:
    if cases:
        yield frozenset(cases), min(number, len(cases))


def _showing(finding: Finding) -> tuple[str, ...]:
    """Return the cases that show the choice or, where there is none, the refusal."""
    return finding.cases or (finding.refused if finding.known != "not told apart" else ())


def _cover(needs: Collection[Need], ids: Collection[str] = ()) -> frozenset[str]:
    """Return cases that satisfy all needs together with others, those of most needs first."""
    missing = {need: need[1] - len(need[0].intersection(ids)) for need in needs}
    missing = {need: number for need, number in missing.items() if number > 0}
    by_case: dict[str, set[Need]] = {}
    for need in missing:
        for case in sorted(need[0].difference(ids)):
            by_case.setdefault(case, set()).add(need)
    cover: set[str] = set()
    while missing:
        best = max(sorted(by_case), key=lambda case: len(by_case[case] & missing.keys()))
        cover.add(best)
        for need in by_case.pop(best) & missing.keys():
            missing[need] -= 1
            if not missing[need]:
                del missing[need]
    return frozenset(cover)


def _without_superfluous(ids: frozenset[str], needs: Collection[Need]) -> frozenset[str]:
    for case in sorted(ids):
        rest = ids - {case}
        if all(len(cases & rest) >= number for cases, number in needs if case in cases):
            ids = rest
    return ids


def _repairs(evidence: Evidence, ids: frozenset[str]) -> Iterator[Need]:
    """Yield needs of one case more where the set shows something else than all cases do."""
    part = evidence.findings(ids)
    for (api, axis), whole in evidence.findings().items():
        finding = part.get((api, axis))
        if finding and _same(finding, whole):
            continue
        cases = frozenset(_showing(whole) or _touching(evidence, api, axis))
        if finding and finding.choice == whole.choice:  # for some number of spatial axes it differs
            ranks = {rank for rank, _ in {*finding.exceptions} ^ {*whole.exceptions}}
            cases = frozenset(c for c in (*cases, *whole.against) if evidence.rank(c) in ranks)
        if cases - ids:
            yield cases, len(cases & ids) + 1


def _same(first: Finding, second: Finding) -> bool:
    return (first.known, first.choice, first.exceptions) == (
        second.known,
        second.choice,
        second.exceptions,
    )


def _touching(evidence: Evidence, api: str, axis: str) -> Iterator[str]:
    """Yield the answered cases of an axis: with one of them, no refusal is because of it."""
    for o in evidence.observations:
        touches = axis in touched_axes(evidence.prepared_cases[o.case])
        if o.api == api and o.status in ("match", "mismatch") and touches:
            yield o.case
