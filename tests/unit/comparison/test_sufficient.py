"""Sufficient conditions: cheaper than the rule, and never of another opinion."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_answers import SPACE

from conformance import comparison, question
from conformance.answers.comparisons import Comparison, is_exact
from conformance.answers.submission import SUPPORTED_OPS
from conformance.cases.arrays import to_dtype
from conformance.cases.sampling import draws
from conformance.comparison.rounding import map_wide, terms
from conformance.comparison.sufficient import least_roots_of_squares
from conformance.question import Array, Dtype, Question

DTYPES: tuple[Dtype, ...] = (
    *("float16", "bfloat16", "float32", "float64"),
    *("complex64", "complex128", "int32", "int64"),
)
QUESTIONS = list(islice(draws(16, SUPPORTED_OPS, SPACE), 400))


def is_right(q: Question, answer: Array) -> bool:
    """The rule: equal numbers where all sums are exact, and others within the whole bound."""
    expected = question.answer(q)
    return bool(comparison.agreement(q, expected, answer, exact=is_exact(q)).all())


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Real numbers, whole ones, and whole ones too large for the dtype, with zeros and NaN."""
    q = draw(st.sampled_from(QUESTIONS))
    dtype = draw(st.sampled_from(DTYPES))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    scale = draw(st.sampled_from([1.0, 1.0, 40.0, 1e4, 1e-6]))
    is_whole = draw(st.booleans()) or dtype.startswith("int")

    def numbers(array: Array) -> Array:
        drawn = scale * random.normal(size=array.shape) * (random.random(array.shape) > 0.2)
        special = draw(st.sampled_from([0.0, 0.0, 0.0, np.nan, np.inf]))
        if array.size and special and not dtype.startswith(("int", "complex")):
            drawn.flat[0] = special
        return to_dtype(np.rint(drawn) if is_whole else drawn, dtype)

    return q.map_arrays(numbers, dtype=dtype)


@given(
    questions(),
    st.sampled_from([0.0, 0.3, 0.9, 0.999, 1.0, 1.001, 1.1, 3.0]),
    st.booleans(),
    st.integers(0, 2**16),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_answer_near_the_bound_is_judged_as_by_the_rule(
    q: Question, part: float, is_single: bool, seed: int
) -> None:
    reference = comparison.reference(q)
    random = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        off = part * reference.near * random.choice([-1, 1], reference.near.shape)
        if is_single:
            off = off * (random.random(off.shape) < 2 / max(1, off.size))
        off = np.where(np.isfinite(off), off, 0)
        answer = to_dtype(reference.numbers + off, q.dtype)
        assert Comparison(q, answer).is_close == is_right(q, answer)


@given(questions(), st.integers(0, 2**16))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_answer_in_another_order_is_judged_as_by_the_rule(q: Question, seed: int) -> None:
    answer = question.answer(q)
    random = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        if answer.dtype.kind == "f" and random.random() < 0.7:
            spacing = np.spacing(np.where(np.isfinite(answer), answer, 0))
            answer = to_dtype(answer + random.integers(-1, 2, answer.shape) * spacing, q.dtype)
        assert Comparison(q, answer).is_close == is_right(q, answer)


def test_the_largest_sum_is_no_smaller_than_any_partial_sum() -> None:
    for q in QUESTIONS[:200]:
        largest = question.answer(comparison.magnitude(q)).max(initial=0)
        finite = comparison.finite(q)
        assert comparison.largest_sum(finite) >= largest


def test_the_root_of_some_squares_is_no_larger_than_that_of_all() -> None:
    random = np.random.default_rng(0)
    compared = 0
    for q in QUESTIONS:
        real = q.map_arrays(lambda a: random.normal(size=a.shape), dtype="float32")
        if len(question.summands(real)) == 1:
            root = np.sqrt(question.answer(map_wide(real, np.square))).ravel()
            for least in least_roots_of_squares(real, terms(real), np.arange(root.size)):
                assert np.all(least <= root)
                compared += 1
    assert compared > 400


@pytest.mark.parametrize("most_exact", [None, 2.0**24])
def test_the_largest_number_is_not_infinity(most_exact: float | None) -> None:
    x, kernel = np.float32([[[np.inf, 1.5]]]), np.float32([[[1, 2]]])
    q = Question(op="conv_transpose", x=x, kernel=kernel)
    answer = np.nan_to_num(question.answer(q))
    assert not comparison.is_certainly_right(q, answer, most_exact=most_exact)
    assert not Comparison(q, answer).is_close


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_sums_that_cancel_are_accepted_without_the_whole_bound(dtype: Dtype) -> None:
    """Of many random signs some sums are far smaller than their rounding."""
    random = np.random.default_rng(0)
    x, kernel = (to_dtype(random.normal(size=s), dtype) for s in ((1, 64, 40), (64, 8, 3)))
    q = Question(op="conv_transpose", x=x, kernel=kernel, dtype=dtype)
    channels = (
        question.answer(q.but(x=x[:, c : c + 1], kernel=kernel[c : c + 1])) for c in range(64)
    )
    answer = to_dtype(
        sum(channels, start=np.zeros((1, 8, 42), np.result_type(x, np.float32))), dtype
    )
    if dtype != "float16":  # whose channels were each rounded
        assert comparison.is_certainly_right(q, answer, most_exact=None)
    assert comparison.is_certainly_right(q, question.answer(q), most_exact=None)
