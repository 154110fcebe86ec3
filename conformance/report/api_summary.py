"""Summarize each API: its verdicts counted, and the most frequent reasons in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import cast

import pandas as pd

from conformance.observations import VERDICTS, Verdict
from conformance.recipes.search import Cost
from conformance.utils.text import count, pattern

REASONS = 4
"""The most reasons of one kind that are shown."""


@dataclass(frozen=True)
class Reason:
    """Why a call was not right.

    Attributes
    ----------
    kind
        What the call did, in words.
    words
        The diagnosis or the refusal; a dot stands for numbers that vary.
    cases
        The number of cases.
    """

    kind: str
    words: str
    cases: int


@dataclass(frozen=True)
class ApiSummary:
    """The verdicts of one API, counted.

    Attributes
    ----------
    cases
        The number of cases.
    verdicts
        Every verdict that occurs, from the best to the worst, with its number of cases.
    native
        Every status of the naive call, with its number of cases.
    right_shape
        The number of wrong answers to the naive call that have the right shape.
    costs
        The costs of the equivalent calls, in words, with their numbers of cases.
    reasons
        The most frequent reasons of each kind.
    """

    cases: int
    verdicts: tuple[tuple[Verdict, int], ...]
    native: tuple[tuple[str, int], ...]
    right_shape: int
    costs: tuple[tuple[str, int], ...]
    reasons: tuple[Reason, ...]

    @property
    def worst(self) -> Verdict:
        """Return the worst verdict."""
        return self.verdicts[-1][0]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return sentences about the naive and the equivalent calls."""
        return tuple(filter(None, (self._naive_calls(), self._equivalent_calls())))

    def _naive_calls(self) -> str:
        native = dict(self.native)
        if set(native) == {"not run"}:
            return f"None of {count(self.cases, 'case')} was run."
        if set(native) == {"match"}:
            cases = "the only case" if self.cases == 1 else f"all {self.cases} cases"
            return f"The same-looking call is right in {cases}."
        parts = [f"right in {native.get('match', 0)} of {count(self.cases, 'case')}"]
        for status, words in _PREDICATES.items():
            if status in native:
                parts.append(f"{words} in {native[status]}")
                if status == "mismatch" and self.right_shape:
                    parts[-1] += f", {self.right_shape} of them in the right shape"
        return f"The same-looking call is {'; '.join(parts)}."

    def _equivalent_calls(self) -> str:
        total = sum(number for _, number in self.costs)
        if not total:
            return ""
        costs = ", ".join(f"{words} in {number}" for words, number in self.costs)
        return f"A translation puts {total} more right: {costs}."


_PREDICATES = {
    "mismatch": "answered otherwise",
    "undecided": "undecided",
    "rejected": "refused",
    "inexpressible": "impossible to write",
    "crashed": "crashing",
    "hung": "without an answer",
    "flaky": "answered now so, now otherwise",
    "not run": "not run",
}
_KINDS = {
    "mismatch": "answers otherwise",
    "undecided": "is within rounding of another answer too",
    "rejected": "is refused",
    "inexpressible": "cannot be written",
    "crashed": "crashes",
    "hung": "gives no answer",
    "flaky": "answers now so, now otherwise",
    "not run": "was not run",
}
_NATIVE = "the same-looking call "
_RECIPE = "even translated, it "


def api_summaries(verdict_table: pd.DataFrame) -> dict[tuple[int, str], ApiSummary]:
    """Summarize every API.

    Parameters
    ----------
    verdict_table
        What `conformance.report.tables.verdicts` returns.

    Returns
    -------
    dict
        The summaries by the number of the run and the id of the API.
    """
    return {
        (cast(int, run), str(api)): _summary(rows)
        for (run, api), rows in verdict_table.groupby(["run", "api"])
    }


def _summary(rows: pd.DataFrame) -> ApiSummary:
    verdicts = Counter(rows["verdict"].tolist())
    native = Counter(rows["native"].tolist())
    translated = rows.loc[rows["verdict"] == "translated", "cost"]
    costs = Counter(cost for cost in translated.tolist() if isinstance(cost, str))
    words = [cost.words for cost in Cost]
    return ApiSummary(
        cases=len(rows),
        verdicts=tuple((v, verdicts[v]) for v in VERDICTS if verdicts[v]),
        native=tuple(sorted(native.items())),
        right_shape=int(rows["right_shape"].sum()),
        costs=tuple(sorted(costs.items(), key=lambda item: _rank(words, item[0]))),
        reasons=tuple(_reasons(rows)),
    )


def _rank(order: Sequence[str], word: str) -> tuple[int, str]:
    return (order.index(word) if word in order else len(order)), word


def _reasons(rows: pd.DataFrame) -> Iterable[Reason]:
    """Yield the reasons of the naive call, then those of cases that no equivalent call solves."""
    # The conventions explain the wrong answers; and where no call can be written at all, the
    # equivalent call gives the reason.
    is_native = (rows["native"] != "mismatch") & (rows["recipe"] != "inexpressible")
    native = rows[is_native]
    yield from _frequent(native["native"].tolist(), native["native_reason"].tolist(), _NATIVE)
    unsolved = rows[~rows["verdict"].isin(["same", "translated", "not run"])]
    yield from _frequent(unsolved["recipe"].tolist(), unsolved["recipe_reason"].tolist(), _RECIPE)


def _frequent(statuses: list[str], explanations: list[str | None], prefix: str) -> Iterable[Reason]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for status, explanation in zip(statuses, explanations, strict=True):
        if isinstance(explanation, str) and status in _KINDS:
            # The kind of the reason already tells of the refusal.
            words = explanation.removeprefix("It refused: ")
            counts.setdefault((status, pattern(words)), Counter())[words] += 1
    keys = sorted(counts, key=lambda key: (list(_KINDS).index(key[0]), -counts[key].total(), key))
    for status, group in groupby(keys, key=lambda key: key[0]):
        for key in islice(group, REASONS):
            words = next(iter(counts[key])) if len(counts[key]) == 1 else key[1]
            yield Reason(prefix + _KINDS[status], words, counts[key].total())
