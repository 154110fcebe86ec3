"""Draws from the space of questions: repeatable, answerable, and not always the easy ones."""

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from conformance.cases.exactness import bound, limit
from conformance.cases.sampling import LARGEST, MOST_ELEMENTS, SAMPLED_OPS, WIDE, draw, draws
from conformance.question import DTYPES, OPS, Question, answer

MANY = tuple(islice(draws(seed=0), 400))
FAR = tuple(islice(draws(seed=0, space=WIDE), 600))


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
    assert {q.op for q in MANY} == set(SAMPLED_OPS)


@pytest.mark.parametrize("number", [0, 1, 7, 100])
def test_a_question_is_drawn_without_those_before_it(number: int) -> None:
    assert repr(draw(0, number, space=WIDE)) == repr(FAR[number])


@pytest.mark.parametrize("op", OPS)
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


# A wide space


def test_sums_stay_within_what_the_dtype_holds_exactly() -> None:
    for q in FAR:
        assert bound(q) <= limit(q, exact=True)


def test_a_length_that_is_written_is_that_of_the_output() -> None:
    for q in FAR:
        if q.length is not None:
            assert (q.length.space, q.length.fault) == (q.output_space, None)


def test_every_wide_draw_has_an_answer() -> None:
    for q in FAR:
        if not q.op.endswith("kernel_gradient"):
            assert answer(q).shape[0] == len(q.x)


def test_every_dtype_is_drawn() -> None:
    assert {q.dtype for q in FAR} == set(DTYPES)


def test_whole_numbers_have_no_gradient() -> None:
    assert not any(q.dtype.startswith("int") and q.op.endswith("gradient") for q in FAR)


def test_arrays_have_the_dtype_of_their_question() -> None:
    for q in FAR:
        stored = "float32" if q.dtype == "bfloat16" else q.dtype
        arrays = [a for a in (q.x, q.kernel, q.bias, q.gradient) if a is not None]
        assert {array.dtype for array in arrays} == {np.dtype(stored)}


def test_no_question_is_a_large_one() -> None:
    assert max(answer(q).size for q in FAR) <= MOST_ELEMENTS


@pytest.mark.parametrize(
    "meets",
    [
        lambda q: not len(q.x),
        lambda q: q.groups == q.x.shape[1] > 1 and q.output_channels > q.groups,
        lambda q: q.output_channels >= 16 and q.bias is not None,
        lambda q: any(k > n for k, n in zip(q.window, q.space, strict=True)),
        lambda q: q.dtype == "float64" and max(q.stride) > 1 and max(q.dilation) > 1,
        lambda q: q.unbatched and q.groups > 1,
        lambda q: q.length is not None and q.length.padding is None,
        lambda q: q.length is not None and any(q.output_padding),
        lambda q: np.isnan(q.x).any() and max(q.stride) > 1,
        lambda q: q.has_infinite_factor,
        lambda q: q.dtype.startswith("complex") and np.imag(q.x).any(),
    ],
    ids=[
        "an empty batch", "a depthwise kernel with a multiplier", "many outputs with a bias",
        "a kernel longer than the input", "stride with dilation in float64",
        "one example in groups", "a length alone", "a length beside the padding",
        "NaN in the input", "an infinite kernel", "complex numbers",
    ],
)  # fmt: skip
def test_what_routines_trip_over_is_drawn(meets: Callable[[Question], bool]) -> None:
    assert any(meets(q) for q in FAR)
