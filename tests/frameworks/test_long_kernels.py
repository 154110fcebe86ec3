"""Gradients by long kernels, which oneDNN gets wrong, in every framework: few are ever drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from dead_ends import has_a_recipe

from conformance import question
from conformance.adapters.framework import Framework
from conformance.adapters.runtime import Runtime
from conformance.oracle.geometry import Padding, padding_of
from conformance.question import Array, Dtype, Op, Question
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.workers.outcomes import Answer, Refusal
from conformance.workers.worker_client import Task, WorkerClient


def gradient(op: Op, n: int, k: int, s: int, padding: Padding, dtype: Dtype) -> Question:
    """Over three axes, of which the first is long, and has ``n`` elements to convolve."""
    extra = 0
    if op.startswith("conv_transpose"):
        whole = n if isinstance(padding, str) else n + 2 * padding[0] - k
        n, extra = question_of("conv", n, k, s, padding, dtype).output_space[0], whole % s
    asked = question_of(op, n, k, s, padding, dtype).but(output_padding=(extra, 0, 0))
    return asked.but(gradient=whole_numbers(asked.output_shape) % 3 - 1)


def question_of(op: Op, n: int, k: int, s: int, padding: Padding, dtype: Dtype) -> Question:
    return Question(
        op=op,
        x=whole_numbers((2, 2, n, 2, 2)) % 4 - 1,
        kernel=whole_numbers((2, 2, k, 1, 1)) % 3 - 1,
        stride=(s, 1, 1),
        padding=padding_of(padding, 3),
        output_padding=(0, 0, 0),
        dilation=(1, 1, 1),
        dtype=dtype,
    )


def whole_numbers(shape: tuple[int, ...]) -> Array:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize("op", ["conv_kernel_gradient", "conv_input_gradient",
                                "conv_transpose_kernel_gradient"])  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("n", "k", "s", "padding"),
    [
        (6, 5, 3, (4, 0, 0)), (4, 4, 2, (3, 0, 0)), (2, 7, 5, (6, 0, 0)), (8, 8, 2, "same"),
        (6, 8, 2, "same"), (3, 5, 1, "same"),
    ],
    ids=str,
)  # fmt: skip
def test_no_recipe_gives_a_wrong_gradient(
    framework: Framework,
    runtime: Runtime,
    client: WorkerClient,
    op: Op,
    dtype: Dtype,
    n: int,
    k: int,
    s: int,
    padding: Padding,
) -> None:
    q = gradient(op, n, k, s, padding, dtype)
    apis = [api for api in framework.apis if api.operator == q.operator and not api.is_variant]
    if not any(has_a_recipe(api, q, runtime) for api in apis):
        pytest.skip("no API has gradients")
    wanted = question.answer(q)

    def tasks() -> Iterator[Task]:
        for api in apis:
            call = call_writer.write(framework, runtime, api, q, "recipe")
            if isinstance(call, Call):
                yield Task(api.id, call.source, call.arrays)

    answered = 0
    for task, outcome in client.submit(tasks()):
        answered += isinstance(outcome, Answer)
        right = isinstance(outcome, Answer) and np.array_equal(outcome.array, wanted)
        refused = isinstance(outcome, Refusal)  # as some dtypes are
        assert right or refused, f"{task.key}: {outcome.words}\n{task.source}"
    assert answered
