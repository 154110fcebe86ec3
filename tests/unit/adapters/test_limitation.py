"""What limitations of several frameworks ask of a question."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from conformance.adapters import tinygrad
from conformance.adapters.limitation import meets_no_input
from conformance.cases.sampling import draws
from conformance.question import Op, Question, answer


@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
def test_a_kernel_meets_no_input_where_all_sums_are_empty(op: Op) -> None:
    answers = {False: 0, True: 0}
    for q in islice(draws(seed=1, ops=(op,)), 2000):
        is_ones = q.but(x=np.ones_like(q.x), kernel=np.ones_like(q.kernel), bias=None)
        is_empty = not answer(is_ones).any()
        assert any(meets_no_input(q)) is is_empty, q
        answers[is_empty] += 1
    assert min(answers.values()) > 10


def test_without_an_output_there_is_nothing_to_meet() -> None:
    kernel = np.ones((1, 1, 3), np.float32)
    q = Question(op="conv", x=kernel[..., :2], kernel=kernel)
    assert not q.has_output
    assert meets_no_input(q) == ()


@pytest.mark.parametrize(
    ("pair", "output_padding", "is_refused"),
    [
        ((0, 0), 0, False),
        ((2, 2), 0, False),
        ((3, 3), 2, False),  # output padding takes from the crop at the end
        ((5, -1), 0, False),  # all five elements, three and the zeros between them
        ((6, -2), 0, True),
        ((6, 0), 2, True),
    ],
)
def test_tinygrad_refuses_to_crop_more_than_the_input(
    pair: tuple[int, int], output_padding: int, is_refused: bool
) -> None:
    x, kernel = np.ones((1, 1, 3), np.float32), np.ones((1, 1, 1), np.float32)
    q = Question(op="conv_transpose", x=x, kernel=kernel, stride=(2,), padding=(pair,))
    q = q.but(output_padding=(output_padding,))
    reason = "a crop of more than the input is refused"
    assert any(limit.reason == reason and limit.stops(q) for limit in tinygrad.LIMITS) is is_refused
