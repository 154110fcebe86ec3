"""Draws from the space of questions: repeatable, answerable, and not always the easy ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from conformance.question import OPS, Question, answer
from conformance.space import DRAWN, LARGEST, draws

MANY = tuple(islice(draws(seed=0), 400))


def test_the_same_seed_draws_the_same_questions() -> None:
    for one, other in zip(islice(draws(seed=1), 30), islice(draws(seed=1), 30), strict=True):
        assert repr(one) == repr(other)


def test_another_seed_draws_other_questions() -> None:
    assert repr(next(draws(seed=1))) != repr(next(draws(seed=2)))


def test_every_draw_has_an_answer_to_the_bit() -> None:
    for q in MANY:
        bound = np.abs(answer(q)).max(initial=0)
        assert bound < 2**24


def test_every_operator_with_numbers_is_drawn() -> None:
    assert {q.op for q in MANY} == set(DRAWN)


@pytest.mark.parametrize("op", [op for op in OPS if op != "interpolate"])
def test_only_the_operators_that_are_asked_for_are_drawn(op: str) -> None:
    assert {q.op for q in islice(draws(seed=3, ops=(op,)), 10)} == {op}


def test_data_are_small_whole_numbers() -> None:
    for q in MANY:
        assert q.x.dtype == np.float32
        assert np.array_equal(q.x, np.rint(q.x))
        assert np.abs(q.x).max() <= LARGEST


def test_gradients_have_one_by_the_output() -> None:
    for q in MANY:
        assert (q.gradient is not None) == q.op.endswith("gradient")


@pytest.mark.parametrize(
    "meets",
    [
        lambda q: q.rank == 1,
        lambda q: q.rank == 3,
        lambda q: q.groups > 1 and max(q.dilation) > 1,
        lambda q: q.bias is not None,
        lambda q: q.padding == "same" and any(b != e for b, e in q.pairs),
        lambda q: q.padding == "valid",
        lambda q: not isinstance(q.padding, str) and np.min(q.padding) < 0,
        lambda q: any(b >= k for (b, _), k in zip(q.pairs, q.window, strict=True)),
        lambda q: any(p >= s for p, s in zip(q.output_padding, q.stride, strict=True) if p),
        lambda q: any(k < s for k, s in zip(q.window, q.stride, strict=True)),
        lambda q: len(set(q.stride)) > 1 and max(q.dilation) > 1,
    ],
    ids=[
        "one axis", "three axes", "groups with dilation", "bias", "same with an odd element",
        "valid", "negative padding", "a crop larger than the kernel",
        "output padding beyond the stride", "a kernel smaller than the stride",
        "crooked strides with dilation",
    ],
)  # fmt: skip
def test_unlikely_arguments_are_drawn_too(meets: Callable[[Question], bool]) -> None:
    assert any(meets(q) for q in MANY)
