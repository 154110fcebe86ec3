"""The report's tables as pandas data frames, from which every file and page of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import pandas as pd

from conformance.cases import Case
from conformance.frameworks import FRAMEWORKS
from conformance.observations import VERDICTS, Status, verdict
from conformance.runs import Run
from conformance.survey import concerns

ENVIRONMENT = ["framework", "version", "backend"]
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
    "shape",
    "dtype",
    "digest",
    "content",
]
VERDICT = [*ENVIRONMENT, "api", "case", "op", "topic", "verdict", "native", "recipe", "cost"]
NO_CASE = "no case"


def observations(runs: Iterable[Run]) -> pd.DataFrame:
    """One row for each observation, sorted by its key; several topics are joined by ``;``."""
    rows = [
        {
            **_environment(run),
            **asdict(observation),
            "topic": ";".join(observation.topics),
            "shape": _shape(observation.shape),
        }
        for run in runs
        for observation in run.observations
    ]
    frame = pd.DataFrame(rows, columns=OBSERVATION)
    return _sorted(frame, ["api", "case", "mode"])


def verdicts(observed: pd.DataFrame, runs: Sequence[Run], cases: Iterable[Case]) -> pd.DataFrame:
    """One row for each case and API; what could not be asked is there as ``not run``."""
    keys = [*ENVIRONMENT, "api", "case", "op", "topic"]
    by_mode = observed.pivot(index=keys, columns="mode", values=["status", "cost"])
    frame = pd.DataFrame(
        {
            "native": _column(by_mode, "status", "native"),
            "recipe": _column(by_mode, "status", "recipe"),
            "cost": _column(by_mode, "cost", "recipe"),
        }
    )
    pairs = list(zip(frame["native"], frame["recipe"], strict=True))
    # Few pairs of statuses exist, so each is judged once, however many rows there are.
    judged = {pair: verdict(_statuses(*pair)) for pair in set(pairs)}
    frame["verdict"] = [judged[pair] for pair in pairs]
    frame = pd.concat([frame.reset_index(), _not_run(observed, runs, list(cases))])
    return _sorted(frame[VERDICT], ["api", "case"])


def _column(frame: pd.DataFrame, value: str, mode: str) -> pd.Series:
    empty = pd.Series(None, index=frame.index, dtype=object)
    return frame.get((value, mode), empty).astype(object).where(lambda s: s.notna(), None)


def _statuses(native: Status | None, recipe: Status | None) -> dict[str, Status]:
    given = {"native": native, "recipe": recipe}
    return {mode: status for mode, status in given.items() if status is not None}


def _sorted(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return frame.sort_values([*ENVIRONMENT, *by], na_position="first").reset_index(drop=True)


def compatibility(judged: pd.DataFrame) -> pd.DataFrame:
    """Rows: topics. Columns: APIs with their version. Cells: the worst verdict and all counts."""
    exploded = judged.assign(
        topic=judged["topic"].str.split(";"),
        column=[column_of(*row) for row in judged[[*ENVIRONMENT, "api"]].itertuples(index=False)],
    ).explode("topic")
    counts = exploded.groupby(["topic", "column"])["verdict"].value_counts().unstack(fill_value=0)
    cells = counts.apply(lambda row: cell(row[row > 0].to_dict()), axis=1).unstack()
    return cells.fillna(NO_CASE)


def cell(counts: Mapping[str, int]) -> str:
    """The worst verdict, then how often each was given: ``translated: 3 same, 2 translated``."""
    given = [v for v in VERDICTS if v in counts]
    return f"{given[-1]}: " + ", ".join(f"{counts[v]} {v}" for v in given)


def column_of(framework: str, version: str | None, backend: str | None, api: str) -> str:
    """An API with its version, such as ``keras.ops.conv (3.15.1 on torch)``."""
    if pd.isna(version):
        return f"{api} ({framework} not run)"
    return f"{api} ({version})" if pd.isna(backend) else f"{api} ({version} on {backend})"


def _environment(run: Run) -> dict[str, str | None]:
    return {name: getattr(run.header, name) for name in ENVIRONMENT}


def _not_run(observed: pd.DataFrame, runs: Sequence[Run], cases: list[Case]) -> pd.DataFrame:
    seen = set(observed[[*ENVIRONMENT, "api", "case"]].itertuples(index=False, name=None))
    rows = []
    for run in runs:
        header = run.header
        for api in FRAMEWORKS[header.framework].apis:
            for case in cases:
                key = (*_environment(run).values(), api.id, case.id)
                if not concerns(api, case) or key in seen:
                    continue
                rows.append(
                    {
                        **_environment(run),
                        "api": api.id,
                        "case": case.id,
                        "op": case.op,
                        "topic": ";".join(case.topics),
                        "verdict": "not run",
                    }
                )
    return pd.DataFrame(rows, columns=VERDICT)


def _shape(shape: tuple[int, ...] | None) -> str | None:
    return None if shape is None else "x".join(map(str, shape))
