"""Proofs: only what is like the call in every argument speaks for it, or against it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from gate_runs import seen
from small_layers import TORCH, layer

from conformance.adapters.runtime import ANY
from conformance.observations import Mode, Observation
from conformance.question import Question, stand_in
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header
from conformance.translate import proofs
from conformance.translate.proofs import SEVERAL, Objection
from conformance.translate.records import Record

API = TORCH.api
DILATED = layer(dilation=(2, 2))
NEGATIVE = layer(padding=((-1, -1), (-1, -1)))  # which the adapter knows to be refused


def prepared_case(name: str, question: Question, error: str | None = None) -> PreparedCase:
    """As far as a record looks at it."""
    case = SimpleNamespace(id=name, question=question, expected=SimpleNamespace(error=error))
    return cast(PreparedCase, SimpleNamespace(case=case, content=f"content of {name}"))


def record(*asked: tuple[Question, dict[str, Any]], error: str | None = None) -> Record:
    """What came of questions, in the order in which they stand here."""
    names = [f"case-{number}" for number in range(len(asked))]
    found = [seen(n, api=API.id, **given) for n, (_, given) in zip(names, asked, strict=True)]

    def observe(_: object, mode: Mode) -> Iterable[Observation]:
        return (o for o in found if o.mode == mode)

    return Record(
        path=Path("run.jsonl"),
        header=Header(framework="torch"),
        prepared_cases={
            n: prepared_case(n, q, error) for n, (q, _) in zip(names, asked, strict=True)
        },
        observe=observe,
    )


RIGHT: dict[str, Any] = {"mode": "recipe", "status": "match", "rewrites": ()}
REFUSED: dict[str, Any] = {"mode": "native", "status": "rejected", "detail": "No."}
ANSWERED: dict[str, Any] = {"mode": "native", "status": "mismatch"}


def proven(question: Question, *asked: tuple[Question, dict[str, Any]]) -> tuple[str, ...]:
    return proofs.proof(API, question, (), record(*asked)).cases


def test_a_dilated_layer_is_proven_by_dilated_cases_only() -> None:
    assert proven(DILATED, (layer(), RIGHT), (DILATED, RIGHT)) == ("case-1",)


def test_a_case_of_another_size_proves() -> None:
    smaller = layer(x=stand_in((1, 1, 2, 2)), kernel=stand_in((1, 1, 2, 2)))
    assert proven(layer(), (smaller, RIGHT)) == ("case-0",)


OTHERWISE = {
    "another recipe": {"rewrites": ("kernel flipped",)},
    "what went wrong": {"status": "mismatch"},
    "a native call": {"mode": "native"},
    "a gradient": {"op": "conv_transpose_input_gradient"},
    "a case that has changed since": {"content": "another"},
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_is_otherwise_proves_nothing(name: str) -> None:
    assert proven(layer(), (layer(), {**RIGHT, **OTHERWISE[name]})) == ()


def test_a_case_without_an_answer_proves_nothing() -> None:
    refusing = record((layer(), RIGHT), error="stride must be at least 1")
    assert proofs.proof(API, layer(), (), refusing).cases == ()


def test_without_a_proof_each_argument_is_counted_alone() -> None:
    proof = proofs.proof(API, DILATED, (), record((layer(), RIGHT), (layer(), RIGHT)))
    counted = dict(zip(proof.arguments, proof.apart, strict=True))
    assert counted["dilation above 1"] == 0
    assert set(counted.values()) == {0, 2}


def test_a_known_limit_refuses_though_no_case_says_so() -> None:
    objection = proofs.refusal(API, NEGATIVE, record())
    assert objection == Objection("padding must not be negative", is_certain=True)


def test_a_limit_is_doubted_where_another_gives_the_call_another_meaning() -> None:
    both = NEGATIVE.but(output_padding=(1, 1))
    objection = proofs.refusal(API, both, record((layer(output_padding=(1, 1)), ANSWERED)))
    assert objection == Objection("padding must not be negative", is_certain=False)


def test_a_limit_that_calls_are_answered_under_does_not_refuse() -> None:
    assert proofs.refusal(API, NEGATIVE, record((NEGATIVE, ANSWERED))) is None


def test_several_refusals_of_such_calls_are_believed() -> None:
    several = record(*[(DILATED, REFUSED)] * SEVERAL)
    assert proofs.refusal(API, DILATED, several) == Objection("No.", is_certain=True)
    assert proofs.refusal(API, layer(), several) is None


def test_a_few_refusals_are_doubted() -> None:
    few = record(*[(DILATED, REFUSED)] * (SEVERAL - 1))
    assert proofs.refusal(API, DILATED, few) == Objection("No.", is_certain=False)


def test_refusals_are_doubted_where_such_a_call_was_answered() -> None:
    mixed = record(*[(DILATED, REFUSED)] * SEVERAL, (DILATED, ANSWERED))
    assert proofs.refusal(API, DILATED, mixed) == Objection("No.", is_certain=False)


def test_a_call_that_cannot_be_written_is_not_refused() -> None:
    uneven = layer(padding=((-1, 0), (-1, 0)))
    assert proofs.refusal(API, uneven, record()) is None


def test_a_call_that_is_known_to_be_answered_wrongly_says_so() -> None:
    limit = next(limit for limit in API.limits if limit.is_refusal)
    wrong = replace(API, limits=(replace(limit, concerns=lambda _: True, is_refusal=False),))
    assert proofs.falsehood(wrong, layer(), ANY) == limit.reason
    assert proofs.falsehood(API, layer(), ANY) is None
