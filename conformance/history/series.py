"""Follow each API of a package from release to release, as the table of the history has it.

Releases are compared within one runtime class: what differs between two classes may be the
machine's, and then it is no change of the package.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from conformance.history.table import Row as TableRow
from conformance.history.trend import Change, Trend
from conformance.history.version_ranges import (
    ABSENT,
    API_ITSELF,
    AVAILABLE,
    Row,
    State,
    rows_by_subject,
    spans,
    state_of,
)
from conformance.utils.grouping import group
from conformance.utils.printable import PrintableError
from conformance.utils.text import on


class UnknownPackage(PrintableError):
    """A package or a backend that the history does not have, with those that it has."""


class Move(NamedTuple):
    """A change of APIs between two releases that were asked one after the other.

    Attributes
    ----------
    subject
        An axis, or `API_ITSELF`.
    before, after
        What the APIs did in ``last`` and do in ``first``.
    """

    apis: tuple[str, ...]
    subject: str
    before: State
    after: State
    last: Version
    first: Version


@dataclass(frozen=True)
class Series:
    """The releases of a package on one backend and in one runtime class, the oldest first.

    Parameters
    ----------
    backend, runtime
        Empty where there is none.
    dates
        The day of its upload for each release that was asked; empty where it is not known.
    stages
        For each API and each release that was asked, the state by axis and of `API_ITSELF`.
    unasked
        The reasons why other releases could not be asked.
    """

    package: str
    backend: str
    runtime: str
    dates: Mapping[Version, str]
    stages: Mapping[str, Sequence[Mapping[str, State]]]
    unasked: Mapping[Version, str]

    @property
    def title(self) -> str:
        """The package, its backend and the runtime class, such as ``keras on torch, eigen``."""
        return ", ".join(filter(None, (f"{self.package}{self.place}", self.runtime)))

    @property
    def place(self) -> str:
        """What stands behind a release, such as `` on torch``."""
        return on(self.backend)

    @cached_property
    def versions(self) -> tuple[Version, ...]:
        """The releases that were asked."""
        return tuple(self.dates)

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, Row[State]]]:
        """For each API and axis, the ranges of releases with the same state."""
        return {api: rows_by_subject(stages) for api, stages in self.stages.items()}

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The changes, each with all APIs that changed alike."""
        apis: dict[Move, list[str]] = {}
        for api, rows in self.rows.items():
            for subject, row in rows.items():
                for (_, last, before), (first, _, after) in pairwise(row):
                    ends = self.versions[last], self.versions[first]
                    apis.setdefault(Move((), subject, before, after, *ends), []).append(api)
        return tuple(move._replace(apis=tuple(names)) for move, names in apis.items())

    def within(self, specifier: SpecifierSet, *, pre: bool = False) -> Series:
        """Return the part of the releases in a range; pre-releases where ``pre`` or it names one.

        An API that has no release in the range is left out.
        """
        pre = pre or bool(specifier.prereleases)
        places = [n for n, v in enumerate(self.versions) if specifier.contains(v, prereleases=pre)]
        unasked = specifier.filter(self.unasked, prereleases=pre)
        stages = {api: [stages[n] for n in places] for api, stages in self.stages.items()}
        return replace(
            self,
            dates={self.versions[n]: self.dates[self.versions[n]] for n in places},
            stages={api: stages for api, stages in stages.items() if any(stages)},
            unasked={version: self.unasked[version] for version in unasked},
        )

    def of_apis(self, ids: Collection[str]) -> Series:
        """Return the part of some APIs; of all where none is named."""
        return replace(self, stages={a: s for a, s in self.stages.items() if not ids or a in ids})

    def neighbours(self, version: Version) -> tuple[Version | None, Version | None]:
        """Return the newest release up to a version, and the oldest from it on."""
        older = [v for v in self.versions if v <= version]
        newer = [v for v in self.versions if v >= version]
        return (older[-1] if older else None), (newer[0] if newer else None)

    def trends(self, examples: Mapping[Move, str]) -> tuple[Trend, ...]:
        """Return what changed and what did not; APIs with the same trend are one.

        Parameters
        ----------
        examples
            For some moves, the case that shows it.
        """
        alike = group(self.rows, lambda api: self._trend(api, examples))
        return tuple(replace(trend, api=", ".join(apis)) for trend, apis in alike.items())

    def _trend(self, api: str, examples: Mapping[Move, str]) -> Trend:
        """Return the trend of an API, without its name."""
        versions = list(map(str, self.versions))
        moves = group((move for move in self.moves if api in move.apis), lambda m: m.subject)
        cases = {
            subject: tuple(dict.fromkeys(examples[move] for move in of_subject if move in examples))
            for subject, of_subject in moves.items()
        }
        return Trend(
            "",
            tuple(
                Change(subject, spans(versions, row), (), examples=cases[subject])
                for subject, row in self.rows[api].items()
                if len(row) > 1
            ),
            tuple(
                (subject, row[0][2])
                for subject, row in self.rows[api].items()
                if len(row) == 1 and subject != API_ITSELF
            ),
            sum(stage.get(API_ITSELF) == AVAILABLE for stage in self.stages[api]),
            "release",
        )


def all_series(rows: Iterable[TableRow]) -> tuple[Series, ...]:
    """Return the series of a table; a package of which no release could be asked has one, too."""
    by_package = group(rows, lambda row: (row.package, row.backend))
    return tuple(series for of_package in by_package.values() for series in _series(of_package))


def _series(rows: Sequence[TableRow]) -> Iterator[Series]:
    reasons = sorted((Version(row.version), row.reason) for row in rows if not row.api)
    unasked = dict(reasons)
    by_runtime = group((row for row in rows if row.api), lambda row: row.runtime)
    for runtime, of_runtime in by_runtime.items() or [("", [])]:
        days = {row.version: row.date for row in of_runtime}
        dates = dict(sorted((Version(version), day) for version, day in days.items()))
        places = {version: list(dates).index(Version(version)) for version in days}
        stages: dict[str, list[dict[str, State]]] = {
            api: [{} for _ in dates] for api in dict.fromkeys(row.api for row in of_runtime)
        }
        for row in of_runtime:
            stage = stages[row.api][places[row.version]]
            stage[API_ITSELF] = AVAILABLE if row.axis else ABSENT
            if row.axis:
                stage[row.axis] = state_of(row.axis, row.choice)
        package, backend = rows[0].package, rows[0].backend
        yield Series(package, backend, runtime, dates, stages, unasked)


def newest_first(series_list: Iterable[Series]) -> list[tuple[Series, Move]]:
    """Return the changes of several packages, sorted by the day of the release that has them."""
    moves = [(series, move) for series in series_list for move in series.moves]
    return sorted(
        moves, key=lambda pair: (pair[0].dates[pair[1].first], pair[1].first), reverse=True
    )


class Difference(NamedTuple):
    """What an API does in several runtime classes on an axis, in the newest release of each."""

    api: str
    subject: str
    states: tuple[tuple[str, State], ...]


def between_classes(series_list: Iterable[Series]) -> Iterator[Difference]:
    """Yield what differs between the runtime classes of a package on one backend."""
    newest: dict[tuple[str, ...], dict[str, State]] = {}
    for series in series_list:
        for api, rows in series.rows.items():
            for subject, row in rows.items():
                key = series.package, series.backend, api, subject
                newest.setdefault(key, {})[series.runtime] = row[-1][2]
    for (*_, api, subject), states in newest.items():
        if len(set(states.values())) > 1:
            yield Difference(api, subject, tuple(states.items()))


def of_package(
    series_list: Sequence[Series], name: str, backend: str | None = None
) -> list[Series]:
    """Return the series of a package, and of one backend where it is named.

    Raises ``UnknownPackage`` where there is none.
    """
    key = canonicalize_name(name)
    of_name = [series for series in series_list if canonicalize_name(series.package) == key]
    if not of_name:
        packages = ", ".join(sorted({series.package for series in series_list})) or "no package"
        raise UnknownPackage(f"the history has no releases of {name!r}, only of {packages}")
    on_backend = [series for series in of_name if backend in (None, series.backend)]
    if not on_backend:
        backends = ", ".join(dict.fromkeys(series.backend for series in of_name if series.backend))
        reason = f"only on {backends}" if backends else "which has no backends"
        raise UnknownPackage(f"the history has {name} not on {backend!r}, {reason}")
    return on_backend
