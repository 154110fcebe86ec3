"""List everything that is wrong in the runs of a report, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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

    ``kind`` is a verdict, ``incomplete``, ``asked in part``, ``changed``, ``asked again``,
    ``rounding``, ``known bug`` or ``known limit``; for an answer that fits no convention,
    ``unexplained`` or ``contradiction``.
    ``where`` is the environment, or the API in it; for a known bug, its title.
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
    bad = bad_verdicts(data)
    return (
        *_broken(bad[bad["bug"].isna()]),
        *_not_run(data),
        *_changed(data),
        *_retried(data.environments),
        *_rounding(_with_titles(data.verdicts[_rounds(data.verdicts)], data)),
        *_known(bad),
    )


def bad_verdicts(data: ReportData) -> pd.DataFrame:
    """Return the rows of bad verdicts, with the known bug behind each of them or None.

    A verdict that comes from rounding is not bad, because no call avoids the rounding.
    """
    is_bad = data.verdicts["verdict"].isin(["broken", "different", "undecided"])
    bad = _with_titles(data.verdicts[is_bad & ~_rounds(data.verdicts)], data)
    headers = [environment.run.header for environment in data.environments]
    bugs = [
        known_bugs.known_bug(headers[run], api, case)
        for run, api, case in zip(bad["run"], bad["api"], bad["case"], strict=True)
    ]
    return bad.assign(bug=pd.Series(bugs, index=bad.index, dtype=object))


def _with_titles(verdicts: pd.DataFrame, data: ReportData) -> pd.DataFrame:
    keys = zip(verdicts["run"], verdicts["api"], strict=True)
    return verdicts.assign(title=[data.columns_by_key[key].title for key in keys])


def _rounds(verdicts: pd.DataFrame) -> pd.Series[bool]:
    return (verdicts["verdict"] == "different") & verdicts["recipe_reason"].isin(ROUNDING)


def _rounding(rows: pd.DataFrame) -> Iterator[Problem]:
    for (title, reason), cases in rows.groupby(["title", "reason"], sort=False)["case"]:
        yield Problem("rounding", str(title), str(reason), tuple(cases))


def _known(bad: pd.DataFrame) -> Iterator[Problem]:
    for bug, rows in bad.groupby("bug", sort=False):
        assert isinstance(bug, Bug)  # rows without one are in no group
        sentence = (
            f"{' and '.join(rows['verdict'].unique())} in {', '.join(rows['title'].unique())}"
        )
        yield Problem("known bug", bug.title, sentence, tuple(rows["case"].unique()), bug)


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
            kind = "asked in part" if environment.run.header.selection else "not run"
            yield Problem(kind, environment.title, sentence, ids)


def _broken(bad: pd.DataFrame) -> Iterator[Problem]:
    bad = bad.fillna({"reason": "No reason is known."})
    bad = bad.assign(pattern=bad["reason"].map(pattern))
    for kind in ("broken", "different", "undecided"):
        rows_of_kind = bad[bad["verdict"] == kind]
        for (title, words), rows in rows_of_kind.groupby(["title", "pattern"], sort=False):
            reasons = rows["reason"].unique()
            sentence = reasons[0] if len(reasons) == 1 else words
            yield Problem(kind, str(title), str(sentence), tuple(rows["case"]))


def _changed(data: ReportData) -> Iterator[Problem]:
    """Yield a problem for each run whose cases were edited or removed afterwards."""
    contents = {id_: prepared_case.content for id_, prepared_case in data.prepared_cases.items()}
    rows = data.observations[data.observations["content"].notna()]
    rows = rows.drop_duplicates(["run", "case", "content"])
    for number, environment in enumerate(data.environments):
        rows_of_run = rows[rows["run"] == number]
        pairs = list(zip(rows_of_run["case"], rows_of_run["content"], strict=True))
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
