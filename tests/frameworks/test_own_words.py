"""One example and a length, as people write them, against the real framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from dead_ends import has_a_recipe

from conformance import question
from conformance.adapters.framework import Api, Framework
from conformance.adapters.runtime import Runtime
from conformance.answers.vocabulary import vocabulary_of
from conformance.authoring.call_files import CannotUse
from conformance.cases.sampling import SAMPLED_OPS, SMALL, draws
from conformance.question import OutputLength, Question
from conformance.recipes import call_writer, search
from conformance.recipes.call_writer import Call
from conformance.recipes.search import LENGTH
from conformance.workers.outcomes import Answer, Outcome
from conformance.workers.worker_client import Task, WorkerClient

EXAMPLES, LENGTHS = 60, 120
TRANSPOSED = tuple(op for op in SAMPLED_OPS if op.startswith("conv_transpose"))


def outcomes(
    client: WorkerClient, calls: Iterator[tuple[str, Call, np.ndarray]]
) -> Iterator[tuple[str, Outcome, np.ndarray]]:
    """What each call gave, beside what it should have given."""
    expected: dict[str, tuple[str, np.ndarray]] = {}

    def tasks() -> Iterator[Task]:
        for number, (name, call, array) in enumerate(calls):
            expected[str(number)] = name, array
            yield Task(str(number), call.source, call.arrays)

    for task, outcome in client.submit(tasks()):
        name, array = expected[task.key]
        yield f"{name}: {outcome.words}\n{task.source}", outcome, array


def test_recipes_give_the_answer_to_one_example(
    framework: Framework, runtime: Runtime, client: WorkerClient
) -> None:
    def calls() -> Iterator[tuple[str, Call, np.ndarray]]:
        space = replace(SMALL, batches=(1,))
        for q in islice(draws(31, TRANSPOSED, space), EXAMPLES):
            one = q.but(unbatched=True)
            expected = question.as_passed(one, question.answer(one))
            for api in framework.apis:
                if api.operator != one.operator or api.is_variant:
                    continue
                recipe = call_writer.write(framework, runtime, api, one, "recipe")
                if has_a_recipe(api, one, runtime):
                    assert isinstance(recipe, Call), f"{api.id} has no recipe for {one}: {recipe}"
                    yield api.id, recipe, expected
                naive = call_writer.write(framework, runtime, api, one, "native")
                is_limited = search.first_limitation(api, one, runtime) is not None
                means_it = api.native(one) == api.equivalent(one) and not api.reads_kernel_reversed
                if api.takes_unbatched and means_it and isinstance(naive, Call) and not is_limited:
                    yield f"{api.id}, naive", naive, expected

    wrong = [
        words
        for words, outcome, expected in outcomes(client, calls())
        if not (isinstance(outcome, Answer) and np.array_equal(outcome.array, expected))
    ]
    assert wrong == []


def test_a_length_has_the_meaning_that_is_written_of_the_api(
    framework: Framework, runtime: Runtime, client: WorkerClient
) -> None:
    """Where an API takes the word, it answers what `vocabulary_of` understands, or refuses.

    In float64 where an API has it, as the routine that MXNet has for float32 ignores the word
    (docs/findings.md).
    """
    apis = [
        api for api in framework.apis
        if LENGTH in api.parameters.values() and not api.is_variant and api.operator != "conv"
    ]  # fmt: skip
    if not apis:
        pytest.skip("no API takes the length of an output")
    space = replace(SMALL, dtypes=("float64",))
    (first,) = islice(draws(32, ("conv_transpose",), space), 1)
    if all(search.boundary(api, first, runtime) for api in apis):
        space = replace(SMALL, dtypes=("float32",))

    questions = (
        q
        for q in draws(32, ("conv_transpose",), space)
        if any(has_a_recipe(api, q, runtime) for api in apis)
    )

    def calls() -> Iterator[tuple[str, Call, np.ndarray]]:
        for number, q in enumerate(islice(questions, LENGTHS)):
            written = None if number % 2 else q.padding
            sized = q.but(length=OutputLength(space=q.output_space, padding=written))
            for api in apis:
                naive = call_writer.write(framework, runtime, api, sized, "native")
                passed = search.as_passed_to(api, sized)
                meaning = resolved(api.id, passed, sized)
                if not isinstance(naive, Call) or meaning is None:
                    continue
                if not any(search.first_limitation(api, q, runtime) for q in (passed, meaning)):
                    yield api.id, naive, question.answer(as_read(api, meaning).but(bias=q.bias))

    answered, wrong = 0, []
    for words, outcome, expected in outcomes(client, calls()):
        if isinstance(outcome, Answer):
            answered += 1
            if not np.array_equal(outcome.array, expected):
                wrong.append(words)
    assert wrong == []
    assert answered > LENGTHS // 10


def as_read(api: Api, q: Question) -> Question:
    """The question with the kernel as the naive call of an API reads it."""
    if not api.reads_kernel_reversed:
        return q
    return q.but(kernel=np.flip(q.kernel, tuple(range(2, q.kernel.ndim))))


def resolved(api: str, q: Question, sized: Question) -> Question | None:
    assert sized.length is not None
    try:
        return vocabulary_of(api).resolve(q.but(length=None), {LENGTH: sized.length.space})
    except (CannotUse, ValueError):
        return None
