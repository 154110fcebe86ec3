"""Hold everything that the outputs of a report show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from conformance.adapters.registry import APIS
from conformance.cases.model import Case
from conformance.history.changes import trends
from conformance.history.examples import examples
from conformance.history.series import Move, Series
from conformance.history.trend import Trend
from conformance.observations import Verdict
from conformance.report import tables
from conformance.report.api_summary import ApiSummary, api_summaries
from conformance.report.claims import Claim, claims
from conformance.report.data import ReportData, VerdictCounts, count_verdicts
from conformance.report.environments import Column, Environment
from conformance.report.errata import ErratumRow, errata
from conformance.report.evidence import Conventions, conventions, differences
from conformance.report.matrices import Matrix, matrices
from conformance.report.problems import Problem, bad_verdicts, problems
from conformance.report.support import SupportMatrix, support_matrix
from conformance.utils.text import on, plain

LEGEND: Mapping[Verdict, tuple[str, str]] = {
    "same": ("=", "The naive call gives the right answer."),
    "translated": (
        "→",
        "The naive call does not, but an equivalent call does: it was run and proven.",
    ),
    "inexpressible": ("∅", "This API cannot be asked the question in any way."),
    "rejected": ("⊘", "The framework refuses even the equivalent call."),
    "undecided": (
        "≈",
        "It is within rounding of the right answer and of a wrong one: this case cannot decide.",
    ),
    "different": ("≠", "Even the equivalent call gives another answer: a bug, there or here."),
    "broken": ("✗", "It crashed, hung, or did not answer twice the same."),
    "not run": ("?", "Nothing is known: the reason is given."),
}
"""The sign of each verdict and its meaning, from the best verdict to the worst."""


@dataclass(frozen=True)
class Report(ReportData):
    """Everything that the outputs show.

    ``history`` are the releases of all packages, as far as they are known.
    """

    history: tuple[Series, ...] = ()

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """Return the history of the packages whose APIs are in the report."""
        apis = {column.api for column in self.columns}
        return tuple(series for series in self.history if not apis.isdisjoint(series.stages))

    @cached_property
    def examples(self) -> Mapping[Move, str]:
        """Return the cases of the report that show the changes of the history."""
        return examples(self.series, self.prepared_cases.values())

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """Return a matrix for each operator, transposed convolution first."""
        return matrices(self)

    @cached_property
    def conventions(self) -> Conventions:
        """Return the conventions of every column."""
        return conventions(self)

    @cached_property
    def support(self) -> SupportMatrix:
        """Return what implementations do, by the questions of somebody who ports."""
        return support_matrix(self, self.conventions)

    @cached_property
    def trends(self) -> tuple[tuple[str, tuple[Trend, ...]], ...]:
        """Return the changes between the versions of a framework, under a title."""
        result = []
        for numbers in self.versions:
            if len(numbers) > 1:
                versions = [self.environments[number] for number in numbers]
                runs = [(plain(e.run.header.version or "unknown"), e.run) for e in versions]
                result.append((_title(versions), trends(runs, self.prepared_cases)))
        return tuple(result)

    @cached_property
    def differences(self) -> dict[Column, tuple[str, ...]]:
        """Return sentences on how each column differs from the reference."""
        return {column: differences(self.conventions.cells[column]) for column in self.columns}

    @cached_property
    def summaries(self) -> dict[Column, ApiSummary]:
        """Return the summary of each column."""
        return api_summaries(self)

    @cached_property
    def descriptions(self) -> dict[Column, tuple[tuple[str, ...], ApiSummary]]:
        """Return the differences and the summary of each column, by which columns are grouped."""
        return {
            column: (self.differences[column], self.summaries[column]) for column in self.columns
        }

    @cached_property
    def conversions(self) -> tuple[tuple[str, int, int], ...]:
        """Return the title of each conversion and mode, its answers, and how many it changes."""
        cases = {column: self.summaries[column].twin_cases for column in self.columns}
        return tuple(
            (column.title, total, changed)
            for column, (total, _, changed) in cases.items()
            if total and not APIS[column.api].is_variant
        )

    @cached_property
    def claims(self) -> tuple[tuple[str, tuple[Claim, ...]], ...]:
        """Return the documents' claims, under the title of each document."""
        groups = groupby(claims(self), lambda claim: claim.document)
        return tuple((title, tuple(group)) for title, group in groups)

    @cached_property
    def overall(self) -> VerdictCounts:
        """Return the number of each verdict in all."""
        return count_verdicts(self.verdicts["verdict"])

    @cached_property
    def alarms(self) -> tuple[tuple[Verdict, int], ...]:
        """Return the number of each bad verdict that no known bug accounts for."""
        bad = bad_verdicts(self)
        return count_verdicts(bad.loc[bad["bug"].isna(), "verdict"]).counts

    @cached_property
    def errata(self) -> tuple[ErratumRow, ...]:
        """Return the documents' errata."""
        return errata(self)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems, the gravest first."""
        return problems(self)


def report(
    environments: Sequence[Environment], cases: Iterable[Case], history: Iterable[Series] = ()
) -> Report:
    """Make the report on runs in their order, on the cases as they are now, and on a history."""
    cases = tuple(cases)
    observations = tables.observations(environments, cases)
    verdicts = tables.verdicts(observations)
    return Report(tuple(environments), cases, observations, verdicts, tuple(history))


def _title(versions: Sequence[Environment]) -> str:
    """Return a title such as ``keras on jax (xla): 3.9, 3.10``."""
    header = versions[0].run.header
    runtime = f" ({header.runtime_class})" if header.runtime_class else ""
    names = ", ".join(e.run.header.version or "?" for e in versions)
    return plain(f"{header.framework}{on(header.backend)}{runtime}: {names}")
