"""Make the tables of a report as pandas data frames."""

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

Description: TypeAlias = tuple[str, str]
"""The op and the topics of a case."""


def observations(environments: Sequence[Environment], cases: Iterable[Case]) -> pd.DataFrame:
    """Return one row for each observation that there is or should be.

    Parameters
    ----------
    environments
        The runs in their order.
    cases
        The cases as they are now, which describe a case also where a run describes it otherwise.

    Returns
    -------
    DataFrame
        Sorted by environment, API, case and mode. ``run`` is the place of the environment. The
        status of a missing observation is ``not run``. Several topics are joined by ``;``.
    """
    cases = tuple(cases)
    current = {case.id: (case.op, ";".join(case.labels)) for case in cases}
    rows: list[tuple[object, ...]] = []
    for number, environment in enumerate(environments):
        start = (number, *environment_key(environment))
        descriptions = dict(current)
        for observation in environment.run.observations:
            case = observation.case
            if case not in descriptions:
                descriptions[case] = (observation.op, ";".join(observation.topics))
            rows.append((*start, *_row(observation, descriptions[case])))
        for api, case, mode, reason in _missing(environment, cases):
            tail = (None,) * (len(OBSERVATION) - OBSERVATION.index("cost"))
            rows.append(
                (*start, api, case, *descriptions[case], mode, NOT_RUN, None, reason, *tail)
            )
    frame = pd.DataFrame(rows, columns=["run", *OBSERVATION], dtype=object)
    frame["run"] = frame["run"].astype(int)
    return frame.sort_values([*_KEY, "mode"], ignore_index=True)


def environment_key(environment: Environment) -> tuple[str | None, ...]:
    """Return the values of the columns in `ENVIRONMENT`."""
    header = environment.run.header
    versions = (header.version, header.backend, header.runtime_class)
    return header.framework, *map(_plain, versions)


def _row(observation: Observation, description: Description) -> tuple[object, ...]:
    return (
        observation.api,
        observation.case,
        *description,
        observation.mode,
        observation.status,
        _plain(observation.full_diagnosis),
        _plain(observation.detail),
        _plain(observation.cost),
        observation.claim,
        observation.correction,
        None if observation.shape is None else "x".join(map(str, observation.shape)),
        observation.dtype,
        observation.digest,
        observation.content,
    )


def _plain(words: str | None) -> str | None:
    return None if words is None else plain(words)


def _missing(
    environment: Environment, cases: Sequence[Case]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield every API, case and mode without an observation, and the reason."""
    by_api: dict[str, dict[str, set[str]]] = {}
    for observation in environment.run.observations:
        modes = by_api.setdefault(observation.api, {mode: set() for mode in MODES})
        modes[observation.mode].add(observation.case)
    apis = {api.id: api for api in FRAMEWORKS[environment.framework].apis}
    for api in apis | by_api:
        present = by_api.get(api, {mode: set() for mode in MODES})
        required = set().union(*present.values())
        if api in apis:
            required |= {case.id for case in cases if is_applicable(apis[api], case)}
        reason = _reason_missing(environment, api)
        for mode in MODES:
            yield from ((api, case, mode, reason) for case in required - present[mode])


def _reason_missing(environment: Environment, api: str) -> str:
    if environment.trouble:
        return environment.trouble
    header = environment.run.header
    if api not in header.apis:
        return "The run knows nothing of this API."
    if not header.apis[api]:
        return f"{environment.title} does not have this API."
    if header.selection:
        return f"The run asked only {plain(str(header.selection))}."
    return "The run did not ask this."


def verdicts(observations: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each case and API.

    Parameters
    ----------
    observations
        What the function of this name returns.

    Returns
    -------
    DataFrame
        In the same order. ``reason`` says why the verdict is not ``same``; ``native_reason`` and
        ``recipe_reason`` are the diagnosis of the mode, or else its detail; ``right_shape`` says
        whether a wrong answer to the naive call has the shape of the right answer.
    """
    by_mode = {
        mode: frame.set_index(_KEY) for mode, frame in observations.groupby("mode", sort=False)
    }
    if not by_mode:
        return pd.DataFrame(columns=["run", *VERDICT, *_EXTRA], dtype=object)
    native, recipe = by_mode["native"], by_mode["recipe"]
    frame = native[[*ENVIRONMENT, "op", "topic"]].copy()
    frame["native"], frame["recipe"] = native["status"], recipe["status"]
    pairs = list(zip(frame["native"], frame["recipe"], strict=True))
    # There are few pairs of statuses and many rows, so the verdict of each pair is found once.
    verdict_of = {pair: _verdict(*pair) for pair in set(pairs)}
    frame["verdict"] = [verdict_of[pair] for pair in pairs]
    frame["cost"] = recipe["cost"].where(recipe["status"] != "inexpressible", None)
    frame["diagnosis"] = _first(native["diagnosis"], recipe["diagnosis"])
    frame["native_reason"] = _first(native["diagnosis"], native["detail"])
    frame["recipe_reason"] = _first(recipe["diagnosis"], recipe["detail"])
    columns = ["verdict", "native", "native_reason", "recipe_reason"]
    frame["reason"] = [_reason(*row) for row in frame[columns].itertuples(index=False, name=None)]
    frame["right_shape"] = (
        (native["status"] == "mismatch")
        & (recipe["status"] == "match")
        & (native["shape"] == recipe["shape"])
    )
    return frame.reset_index()


def _verdict(native: str, recipe: str) -> Verdict:
    # Without the naive call, nobody knows whether the question needs a translation.
    if NOT_RUN in (native, recipe):
        return "not run"
    return verdict({"native": cast(Status, native), "recipe": cast(Status, recipe)})


def _reason(
    overall: Verdict, native: str, native_reason: str | None, recipe_reason: str | None
) -> str | None:
    """Return the reason of the mode that decided the verdict."""
    if overall == "same":
        return None
    if overall == "undecided":
        is_native = native == "undecided"
    elif overall in ("broken", "not run"):
        is_native = native in (NOT_RUN, "crashed", "hung", "flaky")
    else:
        is_native = overall == "translated"
    return native_reason if is_native else recipe_reason


def _first(values: pd.Series[Any], defaults: pd.Series[Any]) -> pd.Series[Any]:
    return values.where(values.notna(), defaults)


def by_topic(verdict_table: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts by topic.

    Parameters
    ----------
    verdict_table
        What `verdicts` returns.

    Returns
    -------
    DataFrame
        A column for each verdict; the index is run, API and topic.
    """
    topics = verdict_table["topic"].str.split(";")
    keys = [verdict_table["run"], verdict_table["api"], topics, verdict_table["verdict"]]
    rows = pd.concat(keys, axis=1).explode("topic")
    counts = rows.groupby(["run", "api", "topic", "verdict"]).size().unstack(fill_value=0)
    return counts.reindex(columns=list(VERDICTS), fill_value=0)


def changed_by_topic(
    verdict_table: pd.DataFrame, successions: Iterable[tuple[int, int]]
) -> dict[tuple[int, str, str], int]:
    """Count the verdicts that differ from those of the run before.

    Parameters
    ----------
    verdict_table
        What `verdicts` returns; rows that were not run do not count.
    successions
        Pairs of numbers of runs, an older one and a newer one.

    Returns
    -------
    dict
        The counts by the newer run, API and topic.
    """
    answers = verdict_table[verdict_table["verdict"] != NOT_RUN]
    by_run = dict(list(answers.groupby("run")))
    counts: Counter[tuple[int, str, str]] = Counter()
    for before, after in successions:
        if before in by_run and after in by_run:
            both = by_run[before].merge(by_run[after], on=["api", "case"], suffixes=("_was", ""))
            changed = both[both["verdict_was"] != both["verdict"]]
            for api, topics in changed[["api", "topic"]].itertuples(index=False, name=None):
                counts.update((after, api, topic) for topic in topics.split(";"))
    return dict(counts)


def compatibility(counts: pd.DataFrame, titles: Mapping[tuple[int, str], str]) -> pd.DataFrame:
    """Return the worst verdict and all counts of each topic and API.

    Parameters
    ----------
    counts
        What `by_topic` returns.
    titles
        The titles of the columns, by run and API.

    Returns
    -------
    DataFrame
        A row for each topic, which is the index, and a column for each API.
    """
    cells: dict[str, dict[str, str]] = {title: {} for title in titles.values()}
    topics: set[str] = set()
    for (run, api, topic), numbers in zip(counts.index, counts.to_numpy().tolist(), strict=True):
        cells[titles[run, api]][topic] = cell(dict(zip(VERDICTS, numbers, strict=True)))
        topics.add(topic)
    frame = pd.DataFrame(cells, index=pd.Index(sorted(topics), name="topic"), dtype=object)
    return frame.fillna(NO_CASE)


def cell(counts: Mapping[Verdict, int]) -> str:
    """Return the worst verdict and all counts, as in ``translated: 3 same, 2 translated``."""
    present = [verdict for verdict in VERDICTS if counts.get(verdict)]
    return f"{present[-1]}: " + ", ".join(f"{counts[v]} {v}" for v in present)
