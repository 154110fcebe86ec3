"""The report as a reader meets it: one value that the page, the text and the terminal show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

import pandas as pd

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.cases.model import Case
from conformance.history.changes import Trend, trends
from conformance.observations import VERDICTS, Verdict
from conformance.report import tables
from conformance.report.api_summary import ApiSummary, api_summaries
from conformance.report.claims import Claim, claims
from conformance.report.differences import differences
from conformance.report.errata import ErratumRow, errata
from conformance.report.evidence import Meanings, meanings
from conformance.report.load import Column, Environment
from conformance.report.problems import Problem, problems, wrong
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
"""From the best to the worst: a sign that needs no colour, and what the verdict means."""

OPERATORS = {
    "conv_transpose": "Transposed convolution",
    "conv": "Convolution",
    "interpolate": "Interpolation",
}
OTHER = "Other"
TOPICS = {
    "Arguments": (
        "stride",
        "padding",
        "same",
        "valid",
        "output-padding",
        "dilation",
        "groups",
        "bias",
    ),
    "Arrays": (
        "basic",
        "kernel-flip",
        "channels",
        "layout",
        "rank",
        "shape",
        "dtype",
        "real-valued",
        "degenerate",
        "errors",
    ),
    "Meaning": (
        "matrix",
        "gradients",
        "composition",
        "properties",
        "coverage",
        "parameters",
        "interpolation",
    ),
}
"""What the topics are about: eight or so side by side are as many as a page is wide."""


@dataclass(frozen=True)
class Cell:
    """How often each verdict was given, from the best to the worst; empty where no case is."""

    counts: tuple[tuple[Verdict, int], ...]

    @property
    def worst(self) -> Verdict:
        """The worst verdict that was given."""
        return self.counts[-1][0]

    @property
    def total(self) -> int:
        """How many cases there are."""
        return sum(number for _, number in self.counts)


@dataclass(frozen=True)
class Matrix:
    """Topics by APIs, for the APIs of one operator.

    sections  titles with topics
    changed   in how many cases of a cell the verdict is another one than in the version before
    """

    title: str
    columns: tuple[Column, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    cells: Mapping[tuple[Column, str], Cell]
    changed: Mapping[tuple[Column, str], int]

    @property
    def apis(self) -> tuple[tuple[str, tuple[Column, ...]], ...]:
        """Each API with its columns, which differ in version or backend."""
        return tuple((api, tuple(own)) for api, own in groupby(self.columns, lambda c: c.api))


@dataclass(frozen=True)
class Report:
    """Everything that the outputs show."""

    environments: tuple[Environment, ...]
    cases: tuple[Case, ...]
    observations: pd.DataFrame
    verdicts: pd.DataFrame

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every API in every environment, those to be compared side by side."""
        pairs = self.verdicts[["run", "api"]].drop_duplicates().itertuples(index=False, name=None)
        found = [Column(int(run), api, self.environments[int(run)]) for run, api in pairs]
        return tuple(sorted(found, key=_place))

    @cached_property
    def titles(self) -> dict[tuple[int, str], str]:
        """The columns' titles by the number of the run and the API."""
        return {(column.run, column.api): column.title for column in self.columns}

    @cached_property
    def counts(self) -> pd.DataFrame:
        """How often each verdict was given, by run, API and topic."""
        return tables.by_topic(self.verdicts)

    @cached_property
    def operators(self) -> dict[str, list[Column]]:
        """The columns by the title of their operator, transposed convolution first."""
        grouped: dict[str, list[Column]] = {title: [] for title in (*OPERATORS.values(), OTHER)}
        for column in self.columns:
            grouped[_operator(column.api)].append(column)
        return grouped

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """A matrix for each operator, transposed convolution first."""
        cells = {
            (int(run), api, topic): Cell(
                tuple((v, n) for v, n in zip(VERDICTS, numbers, strict=True) if n)
            )
            for (run, api, topic), numbers in zip(
                self.counts.index, self.counts.to_numpy().tolist(), strict=True
            )
        }
        changed = tables.changed_by_topic(self.verdicts, self.successions)
        return tuple(
            _matrix(title, columns, cells, changed)
            for title, columns in self.operators.items()
            if columns
        )

    @cached_property
    def meanings(self) -> Meanings:
        """What every column means, axis by axis."""
        return meanings(self.environments, self.operators, self.prepared_cases)

    @cached_property
    def prepared_cases(self) -> dict[str, PreparedCase]:
        """The cases by id, with what is worked out once."""
        return {case.id: PreparedCase(case) for case in self.cases}

    @cached_property
    def versions(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the runs of a framework on a backend, the oldest version first.

        Only those of one runtime class: what differs from another is the machine's.
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
        """Of every version that there is an older one of, the numbers of both runs."""
        return tuple(pair for numbers in self.versions for pair in pairwise(numbers))

    @cached_property
    def trends(self) -> tuple[tuple[str, tuple[Trend, ...]], ...]:
        """What changed between the versions of a framework, under which versions these are."""
        found = []
        for numbers in self.versions:
            own = [self.environments[number] for number in numbers]
            if len(own) > 1:
                named = [(plain(e.run.header.version or "unknown"), e.run) for e in own]
                found.append((_title(own), trends(named, self.prepared_cases)))
        return tuple(found)

    @cached_property
    def differences(self) -> dict[Column, tuple[str, ...]]:
        """What is different in each column, in sentences."""
        return {column: differences(self.meanings.cells[column]) for column in self.columns}

    @cached_property
    def facts(self) -> dict[Column, ApiSummary]:
        """What to know about each column."""
        found = api_summaries(self.verdicts)
        return {column: found[column.run, column.api] for column in self.columns}

    @cached_property
    def known(self) -> dict[Column, tuple[tuple[str, ...], ApiSummary]]:
        """What is different in each column, and what came of it: like ones are told together."""
        return {column: (self.differences[column], self.facts[column]) for column in self.columns}

    @cached_property
    def claims(self) -> tuple[tuple[str, tuple[Claim, ...]], ...]:
        """The documents' claims, under the title of each document."""
        found = claims(self.observations, self.cases)
        return tuple((title, tuple(own)) for title, own in groupby(found, lambda c: c.document))

    @cached_property
    def overall(self) -> Cell:
        """How often each verdict was given in all."""
        given = self.verdicts["verdict"].value_counts()
        return Cell(tuple((v, int(given[v])) for v in VERDICTS if v in given))

    @cached_property
    def alarming(self) -> tuple[tuple[Verdict, int], ...]:
        """How often a verdict was given that must not be, and that no known bug accounts for."""
        bad, bugs = wrong(self.verdicts, self.environments)
        given = bad.loc[[bug is None for bug in bugs], "verdict"].value_counts()
        return tuple((v, int(given[v])) for v in VERDICTS if v in given)

    @cached_property
    def errata(self) -> tuple[ErratumRow, ...]:
        """The documents' errata."""
        return errata(self.observations, self.environments, self.cases)

    @cached_property
    def troubles(self) -> tuple[Problem, ...]:
        """What is not as it should be."""
        return problems(
            self.observations, self.verdicts, self.environments, self.titles, self.cases
        )


def report(environments: Sequence[Environment], cases: Iterable[Case]) -> Report:
    """The report on runs of ``cases``."""
    cases = tuple(cases)
    observed = tables.observations(environments, cases)
    return Report(tuple(environments), cases, observed, tables.verdicts(observed))


def _title(versions: Sequence[Environment]) -> str:
    """Such as ``keras on jax (xla): 3.9, 3.10``."""
    header = versions[0].run.header
    on = f" on {header.backend}" if header.backend else ""
    if header.runtime_class:
        on += f" ({header.runtime_class})"
    named = ", ".join(e.run.header.version or "?" for e in versions)
    return plain(f"{header.framework}{on}: {named}")


def _place(column: Column) -> tuple[object, ...]:
    """Where a column stands: by framework, then API, then environment."""
    names = list(FRAMEWORKS)
    framework = column.environment.framework
    apis = [api.id for api in FRAMEWORKS[framework].apis]
    known = apis.index(column.api) if column.api in apis else len(apis)
    return names.index(framework), known, column.api, column.run


def _operator(api: str) -> str:
    return OPERATORS.get(APIS[api].operator, OTHER) if api in APIS else OTHER


def _matrix(
    title: str,
    columns: Sequence[Column],
    cells: Mapping[tuple[int, str, str], Cell],
    changed: Mapping[tuple[int, str, str], int],
) -> Matrix:
    keys = {(column.run, column.api): column for column in columns}
    moved = {
        (keys[run, api], topic): number
        for (run, api, topic), number in changed.items()
        if (run, api) in keys
    }
    own = {
        (keys[run, api], topic): cell
        for (run, api, topic), cell in cells.items()
        if (run, api) in keys
    }
    there = {topic for _, topic in own}
    sections = [(name, tuple(t for t in topics if t in there)) for name, topics in TOPICS.items()]
    known = {topic for topics in TOPICS.values() for topic in topics}
    sections.append((OTHER, tuple(sorted(there - known))))
    return Matrix(title, tuple(columns), tuple((n, t) for n, t in sections if t), own, moved)
