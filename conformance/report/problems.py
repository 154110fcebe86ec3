"""What is not as it should be in the runs of a report: each told with its reason, none left out."""

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
NAMED = 6
"""How many cases are named before the rest is counted."""


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it should be.

    kind   a verdict, or ``incomplete``, ``changed``, ``asked again``, ``rounding`` or
           ``known bug``
    where  the environment, or the API in it; of a bug, its title
    bug    what is known of it
    """

    kind: str
    where: str
    sentence: str
    cases: tuple[str, ...] = ()
    bug: Bug | None = None

    @property
    def named(self) -> str:
        """The first of its cases, and how many more there are."""
        more = len(self.cases) - NAMED
        return ", ".join(self.cases[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def problems(
    observed: pd.DataFrame,
    judged: pd.DataFrame,
    environments: Sequence[Environment],
    columns: Mapping[tuple[int, str], str],
    cases: Sequence[Case],
) -> tuple[Problem, ...]:
    """Everything that is not as it should be, the gravest first.

    Broken and different verdicts that come from known bugs stand at the end, and before them those
    that come from rounding.
    """
    bad, found = wrong(judged, environments)
    new = [bug is None for bug in found]
    return (
        *_broken(bad.loc[new], columns),
        *_not_run(judged, environments),
        *_changed(observed, environments, cases),
        *_asked_again(environments),
        *_rounding(judged, columns),
        *_known(bad, found, columns),
    )


def wrong(
    judged: pd.DataFrame, environments: Sequence[Environment]
) -> tuple[pd.DataFrame, list[Bug | None]]:
    """The rows of verdicts that must not be, and for each the bug that is known to be there.

    That sums are rounded as they are formed is a convention, around which no call leads.
    """
    bad = judged[judged["verdict"].isin(["broken", "different", "undecided"]) & ~_rounds(judged)]
    return bad, [
        known_bugs.known(environments[run].run.header, api, case)
        for run, api, case in _rows(bad, "run", "api", "case")
    ]


def _rounds(judged: pd.DataFrame) -> pd.Series[bool]:
    return (judged["verdict"] == "different") & judged["recipe_reason"].isin(ROUNDING)


def _rounding(judged: pd.DataFrame, columns: Mapping[tuple[int, str], str]) -> Iterator[Problem]:
    """A trouble for each way to round that an API has, with the cases that show it."""
    found: dict[tuple[str, str], list[str]] = {}
    for run, api, case, why in _rows(judged[_rounds(judged)], "run", "api", "case", "reason"):
        found.setdefault((columns[run, api], why), []).append(case)
    for (where, why), cases in found.items():
        yield Problem("rounding", where, why, tuple(cases))


def _known(
    bad: pd.DataFrame, found: Sequence[Bug | None], columns: Mapping[tuple[int, str], str]
) -> Iterator[Problem]:
    """A trouble for each known bug, with everything that it makes wrong."""
    rows = list(zip(found, _rows(bad, "run", "api", "case", "verdict"), strict=True))
    for bug in dict.fromkeys(filter(None, found)):
        own = [row for of, row in rows if of == bug]
        where = dict.fromkeys(columns[run, api] for run, api, _, _ in own)
        verdicts = dict.fromkeys(verdict for *_, verdict in own)
        said = f"{' and '.join(verdicts)} in {', '.join(where)}"
        cases = tuple(dict.fromkeys(case for _, _, case, _ in own))
        yield Problem("known bug", bug.title, said, cases, bug)


def _not_run(judged: pd.DataFrame, environments: Sequence[Environment]) -> Iterator[Problem]:
    missing = judged[judged["verdict"] == "not run"]
    for number, environment in enumerate(environments):
        rows = missing[missing["run"] == number]
        if environment.trouble is not None:
            failed = environment.run.header.failure is not None
            lacks = "" if failed else f" {count(len(rows), 'verdict')} of it cannot be given."
            kind = "not run" if failed else "incomplete"
            yield Problem(kind, environment.title, environment.trouble + lacks)
            continue
        for why, of_why in rows.groupby("reason"):
            ids = tuple(sorted(set(of_why["case"])))
            apis = ", ".join(sorted(set(of_why["api"])))
            said = f"{why} ({count(len(ids), 'case')} of {apis})"
            yield Problem("not run", environment.title, said, ids)


def _broken(judged: pd.DataFrame, columns: Mapping[tuple[int, str], str]) -> Iterator[Problem]:
    for kind in ("broken", "different", "undecided"):
        rows = judged[judged["verdict"] == kind]
        found: dict[tuple[tuple[int, str], str], list[tuple[str, str]]] = {}
        for run, api, case, reason in _rows(rows, "run", "api", "case", "reason"):
            why = reason if isinstance(reason, str) else "No reason is known."
            found.setdefault(((run, api), pattern(why)), []).append((case, why))
        for (column, words), told in found.items():
            whys = {why for _, why in told}
            said = whys.pop() if len(whys) == 1 else words
            yield Problem(kind, columns[column], said, tuple(case for case, _ in told))


def _changed(
    observed: pd.DataFrame, environments: Sequence[Environment], cases: Sequence[Case]
) -> Iterator[Problem]:
    """A case that was edited after a run is another question than the run's answer is to."""
    content = {case.id: PreparedCase(case).content for case in cases}
    asked = observed.drop_duplicates(["run", "case", "content"])
    changed: dict[int, list[str]] = {}
    unknown: Counter[int] = Counter()
    for run, case, digest in _rows(asked[asked["content"].notna()], "run", "case", "content"):
        if case not in content:
            unknown[run] += 1
        elif content[case] != digest:
            changed.setdefault(run, []).append(case)
    for number, environment in enumerate(environments):
        if number in changed:
            ids = tuple(changed[number])
            said = f"{count(len(ids), 'case')} changed after this run, which answered the old form."
            yield Problem("changed", environment.title, said, ids)
        if unknown[number]:
            said = f"{count(unknown[number], 'case')} of this run are not among the report's cases."
            yield Problem("changed", environment.title, said)


def _asked_again(environments: Sequence[Environment]) -> Iterator[Problem]:
    """A worker that died or spoke out of turn among questions, none of which was at fault."""
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
