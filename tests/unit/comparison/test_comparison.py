"""Comparison: nothing that differs passes, and of rounding no more than the bound."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

from conformance import comparison, question
from conformance.cases.sampling import draws
from conformance.question import Chain, Crop, Pad, Pool, Question, chained


def asked(op: str = "conv_transpose", dtype: str = "float32", **arguments: Any) -> Question:
    """One axis: x of 1, 2 and a kernel of 1, -1, if nothing else is said."""
    fields = {
        "x": np.array([[[1, 2]]], np.float32),
        "kernel": np.array([[[1, -1]]], np.float32),
        **arguments,
    }
    return Question(op=op, dtype=dtype, **fields)


WANTED = np.array([[[1, 1, -2]]], np.float32)


def difference(got: Any, *, exact: bool = True, of: Question | Chain | None = None) -> str | None:
    return comparison.difference(of or asked(), WANTED, np.asarray(got, np.float32), exact=exact)


# Exact


def test_the_same_numbers_do_not_differ() -> None:
    assert difference([[[1, 1, -2]]]) is None


def test_a_zero_below_is_the_zero_above() -> None:
    zeros = np.zeros((1, 1, 2), np.float32)
    assert comparison.difference(asked(), zeros, -zeros, exact=True) is None


def test_one_number_that_differs_is_told_with_its_place() -> None:
    said = "1 of 3 numbers differ, first at [0, 0, 1]: 5.0, not 1.0"
    assert difference([[[1, 5, -2]]]) == said


def test_the_smallest_step_of_a_float_differs() -> None:
    above = np.nextafter(np.float32(1), np.float32(2))
    assert difference([[[above, 1, -2]]]) is not None


@pytest.mark.parametrize("exact", [True, False])
def test_a_nan_differs(exact: bool) -> None:
    assert difference([[[1, np.nan, -2]]], exact=exact) is not None


@pytest.mark.parametrize("exact", [True, False])
def test_a_nan_differs_from_a_nan(exact: bool) -> None:
    nans = np.full((1, 1, 3), np.nan, np.float32)
    assert comparison.difference(asked(), nans, nans, exact=exact) is not None


@pytest.mark.parametrize("exact", [True, False])
def test_an_infinity_differs(exact: bool) -> None:
    assert difference([[[1, np.inf, -2]]], exact=exact) is not None


@pytest.mark.parametrize("exact", [True, False])
def test_another_shape_differs_whatever_is_in_it(exact: bool) -> None:
    assert difference([[1, 1, -2]], exact=exact) == "shape (1, 3), not (1, 1, 3)"


def test_nothing_is_broadcast() -> None:
    ones = np.ones((1, 1, 3), np.float32)
    assert comparison.difference(asked(), ones, ones[..., :1], exact=True) is not None


@pytest.mark.parametrize("exact", [True, False])
def test_the_same_numbers_in_another_dtype_differ(exact: bool) -> None:
    got = WANTED.astype(np.float64)
    said = comparison.difference(asked(), WANTED, got, exact=exact)
    assert said == "dtype float64, not float32"


@pytest.mark.parametrize("dtype", ["int64", "int32", "float64"])
def test_a_count_is_a_count_in_any_dtype(dtype: str) -> None:
    q = asked("conv_transpose_parameters")
    assert comparison.difference(q, np.array(2), np.array(2, dtype), exact=True) is None


def test_a_wrong_count_differs() -> None:
    q = asked("conv_transpose_parameters")
    said = comparison.difference(q, np.array(2), np.array(3), exact=True)
    assert said == "1 of 1 numbers differ, first at [0]: 3, not 2"


# Real values


def test_a_sum_in_float32_is_off_by_its_roundings_and_the_last() -> None:
    # n = 2 products at most in one place; sum|x||w| = [1, 3, 2] and the answer is [1, 1, -2].
    u = 2.0**-24
    expected = u * (2 * np.array([[[1, 3, 2]]]) + np.array([[[1, 1, 2]]]))
    np.testing.assert_allclose(comparison.bound(asked()), expected, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "u"), [("float16", 2.0**-11), ("bfloat16", 2.0**-8)])
def test_a_half_is_summed_in_float32_and_rounded_once(dtype: str, u: float) -> None:
    expected = u * np.array([[[1, 1, 2]]])
    np.testing.assert_allclose(comparison.bound(asked(dtype=dtype)), expected, rtol=0.01)


def test_a_bias_is_added_to_what_may_be_rounded_already() -> None:
    q = asked(dtype="bfloat16", bias=np.array([-1], np.float32))
    known = comparison.reference(q)
    u = 2.0**-8
    np.testing.assert_allclose(known.numbers, [[[0, 0, -3]]])
    np.testing.assert_allclose(known.rounded_once[..., 2], 3 * u, rtol=0.01)
    np.testing.assert_allclose(known.near, [[[u, u, 5 * u]]], rtol=0.01)


def test_many_roundings_partly_undo_each_other() -> None:
    q = asked(x=np.ones((1, 2000, 1)), kernel=np.ones((2000, 1, 1)))
    known = comparison.reference(q)
    assert known.near[0, 0, 0] < 0.5 * known.far[0, 0, 0]
    assert known.far[0, 0, 0] == pytest.approx(2000 * 2000 * 2.0**-24, rel=0.01)


def test_sums_in_the_dtype_have_a_wider_bound() -> None:
    q = asked(dtype="bfloat16", x=np.ones((1, 64, 1)), kernel=np.ones((64, 1, 1)))
    assert (comparison.reference(q, "bfloat16").near > 10 * comparison.reference(q).near).all()


@pytest.mark.parametrize("exact", [True, False])
def test_a_difference_within_the_bound_is_only_one_for_whole_numbers(exact: bool) -> None:
    within = np.nextafter(np.float32(1), np.float32(2))  # by 2 u, and the bound is 3 u
    assert (difference([[[within, 1, -2]]], exact=exact) is None) is not exact


def test_a_difference_beyond_the_bound_is_one() -> None:
    beyond = 1 + 2.01 * comparison.bound(asked())[0, 0, 0]
    assert difference([[[beyond, 1, -2]]], exact=False) is not None


def test_whole_numbers_leave_no_room() -> None:
    assert comparison.bound(asked(dtype="int64")).max() == 0


def test_a_count_leaves_no_room() -> None:
    assert comparison.bound(asked("conv_transpose_parameters")).max() == 0


@pytest.mark.parametrize(
    ("number", "dtype", "step"),
    [
        (1.0, "float32", 2.0**-23),
        (1.99, "bfloat16", 2.0**-7),
        (-2.0, "bfloat16", 2.0**-6),
        (100.0, "float16", 2.0**-4),
        (0.0, "float16", 2.0**-24),
        (5.0, "int64", 0.0),
    ],
)
def test_the_step_of_a_dtype_grows_with_the_number(number: float, dtype: str, step: float) -> None:
    assert comparison.ulp(np.array(number), dtype) == step


@pytest.mark.parametrize(
    ("q", "count"),
    [
        (asked(), 2),
        (asked(bias=np.ones(1)), 2 + 1),
        (asked(kernel=np.ones((1, 5, 3))), 3),
        (asked(kernel=np.ones((1, 5, 3)), stride=(2,)), 2),
        (asked(kernel=np.ones((1, 5, 3)), stride=(2,), dilation=(2,)), 3),
        (asked(kernel=np.ones((1, 5, 3)), stride=(4,), dilation=(2,)), 2),
        (asked(x=np.ones((1, 4, 2)), kernel=np.ones((4, 5, 3)), groups=2), 2 * 3),
        (asked("conv", kernel=np.ones((5, 1, 2))), 2),
        (asked("conv_input_gradient", kernel=np.ones((5, 1, 2))), 5 * 2),
        (asked("conv_transpose_input_gradient", kernel=np.ones((1, 5, 2))), 5 * 2),
        (asked("conv_transpose_kernel_gradient", x=np.ones((4, 1, 2))), 4 * 2),
        (asked("interpolate", stride=(2,)), 4),
    ],
)
def test_the_terms_of_a_sum_are_counted(q: Question, count: int) -> None:
    assert comparison.terms(q) == count


def real(q: Question, seed: int) -> Question:
    random = np.random.default_rng(seed)

    def drawn(array: np.ndarray | None) -> np.ndarray | None:
        return None if array is None else random.normal(size=array.shape).astype(np.float32)

    return q.but(
        x=drawn(q.x), kernel=drawn(q.kernel), bias=drawn(q.bias), gradient=drawn(q.gradient)
    )


def double(q: Question) -> np.ndarray:
    wide = {
        name: getattr(q, name).astype(np.float64)
        for name in ("x", "kernel", "bias", "gradient")
        if getattr(q, name) is not None
    }
    return question.answer(q.but(**wide))


def test_rounding_of_float32_is_within_the_bound() -> None:
    for seed, drawn in enumerate(islice(draws(seed=7), 100)):
        q = real(drawn, seed)
        got = double(q).astype(np.float32)
        assert comparison.difference(q, question.answer(q), got, exact=False) is None


def test_rounding_of_a_chain_is_within_the_bound() -> None:
    steps = (asked(), Pool(2), asked())
    link = chained(np.array([[[0.1, 0.7, -0.3, 0.9]]], np.float32), steps)
    wide = chained(link.questions[0].x.astype(np.float64), steps)
    wanted, got = question.answer(link), question.answer(wide).astype(np.float32)
    assert comparison.difference(link, wanted, got, exact=False) is None


def test_what_a_chain_pads_has_no_error_and_what_it_crops_has_none_left() -> None:
    steps = (Pad(((1, 0),), -0.5), asked(), Crop(((0, 1),)), Pad(((0, 2),), 0.5))
    link = chained(np.array([[[0.1, 0.7, -0.3, 0.9]]], np.float32), steps)
    wide = chained(link.x.astype(np.float64), steps)
    reference = comparison.reference(link)
    np.testing.assert_array_equal(reference.numbers, question.answer(wide))
    assert (reference.near[..., -2:] == 0).all()
    assert (reference.near[..., 1:-2] > 0).all()
    assert reference.holds(question.answer(wide).astype(np.float32)).all()


def test_the_bound_of_a_chain_counts_what_it_pads() -> None:
    largest = comparison.magnitude(chained(asked().x, (Pad(((1, 0),), -100), asked())))
    assert question.answer(largest).max() >= 100


def test_the_shapes_of_one_example_are_told_without_a_batch() -> None:
    one = asked(unbatched=True)
    answer = question.answer(one)
    told = comparison.difference(one, answer, answer[..., 1:], exact=True)
    assert told == f"shape {answer[0, :, 1:].shape}, not {answer[0].shape}"


def test_a_chain_has_the_terms_of_all_its_steps() -> None:
    link = chained(asked().x, (asked(), Pool(1), asked()))
    assert comparison.terms(link) == 4


@pytest.mark.parametrize("terms", [200, 256, 300])
def test_sums_of_more_terms_than_the_dtype_can_count_have_a_bound(terms: int) -> None:
    q = asked(dtype="bfloat16", x=np.ones((1, terms, 1)), kernel=np.ones((terms, 1, 1)))
    bound = comparison.bound(q)
    assert 0 < bound.min() < np.inf


# Numbers that are not finite, overflow, and complex numbers


def test_a_nan_equals_a_nan_where_the_data_leads_to_one() -> None:
    q = asked(x=np.array([[[np.nan, 2]]], np.float32))
    right = question.answer(q)
    for exact in (True, False):
        assert comparison.difference(q, right, right, exact=exact) is None
        for place, number in ((0, 1), (0, np.inf), (2, np.nan)):
            wrong = right.copy()
            wrong[0, 0, place] = number
            assert comparison.difference(q, right, wrong, exact=exact) is not None


@pytest.mark.parametrize("number", [np.inf, -np.inf])
def test_an_infinity_equals_only_itself(number: float) -> None:
    q = asked(x=np.array([[[number, 2]]], np.float32))
    right = question.answer(q)
    assert right.ravel().tolist() == [number, -number, -2]
    for exact in (True, False):
        assert comparison.difference(q, right, right, exact=exact) is None
        assert comparison.difference(q, right, -right, exact=exact) is not None
        assert comparison.difference(q, right, np.nan_to_num(right), exact=exact) is not None


def test_a_sum_beyond_the_range_is_right_as_an_infinity_only() -> None:
    x, kernel = np.array([[[60000, 40000, -60000]]]), np.array([[[1, 1]]])
    q = asked(x=x.astype("f2"), kernel=kernel.astype("f2"), dtype="float16")
    right = question.answer(q)
    assert right.ravel().tolist() == [60000, np.inf, -20000, -60000]
    assert comparison.difference(q, right, right, exact=False) is None
    for wrong in (65504, -np.inf, np.nan):
        answer = right.copy()
        answer[0, 0, 1] = wrong
        assert comparison.difference(q, right, answer, exact=False) is not None
    answer = right.copy()
    answer[0, 0, 2] = np.inf
    assert comparison.difference(q, right, answer, exact=False) is not None


def test_real_and_imaginary_parts_are_compared_within_rounding() -> None:
    random = np.random.default_rng(0).normal
    x = (random(size=(1, 3, 5)) + 1j * random(size=(1, 3, 5))).astype("c8")
    kernel = (random(size=(3, 2, 3)) + 1j * random(size=(3, 2, 3))).astype("c8")
    q = asked(x=x, kernel=kernel, dtype="complex64")
    right = question.answer(q)
    wide = question.answer(q.but(x=x.astype("c16"), kernel=kernel.astype("c16"))).astype("c8")
    assert comparison.difference(q, right, wide, exact=False) is None
    for other in (right.conj(), right + 1e-4j, right.real.astype("c8")):
        assert comparison.difference(q, right, other, exact=False) is not None
