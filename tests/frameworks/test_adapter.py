"""An adapter against its real framework: recipes give the oracle's answer, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pytest
from dead_ends import has_a_recipe

from conformance import question
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Framework
from conformance.adapters.runtime import Runtime
from conformance.cases.sampling import DERIVED_OPS, SAMPLED_OPS, SMALL, WIDE, draws
from conformance.question import Op, Question
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.workers.outcomes import Answer, Outcome, Refusal
from conformance.workers.worker_client import Task, WorkerClient

# Compiling takes a tenth of a second a question and more, and what Python computes takes a second,
# where others take a millisecond.
COUNTS = {
    "equinox": 40,
    "flax": 40,
    "haiku": 40,
    "jax": 40,
    "jax-modes": 20,
    "jax-tensorflow": 20,
    "keras": 300,
    "keras-litert": 20,
    "keras-onnx": 20,
    "onnx2tf": 20,
    "tensorflow-modes": 40,
    "tinygrad": 100,
    "tinygrad-onnx": 100,
    "torch-modes": 20,
    "torch-onnx": 20,
}
MANY = 1000
SPACE = replace(SMALL, paddings=(*SMALL.paddings * 2, "circular"))
LACKING = (
    "adds no bias",
    "a bias that is added after",
    "forward mode",
    "gradient of a gradient",
    "left unwritten",
)
"""Parts of the reasons for which an API has no further derivative, and no recipe makes one.

The last is a wrong answer of oneDNN that no rewriting of a derivative goes around.
"""


@dataclass(frozen=True)
class Trouble:
    """What a framework does to a right question: a finding (docs/findings.md), not our mistake."""

    framework: str
    hits: Callable[[Question], bool]
    does: Callable[[Outcome], bool]


TROUBLES = {
    "torch 2.13 refuses a gradient by a kernel that Keras transposed": (
        Trouble(
            "keras",
            lambda q: q.op == "conv_kernel_gradient",
            lambda outcome: isinstance(outcome, Refusal) and "contiguous" in outcome.message,
        )
    ),
}


def count(framework: Framework, backend: str | None) -> int:
    return COUNTS.get(backend or framework.name, COUNTS.get(framework.name, MANY))


def test_every_api_is_there(framework: Framework, runtime: Runtime, client: WorkerClient) -> None:
    facts = client.identity.facts
    there = {api.id for api in framework.apis if facts[f"api {api.id}"]}
    assert there == {api.id for api in framework.apis if runtime.has(api.versions)}


@pytest.mark.parametrize(("ops", "share"), [(SAMPLED_OPS, 1), (DERIVED_OPS, 4)])
def test_recipes_give_the_oracles_answer(
    framework: Framework, runtime: Runtime, client: WorkerClient, ops: tuple[Op, ...], share: int
) -> None:
    """Native calls are asked in between: what one of them breaks must not reach a recipe."""
    asked: dict[str, Question] = {}
    most = count(framework, runtime.backend) // share
    variants: set[str] = set()

    def tasks() -> Iterator[Task]:
        for number, q in enumerate(islice(draws(20, ops, SPACE), most)):
            for api in framework.apis:
                if api.operator == q.operator:
                    native = call_writer.write(framework, runtime, api, q, "native")
                    if isinstance(native, Call):
                        yield Task("", native.source, native.arrays)
                    recipe = call_writer.write(framework, runtime, api, q, "recipe")
                    if not has_a_recipe(api, q, runtime):
                        continue
                    if api.is_variant and not isinstance(recipe, Call):
                        continue  # the API that it is a variant of has a recipe
                    if isinstance(recipe, Inexpressible) and q.op in DERIVED_OPS:
                        assert any(words in recipe.reason for words in LACKING)
                        continue
                    assert isinstance(recipe, Call), f"{api.id} has no recipe for {q}: {recipe}"
                    key = f"{number} {api.id}"
                    asked[key] = q
                    if api.is_variant:
                        variants.add(key)
                    yield Task(key, recipe.source, recipe.arrays)

    wrong = []
    for task, outcome in client.submit(tasks()):
        if not task.key:
            continue
        q = asked[task.key]
        right = isinstance(outcome, Answer) and np.array_equal(outcome.array, question.answer(q))
        if task.key in variants and isinstance(outcome, Refusal):
            continue  # a layout may be for other machines than a CPU
        if not right and not known(framework, q, outcome):
            wrong.append(f"{task.key}: {outcome.words}\n{task.source}")
    assert wrong == []


def test_no_recipe_is_refused(framework: Framework, runtime: Runtime, client: WorkerClient) -> None:
    """In every dtype, of any size, with infinite numbers: what is refused is a limitation."""
    questions: dict[str, Question] = {}
    most = count(framework, runtime.backend) // 5

    def tasks() -> Iterator[Task]:
        for number, q in enumerate(islice(draws(30, (*SAMPLED_OPS, *DERIVED_OPS), WIDE), most)):
            for api in framework.apis:
                if api.operator == q.operator and not api.is_variant:
                    recipe = call_writer.write(framework, runtime, api, q, "recipe")
                    if isinstance(recipe, Call):
                        key = f"{number} {api.id}"
                        questions[key] = q
                        yield Task(key, recipe.source, recipe.arrays)

    refusals = [
        f"{task.key}: {outcome.words}\n{task.source}"
        for task, outcome in client.submit(tasks())
        if isinstance(outcome, Refusal) and not known(framework, questions[task.key], outcome)
    ]
    assert refusals == []


def known(framework: Framework, q: Question, outcome: Outcome) -> bool:
    return any(
        trouble.framework == framework.name and trouble.hits(q) and trouble.does(outcome)
        for trouble in TROUBLES.values()
    )
