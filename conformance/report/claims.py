"""Count on how many APIs each claim of the five documents holds."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from conformance.cases.model import Case
from conformance.observations import MODES
from conformance.report.data import ReportData
from conformance.report.errata import stated_lines
from conformance.utils.resources import table
from conformance.utils.text import plain

Outcome: TypeAlias = Literal["holds", "in part", "cannot be asked", "fails", "not run"]
Lines: TypeAlias = tuple[str, ...]
OUTCOMES: tuple[Outcome, ...] = ("holds", "in part", "cannot be asked", "fails", "not run")
"""Whether a claim holds on one API.

in part
    It holds in some cases, and the others cannot be asked.
cannot be asked
    No case can be written for the API, or the API refuses them all.
fails
    An answer contradicts it, or the framework crashed, hung or gave differing answers.
"""

CLAIMS: Mapping[str, Mapping[str, str]] = table(__file__, "claims.toml")
"""The claims in our words, by document; where a document is wrong, the correction."""


@dataclass(frozen=True)
class Claim:
    """A claim in our words and its outcomes.

    Attributes
    ----------
    id
        Such as ``D1``.
    document
        The title of its document.
    cases
        The number of cases that carry it; without any, nothing else is known.
    case
        One of them, which shows the most; empty without any.
    stated, corrected
        What the document states of it, and what holds instead where the document is wrong, so that
        the correction is counted.
    outcomes
        By mode, every outcome with the number of APIs.
    """

    id: str
    document: str
    sentence: str
    cases: int
    case: str
    stated: Lines
    corrected: Lines
    outcomes: Mapping[str, Sequence[tuple[Outcome, int]]]


def claims(data: ReportData) -> tuple[Claim, ...]:
    """Count the outcomes of every claim of `CLAIMS`, and of any other that a case carries."""
    carriers: dict[str, list[Case]] = defaultdict(list)
    for case in data.cases:
        for claim in case.claims:
            carriers[claim].append(case)
    tallies = _tallies(data)
    titles = {case.document.id: case.document.title for case in data.cases if case.document}
    entries = {
        claim: (titles.get(document, document), sentence)
        for document, sentences in CLAIMS.items()
        for claim, sentence in sentences.items()
    }
    for claim, (first, *_) in carriers.items():
        title = first.document.title if first.document else ""
        entries.setdefault(claim, (title, first.why))
    return tuple(
        Claim(
            id=claim,
            document=plain(document),
            sentence=plain(sentence),
            cases=len(carriers.get(claim, ())),
            **_statement(carriers.get(claim, ())),
            outcomes={mode: _counts(tallies.get((claim, mode), Counter())) for mode in MODES},
        )
        for claim, (document, sentence) in entries.items()
    )


def _statement(carriers: Sequence[Case]) -> dict[str, Any]:
    """Return what the document states of a case, and the correction, an erratum first."""
    told = [
        (case.id, stated_lines(case.expected), stated_lines(case.erratum) if case.erratum else ())
        for case in carriers
    ]
    # Of the others the shortest that states anything.
    first = min(told, key=lambda t: (not t[2], not t[1], len(t[1])), default=("", (), ()))
    return dict(zip(("case", "stated", "corrected"), first, strict=True))


def _counts(tally: Counter[Outcome]) -> tuple[tuple[Outcome, int], ...]:
    return tuple((outcome, tally[outcome]) for outcome in OUTCOMES if tally[outcome])


def _tallies(data: ReportData) -> dict[tuple[str, str], Counter[Outcome]]:
    """Count the APIs by outcome, for each claim and mode."""
    carriers = {case.id: case for case in data.cases if case.claims}
    rows = data.observations[data.observations["case"].isin(list(carriers))]
    is_erratum = rows["case"].map(lambda id_: carriers[id_].erratum is not None)
    holds = rows["correction"].where(is_erratum, rows["claim"])
    outcomes = rows.assign(
        outcome=list(map(_outcome, rows["status"], holds)),
        claim=rows["case"].map(lambda id_: carriers[id_].claims),
    ).explode("claim")
    combined = outcomes.groupby(["claim", "mode", "run", "api"])["outcome"].agg(_combine)
    tallies: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for claim, mode, _, _, outcome in combined.reset_index().itertuples(index=False, name=None):
        tallies[claim, mode][outcome] += 1
    return tallies


def _outcome(status: str, holds: Any) -> Outcome:
    """Return the outcome of one observation; ``holds`` is None where the status decides."""
    if status == "not run":
        return "not run"
    if status in ("rejected", "inexpressible"):
        return "cannot be asked"
    return "holds" if (status == "match" if holds is None else holds) else "fails"


def _combine(outcomes: Iterable[Outcome]) -> Outcome:
    distinct = set(outcomes)
    for decisive in ("fails", "not run"):
        if decisive in distinct:
            return decisive
    return "in part" if len(distinct) > 1 else distinct.pop()
