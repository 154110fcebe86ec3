"""Hold everything that the outputs of a report show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

import pandas as pd

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases.model import Case
from conformance.history.changes import Trend, trends
from conformance.observations import Verdict
from conformance.report import tables
from conformance.report.api_summary import ApiSummary, api_summaries
from conformance.report.claims import Claim, claims
from conformance.report.environments import Column, Environment
from conformance.report.errata import ErratumRow, errata
from conformance.report.evidence import Conventions, conventions, differences
from conformance.report.matrices import Matrix, by_operator, matrices
from conformance.report.problems import Problem, problems, wrong
from conformance.report.tables import VerdictCounts, count_verdicts
from conformance.runs.prepared_case import PreparedCase
from conformance.utils.text import plain

LEGEND: Mapping[Verdict, tuple[str, str]] = {
    "same": ("=", "The same-looking call gives the right answer."),
    "translated": (
        "→",
        "The same-looking call does not, but a translated call does: it was run and proven.",
    ),
    "inexpressible": ("∅", "This API cannot be asked the question in any way."),
    "rejected": ("⊘", "The framework refuses even the translated call."),
    "undecided": (
        "≈",
        "It is within rounding of the right answer and of a wrong one: this case cannot decide.",
    ),
    "different": ("≠", "Even the translated call gives another answer: a bug, there or here."),
    "broken": ("✗", "It crashed, hung, or did not answer twice the same."),
    "not run": ("?", "Nothing is known: the reason is given."),
}
"""The sign of each verdict and its meaning, from the best verdict to the worst."""


@dataclass(frozen=True)
class Report:
    """Everything that the outputs show.

    Attributes
    ----------
    environments
        The runs in their order.
    cases
        The cases as they are now.
    observations, verdicts
        The tables that `conformance.report.tables` makes.
    """

    environments: tuple[Environment, ...]
    cases: tuple[Case, ...]
    observations: pd.DataFrame
    verdicts: pd.DataFrame

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Return every API in every environment, those to be compared side by side."""
        pairs = self.verdicts[["run", "api"]].drop_duplicates().itertuples(index=False, name=None)
        columns = (Column(int(run), api, self.environments[int(run)]) for run, api in pairs)
        return tuple(sorted(columns, key=_order))

    @cached_property
    def titles(self) -> dict[tuple[int, str], str]:
        """Return the columns' titles by the number of the run and the API."""
        return {(column.run, column.api): column.title for column in self.columns}

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Return the number of each verdict, by run, API and topic."""
        return tables.by_topic(self.verdicts)

    @cached_property
    def operators(self) -> dict[str, list[Column]]:
        """Return the columns by the title of their operator, transposed convolution first."""
        return by_operator(self.columns)

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """Return a matrix for each operator, transposed convolution first."""
        changed = tables.changed_by_topic(self.verdicts, self.successions)
        return matrices(self.operators, self.counts, changed)

    @cached_property
    def conventions(self) -> Conventions:
        """Return the conventions of every column."""
        return conventions(self.environments, self.operators, self.prepared_cases)

    @cached_property
    def prepared_cases(self) -> dict[str, PreparedCase]:
        """Return the prepared cases by id."""
        return {case.id: PreparedCase(case) for case in self.cases}

    @cached_property
    def versions(self) -> tuple[tuple[int, ...], ...]:
        """Return the numbers of the runs of a framework on a backend, the oldest version first.

        Runs of two runtime classes stand apart, because machines may differ, too.
        """
        by_place: dict[tuple[str | None, ...], list[int]] = {}
        for number, environment in enumerate(self.environments):
            header = environment.run.header
            if header.failure is None:
                place = (header.framework, header.backend, header.runtime_class)
                by_place.setdefault(place, []).append(number)
        return tuple(tuple(numbers) for numbers in by_place.values())

    @cached_property
    def successions(self) -> tuple[tuple[int, int], ...]:
        """Return pairs of numbers of runs: a version and the next one."""
        return tuple(pair for numbers in self.versions for pair in pairwise(numbers))

    @cached_property
    def trends(self) -> tuple[tuple[str, tuple[Trend, ...]], ...]:
        """Return the changes between the versions of a framework, under a title."""
        result = []
        for numbers in self.versions:
            group = [self.environments[number] for number in numbers]
            if len(group) > 1:
                runs = [(plain(e.run.header.version or "unknown"), e.run) for e in group]
                result.append((_title(group), trends(runs, self.prepared_cases)))
        return tuple(result)

    @cached_property
    def differences(self) -> dict[Column, tuple[str, ...]]:
        """Return sentences on how each column differs from the reference."""
        return {column: differences(self.conventions.cells[column]) for column in self.columns}

    @cached_property
    def summaries(self) -> dict[Column, ApiSummary]:
        """Return the summary of each column."""
        summaries = api_summaries(self.verdicts)
        return {column: summaries[column.run, column.api] for column in self.columns}

    @cached_property
    def descriptions(self) -> dict[Column, tuple[tuple[str, ...], ApiSummary]]:
        """Return the differences and the summary of each column, by which columns are grouped."""
        return {
            column: (self.differences[column], self.summaries[column]) for column in self.columns
        }

    @cached_property
    def claims(self) -> tuple[tuple[str, tuple[Claim, ...]], ...]:
        """Return the documents' claims, under the title of each document."""
        groups = groupby(claims(self.observations, self.cases), lambda claim: claim.document)
        return tuple((title, tuple(group)) for title, group in groups)

    @cached_property
    def overall(self) -> VerdictCounts:
        """Return the number of each verdict in all."""
        return count_verdicts(self.verdicts["verdict"])

    @cached_property
    def alarming(self) -> tuple[tuple[Verdict, int], ...]:
        """Return the number of each bad verdict that no known bug accounts for."""
        bad, bugs = wrong(self.verdicts, self.environments)
        return count_verdicts(bad.loc[[bug is None for bug in bugs], "verdict"]).counts

    @cached_property
    def errata(self) -> tuple[ErratumRow, ...]:
        """Return the documents' errata."""
        return errata(self.observations, self.environments, self.cases)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems, the gravest first."""
        return problems(
            self.observations, self.verdicts, self.environments, self.titles, self.cases
        )


def report(environments: Sequence[Environment], cases: Iterable[Case]) -> Report:
    """Make the report on some runs.

    Parameters
    ----------
    environments
        What `conformance.report.environments.environments` returns.
    cases
        The cases as they are now.
    """
    cases = tuple(cases)
    observations = tables.observations(environments, cases)
    return Report(tuple(environments), cases, observations, tables.verdicts(observations))


def _title(versions: Sequence[Environment]) -> str:
    """Return a title such as ``keras on jax (xla): 3.9, 3.10``."""
    header = versions[0].run.header
    on = f" on {header.backend}" if header.backend else ""
    if header.runtime_class:
        on += f" ({header.runtime_class})"
    names = ", ".join(e.run.header.version or "?" for e in versions)
    return plain(f"{header.framework}{on}: {names}")


def _order(column: Column) -> tuple[object, ...]:
    """Return the key that columns are sorted by: framework, then API, then environment."""
    framework = column.environment.framework
    apis = [api.id for api in FRAMEWORKS[framework].apis]
    place = apis.index(column.api) if column.api in apis else len(apis)
    return list(FRAMEWORKS).index(framework), place, column.api, column.run
