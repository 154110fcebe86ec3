"""Hold the runs and the cases of a report, with their tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import pandas as pd

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.cases.model import Case
from conformance.observations import VERDICTS, Verdict
from conformance.report.environments import Column, Environment
from conformance.runs.prepared_case import PreparedCase
from conformance.utils.grouping import group

OPERATORS = {
    "conv_transpose": "Transposed convolution",
    "conv": "Convolution",
    "interpolate": "Interpolation",
}
OTHER = "Other"


@dataclass(frozen=True)
class VerdictCounts:
    """The verdicts of some cases, counted from the best to the worst; empty without cases."""

    counts: tuple[tuple[Verdict, int], ...]

    def __str__(self) -> str:
        numbers = ", ".join(f"{number} {verdict}" for verdict, number in self.counts)
        return f"{self.worst}: {numbers}"

    @property
    def worst(self) -> Verdict:
        """Return the worst verdict."""
        return self.counts[-1][0]

    @property
    def total(self) -> int:
        """Return the number of cases."""
        return sum(number for _, number in self.counts)


def count_verdicts(verdicts: pd.Series[str]) -> VerdictCounts:
    """Count the verdicts of a column."""
    numbers = Counter(verdicts.tolist())
    return VerdictCounts(tuple((v, numbers[v]) for v in VERDICTS if v in numbers))


@dataclass(frozen=True)
class ReportData:
    """The runs of a report in their order, and the cases as they are now.

    ``observations`` and ``verdicts`` are the tables that `conformance.report.tables` makes.
    """

    environments: tuple[Environment, ...]
    cases: tuple[Case, ...]
    observations: pd.DataFrame
    verdicts: pd.DataFrame

    @cached_property
    def prepared_cases(self) -> dict[str, PreparedCase]:
        """Return the prepared cases by id."""
        return {case.id: PreparedCase(case) for case in self.cases}

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Return every API in every environment, those to be compared side by side."""
        pairs = self.verdicts[["run", "api"]].drop_duplicates().itertuples(index=False, name=None)
        columns = (Column(int(run), api, self.environments[int(run)]) for run, api in pairs)
        return tuple(sorted(columns, key=_order))

    @cached_property
    def columns_by_key(self) -> dict[tuple[int, str], Column]:
        """Return the columns by the number of the run and the API."""
        return {(column.run, column.api): column for column in self.columns}

    @cached_property
    def operators(self) -> dict[str, list[Column]]:
        """Return the columns by the title of their operator, transposed convolution first."""
        groups = group(self.columns, _operator)
        return {title: groups[title] for title in (*OPERATORS.values(), OTHER) if title in groups}

    @cached_property
    def topic_counts(self) -> dict[tuple[Column, str], VerdictCounts]:
        """Return the verdicts of each topic in each column."""
        topics = self.verdicts["topic"].str.split(";")
        rows = self.verdicts.assign(topic=topics).explode("topic")
        return {
            (self.columns_by_key[cast(int, run), str(api)], str(topic)): count_verdicts(verdicts)
            for (run, api, topic), verdicts in rows.groupby(["run", "api", "topic"])["verdict"]
        }

    @cached_property
    def versions(self) -> Sequence[Sequence[int]]:
        """Return the numbers of the runs of a framework on a backend, the oldest version first.

        Runs of two runtime classes stand apart, because machines may differ, too.
        """
        headers = [environment.run.header for environment in self.environments]
        numbers = (n for n, header in enumerate(headers) if header.failure is None)
        by_place = group(
            numbers,
            lambda n: (headers[n].framework, headers[n].backend, headers[n].runtime_class),
        )
        return tuple(by_place.values())


def _operator(column: Column) -> str:
    api = APIS.get(column.api)
    return OPERATORS.get(api.operator, OTHER) if api else OTHER


def _order(column: Column) -> tuple[object, ...]:
    """Return the key that columns are sorted by: framework, then API, then environment."""
    framework = column.environment.framework
    apis = [api.id for api in FRAMEWORKS[framework].apis]
    place = apis.index(column.api) if column.api in apis else len(apis)
    return list(FRAMEWORKS).index(framework), place, column.api, column.run
