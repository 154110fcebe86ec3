"""List everything that is wrong in the runs of a report, with the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from conformance.cases.model import Case
from conformance.conventions.axes import CONVENTIONS
from conformance.findings import known_bugs
from conformance.findings.known_bugs import Bug
from conformance.report.load import Environment
from conformance.runs.prepared_case import PreparedCase
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
        A verdict, or ``incomplete``, ``changed``, ``asked again``, ``rounding`` or ``known bug``.
    where
        The environment, or the API in it; for a known bug, its title.
    sentence
        What is wrong.
    cases
        The ids of the cases.
    bug
        The known bug.
    """

    kind: str
    where: str
    sentence: str
    cases: tuple[str, ...] = ()
    bug: Bug | None = None

    @property
    def named(self) -> str:
        """Return the first of its cases, and the number of others."""
        more = len(self.cases) - NAMED
        return ", ".join(self.cases[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def problems(
    observations: pd.DataFrame,
    verdicts: pd.DataFrame,
    environments: Sequence[Environment],
    titles: Mapping[tuple[int, str], str],
    cases: Sequence[Case],
) -> tuple[Problem, ...]:
    """List everything that is wrong, the gravest first.

    Parameters
    ----------
    observations, verdicts
        What the functions of these names in `conformance.report.tables` return.
    environments
        The environments that the runs are of.
    titles
        The titles of the columns, by run and API.
    cases
        The cases as they are now.

    Returns
    -------
    tuple of Problem
        Verdicts that come from rounding, and then from known bugs, stand at the end.
    """
    bad, bugs = wrong(verdicts, environments)
    is_new = [bug is None for bug in bugs]
    return (
        *_broken(bad.loc[is_new], titles),
        *_not_run(verdicts, environments),
        *_changed(observations, environments, cases),
        *_retried(environments),
        *_rounding(verdicts, titles),
        *_known(bad, bugs, titles),
    )


def wrong(
    verdicts: pd.DataFrame, environments: Sequence[Environment]
) -> tuple[pd.DataFrame, list[Bug | None]]:
    """Return the bad verdicts, and the known bug behind each of them.

    A verdict that comes from rounding is not bad, because no call avoids the rounding.

    Parameters
    ----------
    verdicts
        What `conformance.report.tables.verdicts` returns.
    environments
        The environments that its runs are of.

    Returns
    -------
    bad : DataFrame
        Rows of ``verdicts``.
    bugs : list
        For each of the rows, the known bug or None.
    """
    is_bad = verdicts["verdict"].isin(["broken", "different", "undecided"])
    bad = verdicts[is_bad & ~_rounds(verdicts)]
    return bad, [
        known_bugs.known(environments[run].run.header, api, case)
        for run, api, case in _rows(bad, "run", "api", "case")
    ]


def _rounds(verdicts: pd.DataFrame) -> pd.Series[bool]:
    return (verdicts["verdict"] == "different") & verdicts["recipe_reason"].isin(ROUNDING)


def _rounding(verdicts: pd.DataFrame, titles: Mapping[tuple[int, str], str]) -> Iterator[Problem]:
    """Yield a problem for each way to round that an API has."""
    cases: dict[tuple[str, str], list[str]] = {}
    rows = verdicts[_rounds(verdicts)]
    for run, api, case, reason in _rows(rows, "run", "api", "case", "reason"):
        cases.setdefault((titles[run, api], reason), []).append(case)
    for (where, reason), ids in cases.items():
        yield Problem("rounding", where, reason, tuple(ids))


def _known(
    bad: pd.DataFrame, bugs: Sequence[Bug | None], titles: Mapping[tuple[int, str], str]
) -> Iterator[Problem]:
    """Yield a problem for each known bug."""
    rows_of: dict[Bug, list[tuple[Any, ...]]] = {}
    for bug, row in zip(bugs, _rows(bad, "run", "api", "case", "verdict"), strict=True):
        if bug is not None:
            rows_of.setdefault(bug, []).append(row)
    for bug, rows in rows_of.items():
        where = dict.fromkeys(titles[run, api] for run, api, _, _ in rows)
        verdicts = dict.fromkeys(verdict for *_, verdict in rows)
        sentence = f"{' and '.join(verdicts)} in {', '.join(where)}"
        cases = tuple(dict.fromkeys(case for _, _, case, _ in rows))
        yield Problem("known bug", bug.title, sentence, cases, bug)


def _not_run(verdicts: pd.DataFrame, environments: Sequence[Environment]) -> Iterator[Problem]:
    missing = verdicts[verdicts["verdict"] == "not run"]
    for number, environment in enumerate(environments):
        rows = missing[missing["run"] == number]
        if environment.trouble is not None:
            is_failure = environment.run.header.failure is not None
            gap = "" if is_failure else f" {count(len(rows), 'verdict')} of it cannot be given."
            kind = "not run" if is_failure else "incomplete"
            yield Problem(kind, environment.title, environment.trouble + gap)
            continue
        for reason, group in rows.groupby("reason"):
            ids = tuple(sorted(set(group["case"])))
            apis = ", ".join(sorted(set(group["api"])))
            sentence = f"{reason} ({count(len(ids), 'case')} of {apis})"
            yield Problem("not run", environment.title, sentence, ids)


def _broken(bad: pd.DataFrame, titles: Mapping[tuple[int, str], str]) -> Iterator[Problem]:
    """Yield a problem for each reason of a bad verdict."""
    for kind in ("broken", "different", "undecided"):
        groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
        rows = bad[bad["verdict"] == kind]
        for run, api, case, words in _rows(rows, "run", "api", "case", "reason"):
            reason = words if isinstance(words, str) else "No reason is known."
            groups.setdefault((titles[run, api], pattern(reason)), []).append((case, reason))
        for (where, words), entries in groups.items():
            reasons = {reason for _, reason in entries}
            sentence = reasons.pop() if len(reasons) == 1 else words
            yield Problem(kind, where, sentence, tuple(case for case, _ in entries))


def _changed(
    observations: pd.DataFrame, environments: Sequence[Environment], cases: Sequence[Case]
) -> Iterator[Problem]:
    """Yield a problem for each run whose cases were edited or removed afterwards."""
    contents = {case.id: PreparedCase(case).content for case in cases}
    rows = observations.drop_duplicates(["run", "case", "content"])
    changed: dict[int, list[str]] = {}
    unknown: Counter[int] = Counter()
    for run, case, content in _rows(rows[rows["content"].notna()], "run", "case", "content"):
        if case not in contents:
            unknown[run] += 1
        elif contents[case] != content:
            changed.setdefault(run, []).append(case)
    for number, environment in enumerate(environments):
        if number in changed:
            ids = tuple(changed[number])
            number_of_cases = count(len(ids), "case")
            sentence = f"{number_of_cases} changed after this run, which answered the old form."
            yield Problem("changed", environment.title, sentence, ids)
        if unknown[number]:
            number_of_cases = count(unknown[number], "case")
            sentence = f"{number_of_cases} of this run are not among the report's cases."
            yield Problem("changed", environment.title, sentence)


def _retried(environments: Sequence[Environment]) -> Iterator[Problem]:
    """Yield a problem for each reason to retry: a worker died, and no single case was at fault."""
    for environment in environments:
        by_reason: dict[str, list[str]] = {}
        for observation in environment.run.observations:
            if observation.retry is not None:
                by_reason.setdefault(plain(observation.retry), []).append(observation.case)
        for reason, cases in by_reason.items():
            ids = tuple(dict.fromkeys(cases))
            sentence = f"{count(len(ids), 'case')} {reason}."
            yield Problem("asked again", environment.title, sentence, ids)


def _rows(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    return frame[list(columns)].itertuples(index=False, name=None)
