"""What to know about each API before using it, counted from its verdicts and said in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import pandas as pd

from conformance.observations import VERDICTS, Verdict
from conformance.recipes.search import Cost
from conformance.utils.text import count, pattern

REASONS = 4
"""How many reasons of one kind are shown."""


@dataclass(frozen=True)
class Reason:
    """Why a call was not right, and in how many cases; a dot is for numbers that vary."""

    kind: str
    words: str
    cases: int


@dataclass(frozen=True)
class ApiSummary:
    """What came of one API.

    native       how often the same-looking call came to what
    right_shape  how many of its wrong answers had the right shape
    costs        what it took to put it right, by the words of the cost
    reasons      the most frequent of each kind
    """

    cases: int
    verdicts: tuple[tuple[Verdict, int], ...]
    native: tuple[tuple[str, int], ...]
    right_shape: int
    costs: tuple[tuple[str, int], ...]
    reasons: tuple[Reason, ...]

    @property
    def worst(self) -> Verdict:
        """The worst verdict that was given."""
        return self.verdicts[-1][0]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The facts in words."""
        return tuple(filter(None, (self._natively(), self._translated())))

    def _natively(self) -> str:
        native = dict(self.native)
        if set(native) == {"not run"}:
            return f"None of {count(self.cases, 'case')} was run."
        if set(native) == {"match"}:
            cases = "the only case" if self.cases == 1 else f"all {self.cases} cases"
            return f"The same-looking call is right in {cases}."
        parts = [f"right in {native.get('match', 0)} of {count(self.cases, 'case')}"]
        for status, words in _NATIVELY.items():
            if status in native:
                shape = f", {self.right_shape} of them in the right shape"
                seen = shape if status == "mismatch" and self.right_shape else ""
                parts.append(f"{words} in {native[status]}{seen}")
        return f"The same-looking call is {'; '.join(parts)}."

    def _translated(self) -> str:
        translated = sum(number for _, number in self.costs)
        if not translated:
            return ""
        said = ", ".join(f"{words} in {number}" for words, number in self.costs)
        return f"A translation puts {translated} more right: {said}."


_NATIVELY = {
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


def api_summaries(judged: pd.DataFrame) -> dict[tuple[int, str], ApiSummary]:
    """The facts of every API by the number of its run and its id."""
    found = {}
    for run, of_run in judged.groupby("run"):
        for api, rows in of_run.groupby("api"):
            found[cast(int, run), str(api)] = _facts(rows)
    return found


def _facts(rows: pd.DataFrame) -> ApiSummary:
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
        costs=tuple(sorted(costs.items(), key=lambda item: _place(words, item[0]))),
        reasons=tuple(_reasons(rows)),
    )


def _place(order: Sequence[str], word: str) -> tuple[int, str]:
    return (order.index(word) if word in order else len(order)), word


def _reasons(rows: pd.DataFrame) -> Iterable[Reason]:
    """The same-looking call's reasons, then those for which no recipe helps."""
    # What it answers otherwise, its choices say. Where nothing can be written at all, that is said
    # once.
    told = (rows["native"] != "mismatch") & (rows["recipe"] != "inexpressible")
    natively = rows[told]
    yield from _frequent(natively["native"].tolist(), natively["native_reason"].tolist(), _NATIVE)
    hopeless = rows[~rows["verdict"].isin(["same", "translated", "not run"])]
    yield from _frequent(hopeless["recipe"].tolist(), hopeless["recipe_reason"].tolist(), _RECIPE)


def _frequent(statuses: list[str], whys: list[str | None], prefix: str) -> Iterable[Reason]:
    told: dict[tuple[str, str], Counter[str]] = {}
    for status, why in zip(statuses, whys, strict=True):
        if isinstance(why, str) and status in _KINDS:
            # The kind of the reason has said already that it refused.
            words = why.removeprefix("It refused: ")
            told.setdefault((status, pattern(words)), Counter())[words] += 1
    ordered = sorted(told, key=lambda key: (list(_KINDS).index(key[0]), -told[key].total(), key))
    for status, keys in groupby(ordered, key=lambda key: key[0]):
        for key in list(keys)[:REASONS]:
            words = next(iter(told[key])) if len(told[key]) == 1 else key[1]
            yield Reason(prefix + _KINDS[status], words, told[key].total())
