"""Summarize each API: its verdicts counted, and the most frequent reasons in sentences."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import cast

import pandas as pd

from conformance.adapters.registry import APIS
from conformance.recipes.search import Cost
from conformance.report.data import ReportData, VerdictCounts, count_verdicts
from conformance.report.environments import Column
from conformance.utils.grouping import group
from conformance.utils.text import count, pattern

REASONS = 4
"""The most reasons of one kind that are shown."""


@dataclass(frozen=True)
class Reason:
    """What a call did, why it was not right, and in how many cases.

    In the words of the reason, a dot stands for numbers that vary.
    """

    kind: str
    words: str
    cases: int


@dataclass(frozen=True)
class ApiSummary:
    """The verdicts of one API, counted.

    Attributes
    ----------
    native
        Every status of the naive call, with its number of cases.
    right_shape
        The number of wrong answers to the naive call that have the right shape.
    costs
        The costs of the equivalent calls, in words, with their numbers of cases.
    reasons
        The most frequent reasons of each kind.
    twin
        Of a mode or a conversion, the id of its twin.
    twin_cases
        The cases whose naive call was also asked of the twin: all, those of them in which the twin
        is wrong in the same way, and those in which it answers otherwise.
    """

    verdicts: VerdictCounts
    native: Mapping[str, int]
    right_shape: int
    costs: Mapping[str, int]
    reasons: tuple[Reason, ...]
    twin: str | None = None
    twin_cases: tuple[int, int, int] = (0, 0, 0)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return sentences about the naive and the equivalent calls, and about the twin."""
        return tuple(filter(None, (self._naive_calls(), self._equivalent_calls(), self._twin())))

    def _naive_calls(self) -> str:
        native, cases = self.native, self.verdicts.total
        if set(native) == {"not run"}:
            return f"None of {count(cases, 'case')} was run."
        if set(native) == {"match"}:
            words = "the only case" if cases == 1 else f"all {cases} cases"
            return f"The naive call is right in {words}."
        parts = [f"right in {native.get('match', 0)} of {count(cases, 'case')}"]
        for status, (words, _) in _WORDS.items():
            if status in native:
                parts.append(f"{words} in {native[status]}")
                if status == "mismatch" and self.right_shape:
                    parts[-1] += f", {self.right_shape} of them in the right shape"
        return f"The naive call is {'; '.join(parts)}."

    def _equivalent_calls(self) -> str:
        if not self.costs:
            return ""
        costs = ", ".join(f"{words} in {number}" for words, number in self.costs.items())
        return f"A translation puts {sum(self.costs.values())} more right: {costs}."

    def _twin(self) -> str:
        total, already, changed = self.twin_cases
        if not total:
            return ""
        if not changed:
            words = f"it changes nothing in {count(total, 'case')}"
        else:
            words = f"it changes {changed} of {count(total, 'case')}"
        if already:
            words += f"; in {already} the source already has another meaning"
        return f"Beside {self.twin}, {words}."


_WORDS = {
    "mismatch": ("answered otherwise", "answers otherwise"),
    "undecided": ("undecided", "is within rounding of another answer too"),
    "rejected": ("refused", "is refused"),
    "inexpressible": ("impossible to write", "cannot be written"),
    "crashed": ("crashing", "crashes"),
    "hung": ("without an answer", "gives no answer"),
    "flaky": ("answered now so, now otherwise", "answers now so, now otherwise"),
    "not run": ("not run", "was not run"),
}
"""What a call with a status is and does, from the mildest status to the worst."""


def api_summaries(data: ReportData) -> dict[Column, ApiSummary]:
    """Summarize every column."""
    return {
        data.columns_by_key[cast(int, run), str(api)]: _summary(str(api), rows)
        for (run, api), rows in data.verdicts.groupby(["run", "api"])
    }


def _summary(api_id: str, rows: pd.DataFrame) -> ApiSummary:
    api = APIS.get(api_id)
    translated = rows.loc[rows["verdict"] == "translated", "cost"]
    costs = Counter(translated.dropna().tolist())
    words = [*(cost.words for cost in Cost), *sorted(costs)]
    return ApiSummary(
        verdicts=count_verdicts(rows["verdict"]),
        native=Counter(rows["native"].tolist()),
        right_shape=int(rows["right_shape"].sum()),
        costs={cost: costs[cost] for cost in words if cost in costs},
        reasons=tuple(_reasons(rows)),
        twin=api.twin if api else None,
        twin_cases=(
            int(rows["twin"].notna().sum()),
            int(((rows["twin"] == "same") & (rows["native"] == "mismatch")).sum()),
            int((rows["twin"] == "changed").sum()),
        ),
    )


def _reasons(rows: pd.DataFrame) -> Iterator[Reason]:
    """Yield the reasons of the naive call, then those of cases that no equivalent call solves."""
    # The conventions explain the wrong answers; and where no call can be written at all, the
    # equivalent call gives the reason.
    is_native = (rows["native"] != "mismatch") & (rows["recipe"] != "inexpressible")
    yield from _frequent(rows.loc[is_native, ["native", "native_reason"]], "the naive call")
    unsolved = ~rows["verdict"].isin(["same", "translated", "not run"])
    yield from _frequent(rows.loc[unsolved, ["recipe", "recipe_reason"]], "even translated, it")


def _frequent(statuses_and_reasons: pd.DataFrame, subject: str) -> Iterator[Reason]:
    # The kind of the reason already tells of the refusal.
    pairs = [
        (status, reason.removeprefix("It refused: "))
        for status, reason in statuses_and_reasons.itertuples(index=False, name=None)
        if isinstance(reason, str)
    ]
    groups = group(pairs, lambda pair: (pair[0], pattern(pair[1])))
    frequent = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    for kind, (_, verb) in _WORDS.items():
        of_kind = (item for item in frequent if item[0][0] == kind)
        for (_, common_words), members in islice(of_kind, REASONS):
            words = {reason for _, reason in members}
            text = words.pop() if len(words) == 1 else common_words
            yield Reason(f"{subject} {verb}", text, len(members))
