"""Runs made by hand for the tests of the report: a few cases, and what an API gave for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.cases.model import Case, Document, Erratum, Expected, Place
from conformance.observations import Observation
from conformance.question import Question
from conformance.report import output
from conformance.report.environments import environments
from conformance.report.model import Report, report
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header, Run

LAYER = "torch.nn.ConvTranspose"
FUNCTION = "torch.nn.functional.conv_transpose"
RIGHT = {"native": "match", "recipe": "match"}


def case(id_: str, **given: Any) -> Case:
    """A case of a transposed convolution of 1, 2 with 1, 10."""
    question = Question(
        op="conv_transpose",
        x=np.array([[[1.0, 2.0]]], np.float32),
        kernel=np.array([[[1.0, 10.0]]], np.float32),
    )
    return Case(
        **{
            "id": id_,
            "op": "conv_transpose",
            "question": question,
            "why": f"Why {id_}.",
            "exact": True,
            "topics": ("basic",),
            "place": Place("cases/some.yaml", 3, 5),
            **given,
        }
    )


def erroneous(**given: Any) -> Case:
    """A case whose document prints one number too many."""
    return case(
        "wrong",
        claims=("C1",),
        document=Document("codemia", "A page", "page.example"),
        expected=Expected(numbers=np.array([[[1, 12, 20, 7]]])),
        erratum=Erratum(sentence="One too many.", numbers=np.array([[[1, 12, 20]]])),
        **given,
    )


def observed(of: Case, mode: str, status: str, api: str = LAYER, **given: Any) -> Observation:
    """What ``api`` gave for a case in one mode."""
    told: dict[str, Any] = {
        "api": api,
        "case": of.id,
        "mode": mode,
        "status": status,
        "op": of.op,
        "topics": of.topics,
        "cost": "arguments only",
        "content": PreparedCase(of).content,
        "exact": of.exact,
        **given,
    }
    return Observation(**told)


def both(of: Case, statuses: Mapping[str, str], **given: Any) -> list[Observation]:
    """What an API gave for a case in both modes."""
    return [observed(of, mode, status, **given) for mode, status in statuses.items()]


def run(*observations: Observation, complete: bool = True, **header: Any) -> Run:
    """A run of torch that has its layer and no other API."""
    told: dict[str, Any] = {
        "framework": "torch",
        "version": "2.0",
        "apis": {LAYER: True, FUNCTION: False},
        **header,
    }
    name = "-".join(str(told[key]) for key in ("framework", "version", "backend") if told.get(key))
    return Run(
        path=Path(f"{name}.jsonl"),
        header=Header(**told),
        observations=observations,
        complete=complete,
    )


def failed(framework: str, why: str, name: str = "failed.jsonl") -> Run:
    """A run of an environment that could not be made."""
    header = Header(framework=framework, failure=why)
    return Run(path=Path(name), header=header, observations=(), complete=True)


def report_of(*runs: Run, cases: tuple[Case, ...]) -> Report:
    """The report on runs."""
    return report(environments(runs), cases)


def files(report: Report, folder: Path) -> dict[str, str]:
    """The text of each file of a report, by its name."""
    return {path.name: path.read_bytes().decode() for path in output.write(report, folder)}
