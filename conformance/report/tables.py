"""Make the tables of a report as pandas data frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any, cast

import pandas as pd

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases.model import Case
from conformance.observations import MODES, Observation, Status, Verdict, verdict
from conformance.report.environments import Environment
from conformance.runs import twins
from conformance.runs.plan import is_asked
from conformance.utils.text import plain

ENVIRONMENT = ["framework", "version", "backend", "runtime_class"]
OBSERVATION = [
    *ENVIRONMENT, "api", "case", "op", "topic", "mode", "status", "twin", "diagnosis",
    "detail", "cost", "claim", "correction", "shape", "dtype", "digest", "content"
]  # fmt: skip
VERDICT = [
    *ENVIRONMENT, "api", "case", "op", "topic", "verdict", "native", "recipe", "twin",
    "cost", "diagnosis", "reason"
]  # fmt: skip
NOT_RUN = "not run"
_KEY = ["run", "api", "case"]
_FIELDS = ("api", "case", "mode", "status", "claim", "correction", "dtype", "digest", "content")
"""The columns that an observation has in the same form."""
_EXTRA = ["native_reason", "recipe_reason", "right_shape"]


def observations(environments: Sequence[Environment], cases: Iterable[Case]) -> pd.DataFrame:
    """Return one row for each observation that there is or should be.

    A case is described as it is now, also where a run describes it otherwise.

    Returns
    -------
    DataFrame
        Sorted by environment, API, case and mode. ``run`` is the place of the environment. The
        status of a missing observation is ``not run``. Several topics are joined by ``;``.
        ``twin`` is of modes and conversions, as of `conformance.runs.twins`.
    """
    cases = tuple(cases)
    current = {case.id: {"op": case.op, "topic": ";".join(case.labels)} for case in cases}
    rows: list[dict[str, object]] = []
    for number, environment in enumerate(environments):
        start = {"run": number, **environment_key(environment)}
        descriptions = dict(current)
        relations = twins.relations(environment.run.observations)
        for o in environment.run.observations:
            description = {"op": o.op, "topic": ";".join(o.topics)}
            description = descriptions.setdefault(o.case, description)
            rows.append({**start, **description, **_row(o), "twin": relations.get(o.key)})
        for api, case, mode, reason in _missing(environment, cases):
            status = {"api": api, "case": case, "mode": mode, "status": NOT_RUN, "detail": reason}
            rows.append({**start, **descriptions[case], **status})
    frame = pd.DataFrame(rows, columns=["run", *OBSERVATION], dtype=object)
    frame["run"] = frame["run"].astype(int)
    return frame.sort_values([*_KEY, "mode"], ignore_index=True)


def environment_key(environment: Environment) -> dict[str, str | None]:
    """Return the values of the columns in `ENVIRONMENT`."""
    header = environment.run.header
    return {name: _plain(getattr(header, name)) for name in ENVIRONMENT}


def _row(observation: Observation) -> dict[str, object]:
    """Return the columns of an observation without those of its environment and case."""
    shape = observation.shape
    return {name: getattr(observation, name) for name in _FIELDS} | {
        "diagnosis": _plain(observation.full_diagnosis),
        "detail": _plain(observation.detail),
        "cost": _plain(observation.cost),
        "shape": None if shape is None else "x".join(map(str, shape)),
    }


def _plain(words: str | None) -> str | None:
    return None if words is None else plain(words)


def _missing(
    environment: Environment, cases: Sequence[Case]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield every API, case and mode without an observation, and the reason.

    An API of other versions than the one that was run is missing by nobody's fault.
    """
    present = {observation.key for observation in environment.run.observations}
    required = {(api, case) for api, case, _ in present}
    runtime = environment.run.header.runtime
    for api in FRAMEWORKS[environment.framework].apis:
        if runtime.has(api.versions):
            required.update((api.id, case.id) for case in cases if is_asked(api, case))
    for (api_id, case_id), mode in product(required, MODES):
        if (api_id, case_id, mode) not in present:
            yield api_id, case_id, mode, _reason_missing(environment, api_id)


def _reason_missing(environment: Environment, api: str) -> str:
    if environment.problem:
        return environment.problem
    header = environment.run.header
    if api not in header.apis:
        return "The run knows nothing of this API."
    if not header.apis[api]:
        return f"{environment.title} does not have this API."
    if header.selection:
        return f"The run asked only {plain(str(header.selection))}."
    return "The run did not ask this."


def verdicts(observations: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each case and API, from a row for each observation.

    Returns
    -------
    DataFrame
        In the same order. ``reason`` says why the verdict is not ``same``; ``native_reason`` and
        ``recipe_reason`` are the diagnosis of the mode, or else its detail; ``right_shape`` says
        whether a wrong answer to the naive call has the shape of the right answer. ``twin`` is that
        of the naive call.
    """
    by_mode = {
        mode: frame.set_index(_KEY) for mode, frame in observations.groupby("mode", sort=False)
    }
    if not by_mode:
        return pd.DataFrame(columns=["run", *VERDICT, *_EXTRA], dtype=object)
    native, recipe = by_mode["native"], by_mode["recipe"]
    frame = native[[*ENVIRONMENT, "op", "topic"]].copy()
    frame["native"], frame["recipe"] = native["status"], recipe["status"]
    frame["twin"] = native["twin"]
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
