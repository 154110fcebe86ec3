"""The report's tables as pandas data frames, from which every file and page of it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import pandas as pd

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases.model import Case
from conformance.observations import MODES, VERDICTS, Observation, Status, Verdict, verdict
from conformance.report.load import Environment
from conformance.runs.plan import is_applicable
from conformance.utils.text import plain

ENVIRONMENT = ["framework", "version", "backend", "runtime_class"]
OBSERVATION = [
    *ENVIRONMENT,
    "api",
    "case",
    "op",
    "topic",
    "mode",
    "status",
    "diagnosis",
    "detail",
    "cost",
    "claim",
    "correction",
    "shape",
    "dtype",
    "digest",
    "content",
]
VERDICT = [
    *ENVIRONMENT,
    "api",
    "case",
    "op",
    "topic",
    "verdict",
    "native",
    "recipe",
    "cost",
    "diagnosis",
    "reason",
]
NOT_RUN = "not run"
NO_CASE = "no case"
_KEY = ["run", "api", "case"]
_EXTRA = ["native_reason", "recipe_reason", "right_shape"]

About: TypeAlias = tuple[str, str]
"""The op and the topics of a case."""


def observations(environments: Sequence[Environment], cases: Iterable[Case]) -> pd.DataFrame:
    """One row for each observation; what was not asked is there with the status ``not run``.

    Sorted by environment, API, case and mode. ``run`` is the environment's place in the report.
    Several topics are joined by ``;``. A case that is still there is described as it is now.
    """
    cases = tuple(cases)
    about = {case.id: (case.op, ";".join(case.labels)) for case in cases}
    rows: list[tuple[object, ...]] = []
    for number, environment in enumerate(environments):
        start = (number, *environment_key(environment))
        known = dict(about)
        for observation in environment.run.observations:
            if observation.case not in known:
                known[observation.case] = (observation.op, ";".join(observation.topics))
            rows.append((*start, *_row(observation, known[observation.case])))
        for api, case, mode, why in _missing(environment, cases):
            rest = (None,) * (len(OBSERVATION) - OBSERVATION.index("cost"))
            rows.append((*start, api, case, *known[case], mode, NOT_RUN, None, why, *rest))
    frame = pd.DataFrame(rows, columns=["run", *OBSERVATION], dtype=object)
    frame["run"] = frame["run"].astype(int)
    return frame.sort_values([*_KEY, "mode"], ignore_index=True)


def environment_key(environment: Environment) -> tuple[str | None, ...]:
    """The values of `ENVIRONMENT`."""
    header = environment.run.header
    versions = (header.version, header.backend, header.runtime_class)
    return header.framework, *map(_plain, versions)


def _row(observed: Observation, about: About) -> tuple[object, ...]:
    return (
        observed.api,
        observed.case,
        *about,
        observed.mode,
        observed.status,
        _plain(observed.told),
        _plain(observed.detail),
        _plain(observed.cost),
        observed.claim,
        observed.correction,
        None if observed.shape is None else "x".join(map(str, observed.shape)),
        observed.dtype,
        observed.digest,
        observed.content,
    )


def _plain(words: str | None) -> str | None:
    return None if words is None else plain(words)


def _missing(
    environment: Environment, cases: Sequence[Case]
) -> Iterator[tuple[str, str, str, str]]:
    """Every API, case and mode that should have been observed and was not, and why not."""
    seen: dict[str, dict[str, set[str]]] = {}
    for observation in environment.run.observations:
        modes = seen.setdefault(observation.api, {mode: set() for mode in MODES})
        modes[observation.mode].add(observation.case)
    known = {api.id: api for api in FRAMEWORKS[environment.framework].apis}
    for api in known | seen:
        asked = seen.get(api, {mode: set() for mode in MODES})
        wanted = {case for modes in asked.values() for case in modes}
        if api in known:
            wanted |= {case.id for case in cases if is_applicable(known[api], case)}
        why = _why_missing(environment, api)
        for mode in MODES:
            yield from ((api, case, mode, why) for case in wanted - asked[mode])


def _why_missing(environment: Environment, api: str) -> str:
    if environment.trouble:
        return environment.trouble
    has = environment.run.header.apis.get(api)
    if has is None:
        return "The run knows nothing of this API."
    if not has:
        return f"{environment.title} does not have this API."
    selection = environment.run.header.selection
    return (
        f"The run asked only {plain(str(selection))}." if selection else "The run did not ask this."
    )


def verdicts(observed: pd.DataFrame) -> pd.DataFrame:
    """One row for each case and API, in the order of ``observed``, which `observations` made.

    reason  why the verdict is not ``same``
    native_reason, recipe_reason  the diagnosis of the mode, or else its detail
    right_shape  whether a wrong answer to the same-looking call has the right answer's shape
    """
    by_mode = {mode: frame.set_index(_KEY) for mode, frame in observed.groupby("mode", sort=False)}
    if not by_mode:
        return pd.DataFrame(columns=["run", *VERDICT, *_EXTRA], dtype=object)
    native, recipe = by_mode["native"], by_mode["recipe"]
    frame = native[[*ENVIRONMENT, "op", "topic"]].copy()
    frame["native"], frame["recipe"] = native["status"], recipe["status"]
    pairs = list(zip(frame["native"], frame["recipe"], strict=True))
    # Few pairs of statuses exist, so each is judged once, however many rows there are.
    verdict_of = {pair: _verdict(*pair) for pair in set(pairs)}
    frame["verdict"] = [verdict_of[pair] for pair in pairs]
    frame["cost"] = recipe["cost"].where(recipe["status"] != "inexpressible", None)
    frame["diagnosis"] = _first(native["diagnosis"], recipe["diagnosis"])
    frame["native_reason"] = _first(native["diagnosis"], native["detail"])
    frame["recipe_reason"] = _first(recipe["diagnosis"], recipe["detail"])
    told = ["verdict", "native", "native_reason", "recipe_reason"]
    frame["reason"] = [_reason(*row) for row in frame[told].itertuples(index=False, name=None)]
    frame["right_shape"] = (
        (native["status"] == "mismatch")
        & (recipe["status"] == "match")
        & (native["shape"] == recipe["shape"])
    )
    return frame.reset_index()


def _verdict(native: str, recipe: str) -> Verdict:
    # Half of an answer is none: what was not asked natively is not known to need translating.
    if NOT_RUN in (native, recipe):
        return "not run"
    return verdict({"native": cast(Status, native), "recipe": cast(Status, recipe)})


def _reason(
    judged: Verdict, native: str, of_native: str | None, of_recipe: str | None
) -> str | None:
    """The reason of the mode that decided the verdict."""
    if judged == "same":
        return None
    if judged == "undecided":
        natively = native == "undecided"
    else:
        natively = (
            native in _DECISIVE if judged in ("broken", "not run") else judged == "translated"
        )
    return of_native if natively else of_recipe


_DECISIVE = (NOT_RUN, "crashed", "hung", "flaky")


def _first(one: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[Any]:
    """In each row, the first that is there."""
    return one.where(one.notna(), other)


def by_topic(judged: pd.DataFrame) -> pd.DataFrame:
    """How often each verdict (a column) was given, by run, API and topic (the index)."""
    keys = [judged["run"], judged["api"], judged["topic"].str.split(";"), judged["verdict"]]
    spread = pd.concat(keys, axis=1).explode("topic")
    counts = spread.groupby(["run", "api", "topic", "verdict"]).size().unstack(fill_value=0)
    return counts.reindex(columns=list(VERDICTS), fill_value=0)


def changed_by_topic(
    judged: pd.DataFrame, successions: Iterable[tuple[int, int]]
) -> dict[tuple[int, str, str], int]:
    """In how many cases of a run, an API and a topic the verdict is not that of the run before.

    successions  numbers of runs, each after that of the one before; what was not run counts in none
    """
    ran = judged[judged["verdict"] != NOT_RUN]
    by_run = dict(list(ran.groupby("run")))
    counts: Counter[tuple[int, str, str]] = Counter()
    for before, after in successions:
        if before in by_run and after in by_run:
            both = by_run[before].merge(by_run[after], on=["api", "case"], suffixes=("_was", ""))
            moved = both[both["verdict_was"] != both["verdict"]]
            for api, topics in moved[["api", "topic"]].itertuples(index=False, name=None):
                counts.update((after, api, topic) for topic in topics.split(";"))
    return dict(counts)


def compatibility(counts: pd.DataFrame, columns: Mapping[tuple[int, str], str]) -> pd.DataFrame:
    """Rows: topics. Columns: APIs with their version. Cells: the worst verdict and all counts."""
    cells: dict[str, dict[str, str]] = {title: {} for title in columns.values()}
    topics: set[str] = set()
    for (run, api, topic), numbers in zip(counts.index, counts.to_numpy().tolist(), strict=True):
        cells[columns[run, api]][topic] = cell(dict(zip(VERDICTS, numbers, strict=True)))
        topics.add(topic)
    frame = pd.DataFrame(cells, index=pd.Index(sorted(topics), name="topic"), dtype=object)
    return frame.fillna(NO_CASE)


def cell(counts: Mapping[Verdict, int]) -> str:
    """The worst verdict, then how often each was given: ``translated: 3 same, 2 translated``."""
    given = [v for v in VERDICTS if counts.get(v)]
    return f"{given[-1]}: " + ", ".join(f"{counts[v]} {v}" for v in given)
