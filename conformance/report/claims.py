"""Count on how many APIs each claim of the five documents holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd

from conformance.cases.model import Case
from conformance.observations import MODES
from conformance.utils.grouping import group
from conformance.utils.text import plain

Outcome: TypeAlias = Literal["holds", "in part", "cannot be asked", "fails", "not run"]
OUTCOMES: tuple[Outcome, ...] = ("holds", "in part", "cannot be asked", "fails", "not run")
"""Whether a claim holds on one API.

in part
    It holds in some cases, and the others cannot be asked.
cannot be asked
    No case can be written for the API, or the API refuses them all.
fails
    An answer contradicts it, or the framework crashed, hung or gave differing answers.
"""

CLAIMS: Mapping[str, Mapping[str, str]] = {
    "machinecurve": {
        "M1": "A 3 x 3 kernel over a 4 x 4 image gives 2 x 2.",
        "M2": "A 2 x 2 kernel on a 3 x 3 image is a 4 x 9 matrix.",
        "M3": "That matrix times the flattened image is the convolution.",
        "M4": "Its transpose times the flattened 2 x 2 is the transposed convolution.",
        "M5": "A direct convolution over a zero-stretched, padded input gives the same.",
        "M6": "It is a convolution with its forward and backward passes swapped.",
        "M7": "The kernel can be learnt: its gradient exists and is right.",
        "M8": "The sum of the full output is the input's sum times the kernel's.",
    },
    "ee559": {
        "E1": "The input gradient of a convolution visits the kernel in reverse.",
        "E2": "A kernel of 3 over 7 numbers is a 5 x 7 matrix, and its transpose goes back.",
        "E3": "conv1d of 0,0,1,0,0,0,0 with 1,2,3, as printed.",
        "E4": "conv_transpose1d of the same pair, as printed.",
        "E5": "The layer on 2,3,0,-1 with 1,2,-1, as printed.",
        "E6": "Dilation is a kernel with zeros inserted and no more parameters.",
        "E7": "Stride and padding act on the output, and padding crops it.",
        "E8": "Convolving and going back keeps the length W exactly when W = w + s q.",
        "E9": "Otherwise what comes back has the size of the area that was read.",
        "E10": "A kernel of 4 at stride 3 covers the output unevenly.",
        "E11": "A bilinear kernel up-scales as the framework's own interpolation does.",
    },
    "d2l": {
        "D1": "The basic operation, 2 x 2 by 2 x 2, as printed.",
        "D2": "The same through the layers.",
        "D3": "Padding 1 leaves one number.",
        "D4": "Stride 2, as printed.",
        "D5": "A convolution's transposed twin brings its input's shape back.",
        "D6": "corr2d of 0..8 with 1,2,3,4, as printed.",
        "D7": "The kernel's 4 x 9 matrix, as printed.",
        "D8": "The matrix times the input is the convolution.",
        "D9": "The transposed matrix times the input is the transposed convolution.",
        "D10": "Convolving and going back keeps the shape but not the values.",
        "D11": "Forward multiplies by the transposed matrix, backward by the matrix.",
        "D12": "Each input element gives a piece of (n_h + k_h - 1) x (n_w + k_w - 1).",
    },
    "codemia": {
        "C1": "1,2/3,4 with the kernel 0,1/1,0 gives 3 x 3, by the page's own formula.",
        "C2": "Y[i+a, j+b] += X[i, j] K[a, b].",
        "C3": "Stride r is a convolution to r^2 channels, then pixel shuffle.",
    },
    "udea": {
        "U1": "The convolution of a 4 x 4 image by a layer, as printed.",
        "U2": "The same by hand, as printed.",
        "U3": "The 4 x 16 matrix times the image, as printed.",
        "U4": "The transposed matrix times the 2 x 2, as printed.",
        "U5": "The transposed layer gives the same.",
        "U6": "The zero-padded 6 x 6 array, as printed.",
        "U7": "A plain convolution of it with the flipped kernel gives the same.",
        "U8": "Strides of 2, 5 x 5, as printed.",
        "U9": "A dilation of 2, 6 x 6, as printed.",
        "U10": "Zero-stretched, padded and convolved with the flipped kernel: the same as U8.",
        "U11": "The model on 4 x 4: its shapes, and 10 + 10 parameters.",
        "U12": "Model B on 32 x 32: its shapes, and 150 and 136 parameters.",
        "U13": "Model A on 32 x 32: the shape comes back.",
        "U14": "The printed reconstruction is the printed weights' own, but for the bias.",
    },
}
"""The claims in our words, by document; where a document is wrong, the correction."""


@dataclass(frozen=True)
class Claim:
    """A claim and its outcomes.

    Attributes
    ----------
    id
        The id, such as ``D1``.
    document
        The title of its document.
    sentence
        The claim in our words.
    cases
        The number of cases that carry it; without any, nothing else is known.
    erratum
        Whether the document is wrong, so that the correction is counted.
    outcomes
        By mode, every outcome with the number of APIs.
    """

    id: str
    document: str
    sentence: str
    cases: int
    erratum: bool
    outcomes: Mapping[str, Sequence[tuple[Outcome, int]]]


def claims(observations: pd.DataFrame, cases: Sequence[Case]) -> tuple[Claim, ...]:
    """Count the outcomes of every claim of `CLAIMS`, and of any other that a case carries.

    Parameters
    ----------
    observations
        What `conformance.report.tables.observations` returns.
    cases
        The cases of the report.

    Returns
    -------
    tuple of Claim
        Those of `CLAIMS` first.
    """
    carriers = {
        claim: [case for _, case in members]
        for claim, members in group(
            ((claim, case) for case in cases for claim in case.claims), lambda pair: pair[0]
        ).items()
    }
    tallies = _tallies(observations, cases)
    titles = {case.document.id: case.document.title for case in cases if case.document}
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
            erratum=any(case.erratum for case in carriers.get(claim, ())),
            outcomes={mode: _counts(tallies.get((claim, mode), Counter())) for mode in MODES},
        )
        for claim, (document, sentence) in entries.items()
    )


def _counts(tally: Counter[Outcome]) -> tuple[tuple[Outcome, int], ...]:
    return tuple((outcome, tally[outcome]) for outcome in OUTCOMES if tally[outcome])


def _tallies(
    observations: pd.DataFrame, cases: Sequence[Case]
) -> dict[tuple[str, str], Counter[Outcome]]:
    """Count the APIs by outcome, for each claim and mode."""
    carriers = {case.id: case for case in cases if case.claims}
    rows = observations[observations["case"].isin(list(carriers))]
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
    """Return the outcome of several observations."""
    distinct = set(outcomes)
    for decisive in ("fails", "not run"):
        if decisive in distinct:
            return decisive
    return "in part" if len(distinct) > 1 else distinct.pop()
