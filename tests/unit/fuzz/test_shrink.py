"""Shrinking: down to what a person can follow, and never past what it was to show."""

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from conformance.cases.sampling import WIDE, draws
from conformance.fuzz.shrink import shrink
from conformance.question import Array, Question, answer, is_complex

MANY = tuple(islice(draws(seed=5, space=WIDE), 300))
ENOUGH = 5000


def first(holds: Callable[[Question], bool]) -> Question:
    return next(q for q in MANY if holds(q))


def smallest(holds: Callable[[Question], bool]) -> Question:
    return shrink(first(holds), holds, most=ENOUGH)


def arrays(q: Question) -> list[Array]:
    return [a for a in (q.x, q.kernel, q.bias, q.gradient) if a is not None]


def is_dilated_and_strided(q: Question) -> bool:
    return max(q.stride) > 1 and max(q.dilation) > 1


# What is left


@pytest.mark.parametrize("op", ["conv", "conv_transpose", "conv_transpose_kernel_gradient"])
def test_where_anything_will_do_one_zero_is_left(op: str) -> None:
    q = smallest(lambda q: q.op == op)
    assert {array.shape for array in arrays(q)} == {(1, 1, 1)}
    assert not any(array.any() for array in arrays(q))
    assert (q.stride, q.padding, q.dilation, q.output_padding) == ((1,), ((0, 0),), (1,), (0,))
    assert (q.groups, q.bias, q.dtype) == (1, None, "float32")


def test_arguments_that_matter_are_made_as_small_as_they_may_be() -> None:
    q = smallest(is_dilated_and_strided)
    assert (q.stride, q.dilation, q.padding) == ((2,), (2,), ((0, 0),))


@pytest.mark.parametrize("matters", [True, False])
def test_an_output_padding_of_0_is_kept_only_if_it_matters(matters: bool) -> None:
    zero = first(lambda q: q.op == "conv_transpose" and not any(q.output_padding))
    found = shrink(zero.but(zero_given=True), lambda q: q.zero_given or not matters, most=ENOUGH)
    assert found.zero_given == matters


@pytest.mark.parametrize("matters", [True, False])
@pytest.mark.parametrize(
    "holds",
    [
        lambda q: q.unbatched,
        lambda q: q.length is not None and q.length.padding is None,
        lambda q: q.length is not None and q.length.padding is not None,
        lambda q: np.isnan(q.x).any(),
        lambda q: is_complex(q.dtype),
    ],
    ids=["one example", "a length", "a length beside the padding", "NaN", "complex numbers"],
)
def test_what_few_people_write_is_kept_only_if_it_matters(
    holds: Callable[[Question], bool], matters: bool
) -> None:
    smallest_question = shrink(first(holds), lambda q: holds(q) or not matters, most=ENOUGH)
    assert holds(smallest_question) == matters
    assert smallest_question.x.size == 1


def test_a_length_stays_that_of_the_output_while_arguments_shrink() -> None:
    q = smallest(lambda q: q.length is not None and q.stride[0] > 2)
    assert q.length is not None
    assert q.length.space == q.output_space == answer(q).shape[2:]


def test_a_word_that_matters_is_kept() -> None:
    assert smallest(lambda q: q.padding == "same").padding == "same"


def test_a_crop_is_made_as_small_as_it_may_be() -> None:
    q = smallest(lambda q: any(end > 1 for _, end in q.pairs) and not isinstance(q.padding, str))
    assert q.padding == ((0, 2),)


def test_negative_padding_comes_as_near_to_none_as_it_may() -> None:
    q = smallest(lambda q: not isinstance(q.padding, str) and np.min(q.padding) < -1)
    assert sorted(q.padding[0]) == [-2, 0]


def test_the_groups_that_matter_are_kept_with_one_channel_each() -> None:
    q = smallest(lambda q: q.groups > 1 and q.op == "conv_transpose")
    assert (q.groups, q.x.shape, q.kernel.shape) == (2, (1, 2, 1), (2, 1, 1))


def test_channels_that_matter_are_kept() -> None:
    q = smallest(lambda q: q.output_channels >= 8 and q.groups == 1)
    assert (q.output_channels, q.x.shape[1]) == (8, 1)


def test_an_axis_that_matters_is_kept() -> None:
    assert smallest(lambda q: q.rank >= 2).rank == 2


def test_a_bias_that_matters_is_kept() -> None:
    q = smallest(lambda q: q.bias is not None and bool(q.bias[0]))
    assert q.bias is not None
    assert q.bias.tolist() == [1]


def test_an_empty_batch_is_kept_only_if_it_matters() -> None:
    assert len(smallest(lambda q: not len(q.x)).x) == 0
    empty = first(lambda q: not len(q.x))
    assert len(shrink(empty, lambda q: q.op == empty.op, most=ENOUGH).x) == 1


def test_a_dtype_that_matters_is_kept() -> None:
    assert smallest(lambda q: q.dtype == "float64").x.dtype == np.float64


def test_numbers_that_matter_are_kept_and_no_others() -> None:
    q = smallest(lambda q: q.op == "conv_transpose" and bool((answer(q) == -2).any()))
    assert sum(np.count_nonzero(array) for array in arrays(q)) <= 4


def test_an_interpolation_is_shrunk_too() -> None:
    q = next(draws(0, ("interpolate",), WIDE))
    small = shrink(q, lambda q: q.op == "interpolate", most=ENOUGH)
    assert (small.x.tolist(), small.stride) == ([[[0]]], (1,))


# How it is asked


def test_only_questions_with_an_answer_are_asked() -> None:
    def has_an_answer(q: Question) -> bool:
        answer(q)
        return is_dilated_and_strided(q)

    for q in filter(is_dilated_and_strided, MANY[:60]):
        shrink(q, has_an_answer, most=ENOUGH)


def test_no_question_is_asked_twice() -> None:
    asked: list[str] = []

    def shows(q: Question) -> bool:
        asked.append(repr(q))
        return is_dilated_and_strided(q)

    shrink(first(is_dilated_and_strided), shows, most=ENOUGH)
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("most", [0, 1, 7])
def test_it_asks_no_more_often_than_it_may(most: int) -> None:
    asked: list[Question] = []

    def shows(q: Question) -> bool:
        asked.append(q)
        return is_dilated_and_strided(q)

    small = shrink(first(is_dilated_and_strided), shows, most=most)
    assert len(asked) == most
    assert is_dilated_and_strided(small)


def test_what_shows_in_nothing_smaller_is_left_as_it_is() -> None:
    q = MANY[0]
    assert shrink(q, lambda _: False, most=ENOUGH) is q


def test_the_same_question_shrinks_to_the_same() -> None:
    one, other = (repr(smallest(is_dilated_and_strided)) for _ in range(2))
    assert one == other


def test_arrays_lie_in_memory_as_their_axes_stand() -> None:
    for q in MANY[:40]:
        small = shrink(q, lambda q: max(q.x.shape) > 1, most=ENOUGH)
        assert all(array.flags.c_contiguous for array in arrays(small))
