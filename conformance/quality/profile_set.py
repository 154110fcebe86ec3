"""Find what the profile set does not show of an API, though all cases together do.

``tools/profile_set.py`` chooses the set.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.observations import Key, Observation
from conformance.recorded_answers import Answer
from conformance.runs.axis_choices import rank_of
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Finding, profiles

TWICE = 2
"""How many cases establish what is known."""


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
