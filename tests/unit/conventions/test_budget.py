"""Budgets: a search ends where its work is spent, says so, and depends on no clock."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from conformance import question
from conformance.conventions import budget
from conformance.conventions.budget import EACH, Budget
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import Node, root_of
from conformance.question import Question


def layer(channels: int = 2, space: tuple[int, int] = (5, 6)) -> Question:
    random = np.random.default_rng(0)
    return Question(
        op="conv_transpose",
        x=random.integers(-9, 10, (2, channels, *space)).astype(np.float32),
        kernel=random.integers(-9, 10, (channels, 3, 4, 3)).astype(np.float32),
        stride=(2, 1),
        padding=((1, 1), (1, 0)),
    )


Q = layer()
WANTED = question.answer(Q)
WRONG = WANTED + 1


def test_work_is_counted_in_products() -> None:
    spent = Budget()
    spent.spend(question.products(Q))
    assert spent.spent == budget.EACH + question.products(Q)
    assert question.products(Q) == 2 * 2 * 3 * 12 * 30


def test_what_has_no_answer_has_no_products() -> None:
    small = Q.but(op="conv", x=Q.x[..., :1, :1], padding=((0, 0), (0, 0)))
    with pytest.raises(ValueError, match="does not fit"):
        _ = root_of(small).products


def test_a_search_that_may_do_all_says_nothing_of_its_budget() -> None:
    found = diagnose(Q, WANTED, WRONG, exact=True)
    assert found.words.startswith("No known convention. The largest difference is 1")


def test_a_search_is_cut_where_its_products_are_spent_and_says_so() -> None:
    allowed = Budget(products=20 * (budget.EACH + question.products(Q)))
    found = diagnose(Q, WANTED, WRONG, exact=True, budget=allowed)
    assert found.cut is not None
    assert found.words.startswith(
        f"No known convention. The search was cut after {found.cut} of the combinations of up to 3"
        " conventions, which took as much work as it may. The largest difference is 1"
    )


def test_a_search_is_cut_at_the_same_place_each_time() -> None:
    def cut() -> int | None:
        return diagnose(Q, WANTED, WRONG, exact=True, budget=Budget(products=2**23)).cut

    assert cut() == cut() is not None


def test_what_was_found_before_the_budget_was_spent_is_kept() -> None:
    flipped = question.answer(Q.but(kernel=Q.kernel[:, :, ::-1, ::-1]))
    found = diagnose(Q, WANTED, flipped, exact=True, budget=Budget(products=18 * EACH))
    assert found.names == (("kernel flip: flipped",),)


def test_a_clock_cuts_only_where_one_is_set() -> None:
    assert Budget(seconds=-1.0).is_spent
    assert diagnose(Q, WANTED, WRONG, exact=True, budget=Budget(seconds=-1.0)).cut == 0
    assert not Budget().is_spent


# A part is enough to see that most answers differ


@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
@pytest.mark.parametrize("wanted", ["", "_input_gradient", "_kernel_gradient"])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_part_of_a_question_has_a_part_of_its_answer(op: str, wanted: str, groups: int) -> None:
    random = np.random.default_rng(1)

    def drawn(*shape: int) -> np.ndarray:
        return random.integers(-9, 10, shape).astype(np.float32)

    channels = (4, 6 // groups) if op == "conv_transpose" else (6, 4 // groups)
    q = layer().but(
        op=op, x=drawn(2, 4, 5, 6), kernel=drawn(*channels, 4, 3), bias=drawn(6), groups=groups
    )
    if wanted:
        q = q.but(op=f"{op}{wanted}", gradient=drawn(*q.output_shape), bias=None)
    smaller, index = question.part(q)
    whole = question.answer(q)
    np.testing.assert_array_equal(question.answer(smaller), whole[index])
    assert whole.shape == question.shape(q)
    assert question.products(smaller) < question.products(q)


def test_a_part_goes_where_its_numbers_are_moved() -> None:
    q = layer(64, (32, 32))
    moved = Node((), q, moves=lambda y: np.pad(y[:, ::-1], ((0, 0), (0, 0), (1, 0), (0, 2))))
    answer = moved.answer()
    part, numbers = moved.part(answer)
    assert numbers.size == prod(q.output_space)
    np.testing.assert_array_equal(part.answer(), numbers)
