"""List everything that is wrong in the runs of a report, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from conformance.conventions.axes import CONVENTIONS
from conformance.findings import known_bugs
from conformance.findings.known_bugs import Bug
from conformance.report.data import ReportData
from conformance.report.environments import Environment
from conformance.utils.excerpt import first
from conformance.utils.grouping import group
from conformance.utils.text import count, pattern, plain

ROUNDING = frozenset(c.choice.sentence for c in CONVENTIONS if c.axis.rounds)
"""The sentences of the conventions about rounding."""
NAMED = 6
"""The most cases that are named; the others are counted."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    kind
        A verdict, ``incomplete``, ``changed``, ``asked again``, ``rounding``, ``known bug`` or
        ``known limit``; for an answer that fits no convention, ``unexplained`` or
        ``contradiction``.
    where
        The environment, or the API in it; for a known bug, its title.
    """

    kind: str
    where: str
    sentence: str
    cases: tuple[str, ...] = ()
    bug: Bug | None = None

    @property
    def is_known(self) -> bool:
        """Whether a known limit or a known bug explains it."""
        return self.kind in ("known limit", "known bug")

    @property
    def case_names(self) -> str:
        """Return the first of its cases, and the number of others."""
        return first(self.cases, NAMED)


def problems(data: ReportData) -> tuple[Problem, ...]:
    """List everything that is wrong, the gravest first.

    Verdicts that come from rounding, and then from known bugs, stand at the end.
    """
    bad, bugs = bad_verdicts(data)
    return (
        *_broken(bad.loc[[bug is None for bug in bugs]], data),
        *_not_run(data),
        *_changed(data),
        *_retried(data.environments),
        *_rounding(data),
        *_known(bad, bugs, data),
    )


def bad_verdicts(data: ReportData) -> tuple[pd.DataFrame, list[Bug | None]]:
    """Return the rows of bad verdicts, and the known bug behind each of them or None.

    A verdict that comes from rounding is not bad, because no call avoids the rounding.
    """
    is_bad = data.verdicts["verdict"].isin(["broken", "different", "undecided"])
    bad = data.verdicts[is_bad & ~_rounds(data.verdicts)]
    return bad, [
        known_bugs.known_bug(data.environments[run].run.header, api, case)
        for run, api, case in _rows(bad, "run", "api", "case")
    ]


def _rounds(verdicts: pd.DataFrame) -> pd.Series[bool]:
    return (verdicts["verdict"] == "different") & verdicts["recipe_reason"].isin(ROUNDING)


def _rounding(data: ReportData) -> Iterator[Problem]:
    """Yield a problem for each way to round that an API has."""
    rows = _rows(data.verdicts[_rounds(data.verdicts)], "run", "api", "reason", "case")
    for (run, api, reason), members in group(rows, lambda row: row[:3]).items():
        cases = tuple(case for *_, case in members)
        yield Problem("rounding", data.columns_by_key[run, api].title, reason, cases)


def _known(bad: pd.DataFrame, bugs: Sequence[Bug | None], data: ReportData) -> Iterator[Problem]:
    """Yield a problem for each known bug."""
    pairs = zip(bugs, _rows(bad, "run", "api", "case", "verdict"), strict=True)
    for bug, members in group(pairs, lambda pair: pair[0]).items():
        if bug is not None:
            rows = [row for _, row in members]
            where = dict.fromkeys(data.columns_by_key[run, api].title for run, api, _, _ in rows)
            verdicts = dict.fromkeys(verdict for *_, verdict in rows)
            sentence = f"{' and '.join(verdicts)} in {', '.join(where)}"
            cases = dict.fromkeys(case for _, _, case, _ in rows)
            yield Problem("known bug", bug.title, sentence, tuple(cases), bug)


def _not_run(data: ReportData) -> Iterator[Problem]:
    missing = data.verdicts[data.verdicts["verdict"] == "not run"]
    for number, environment in enumerate(data.environments):
        rows = missing[missing["run"] == number]
        if environment.problem is not None:
            is_failure = environment.run.header.failure is not None
            gap = "" if is_failure else f" {count(len(rows), 'verdict')} of it cannot be given."
            kind = "not run" if is_failure else "incomplete"
            yield Problem(kind, environment.title, environment.problem + gap)
            continue
        for reason, members in rows.groupby("reason"):
            ids = tuple(sorted(set(members["case"])))
            apis = ", ".join(sorted(set(members["api"])))
            sentence = f"{reason} ({count(len(ids), 'case')} of {apis})"
            yield Problem("not run", environment.title, sentence, ids)


def _broken(bad: pd.DataFrame, data: ReportData) -> Iterator[Problem]:
    """Yield a problem for each reason of a bad verdict."""
    bad = bad.fillna({"reason": "No reason is known."})

    def cause(row: tuple[Any, ...]) -> tuple[Any, ...]:
        run, api, _, reason = row
        return run, api, pattern(reason)

    for kind in ("broken", "different", "undecided"):
        rows = _rows(bad[bad["verdict"] == kind], "run", "api", "case", "reason")
        for (run, api, words), members in group(rows, cause).items():
            reasons = {reason for *_, reason in members}
            sentence = reasons.pop() if len(reasons) == 1 else words
            cases = tuple(case for _, _, case, _ in members)
            yield Problem(kind, data.columns_by_key[run, api].title, sentence, cases)


def _changed(data: ReportData) -> Iterator[Problem]:
    """Yield a problem for each run whose cases were edited or removed afterwards."""
    contents = {id_: prepared_case.content for id_, prepared_case in data.prepared_cases.items()}
    rows = data.observations[data.observations["content"].notna()]
    rows = rows.drop_duplicates(["run", "case", "content"])
    by_run = group(_rows(rows, "run", "case", "content"), lambda row: row[0])
    for number, environment in enumerate(data.environments):
        pairs = [(case, content) for _, case, content in by_run.get(number, ())]
        changed = tuple(case for case, content in pairs if contents.get(case, content) != content)
        unknown = sum(case not in contents for case, _ in pairs)
        if changed:
            number_of_cases = count(len(changed), "case")
            sentence = f"{number_of_cases} changed after this run, which answered the old form."
            yield Problem("changed", environment.title, sentence, changed)
        if unknown:
            sentence = f"{count(unknown, 'case')} of this run are not among the report's cases."
            yield Problem("changed", environment.title, sentence)


def _retried(environments: Sequence[Environment]) -> Iterator[Problem]:
    """Yield a problem for each reason to retry: a worker died, and no single case was at fault."""
    for environment in environments:
        retries = [o for o in environment.run.observations if o.retry is not None]
        for reason, members in group(retries, lambda o: plain(o.retry or "")).items():
            ids = tuple(dict.fromkeys(observation.case for observation in members))
            sentence = f"{count(len(ids), 'case')} {reason}."
            yield Problem("asked again", environment.title, sentence, ids)


def _rows(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    return frame[list(columns)].itertuples(index=False, name=None)
