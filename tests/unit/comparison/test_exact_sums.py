"""Sums of products are exact beyond float64: held against sums of fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_layers import layer

from conformance import comparison, question
from conformance.comparison.exact_sums import exact_sums, is_moderate
from conformance.question import Array, Question

numbers = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda n: n if abs(n) > 1e-20 else 0.0)


def fractions(array: Array) -> Array:
    return np.array([Fraction(n) for n in array.ravel().tolist()], object).reshape(array.shape)


def exact_conv_transpose(q: Question) -> Array:
    """The output of a layer of one axis and stride 1 without padding, in fractions."""
    x, kernel = fractions(q.x), fractions(q.kernel)
    (n, k), total = (q.x.shape[2], q.kernel.shape[2]), np.full(q.output_shape, Fraction(0))
    for offset in range(k):
        total[:, :, offset : offset + n] += np.einsum("bci,cd->bdi", x, kernel[:, :, offset])
    return total if q.bias is None else total + fractions(q.bias).reshape(-1, 1)


def errors(q: Question) -> Array:
    sums = exact_sums(q, comparison.terms(q))
    computed = fractions(sums.numbers) + fractions(sums.rest)
    distances = np.abs(computed - exact_conv_transpose(q))
    return np.array([distance <= Fraction(sums.error) for distance in distances.ravel()])


@given(st.lists(numbers, min_size=6, max_size=6), st.lists(numbers, min_size=6, max_size=6))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_sum_is_as_exact_as_it_says(x: list[float], kernel: list[float]) -> None:
    q = layer("float64", 2, (3,), x=np.reshape(x, (1, 2, 3)))
    assert errors(q.but(kernel=np.reshape(kernel, (2, 1, 3)), bias=np.ones(1) / 3)).all()


@pytest.mark.parametrize("channels", [1, 64, 2048])
def test_a_layer_is_as_exact_as_it_says(channels: int) -> None:
    q = layer("float64", channels)
    assert errors(q).all()
    sums = exact_sums(q, comparison.terms(q))
    assert sums.error < 2.0**-70 * np.abs(sums.numbers).min()


def test_numbers_that_cancel_are_kept() -> None:
    kernel = np.array([[[1.0]], [[1.0]], [[-1.0]]])
    q = layer("float64", 3, (1,), bias=None, x=np.array([[[1e10], [2.0**-60], [1e10]]]))
    sums = exact_sums(q.but(kernel=kernel), 3)
    assert sums.numbers.item() == 2.0**-60


@pytest.mark.parametrize("wanted", ["input_gradient", "kernel_gradient"])
@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
def test_a_gradient_is_near_its_sum_in_float64(op: str, wanted: str) -> None:
    q = layer("float64", 16, op=op, bias=None)
    q = q.but(op=f"{op}_{wanted}", gradient=np.random.default_rng(3).normal(size=q.output_shape))
    sums = exact_sums(q, comparison.terms(q))
    np.testing.assert_allclose(sums.numbers, question.answer(q), rtol=1e-12, atol=1e-14)
    assert (np.abs(sums.rest) <= np.spacing(np.abs(sums.numbers)) / 2).all()


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e200, 1e-200])
def test_numbers_that_have_no_exact_products_are_known(number: float) -> None:
    assert not is_moderate(layer("float64", 1, (1,), x=np.full((1, 1, 2), number)))
