"""Choose the profile set: python tools/profile_set.py RUN...

The runs are of all cases, one for each environment. The committed baselines stand for the
environments that have no run.

The set is the fewest cases from which the profile of every API is known. A run says which cases
show the choice of an API on an axis, or that it refuses them. The set has two of these for every
API and axis, and one for each number of spatial axes, as these are different functions in most
frameworks. Releases of other times make other choices, so of the cases that an API answers, the set
also has two that distinguish any two choices of an axis.
"""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from conformance.cases import load
from conformance.cases.profile_set import FILE
from conformance.conventions.axes import AXES, PROFILED
from conformance.gate import baseline
from conformance.quality.mutation import Choices, kill_record
from conformance.quality.profile_set import TWICE, Evidence, accepted, evidence_of
from conformance.runs import run_files
from conformance.runs.axis_choices import touched_axes
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Finding
from conformance.utils import resources
from conformance.utils.grouping import group

Need = tuple[frozenset[str], int]
"""Cases, and how many of them the set must have."""


def main() -> None:
    """Write the ids of the cases."""
    prepared_cases = {c.id: PreparedCase(c) for c in load([resources.CASES]).cases}
    runs = [run_files.read(Path(name)) for name in sys.argv[1:]]
    evidence = [evidence_of(r.header.title, r.observations, prepared_cases) for r in runs]
    evidence += [
        accepted(path.stem, baseline.read(path).answers, prepared_cases)
        for path in sorted(resources.BASELINE.glob("*.csv"))
    ]
    distinctions = {
        id_: set(filter(may_be_profiled, kill_record(prepared_case, pairs=()).distinctions))
        for id_, prepared_case in prepared_cases.items()
    }
    ids = chosen(evidence, distinctions)
    FILE.write_text("".join(f"{id_}\n" for id_ in sorted(ids)), encoding="utf-8")


def may_be_profiled(choices: Choices) -> bool:
    """Return whether profiles may have either choice of an axis: a mistake is in none."""
    axis = AXES[choices[0]]
    others = [axis.choices[place - 1] for place in choices[1:] if place]
    return axis in PROFILED and not any(choice.mistake for choice in others)


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


if __name__ == "__main__":
    main()
