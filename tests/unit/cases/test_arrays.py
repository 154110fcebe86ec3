"""Arrays come out of a case file with the shape, the numbers and the dtype that it says."""

import numpy as np
import pytest

from conformance.cases.array_rules import Arange, Basis, Bilinear, Fill, Integers, Normal
from conformance.cases.arrays import (
    EXACT_INTEGERS,
    Rule,
    array,
    first_changed,
    first_real,
    infer_rank,
    to_dtype,
)
from conformance.cases.errors import CaseError
from conformance.cases.size_limits import MAX_ELEMENTS
from conformance.question import Dtype

LINE: Rule = [1, 2]
SQUARE: Rule = [[1, 2], [3, 4]]
CUBE: Rule = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]


@pytest.mark.parametrize(
    ("rule", "stated_rank", "rank"),
    [
        (LINE, None, 1),
        (SQUARE, None, 2),
        (CUBE, None, 1),
        (CUBE, 3, 3),
        (CUBE, 1, 1),
        ([[SQUARE]], None, 2),
        ([[CUBE]], None, 3),
        (Fill(shape=[2, 2], fill=1), None, 2),
        (Basis(basis=[3, 3]), None, 2),
        (Bilinear(bilinear=2, rank=1), None, 1),
    ],
)
def test_the_rank_follows_from_how_deep_the_numbers_are(
    rule: Rule, stated_rank: int | None, rank: int
) -> None:
    assert infer_rank({"x": rule}, stated_rank) == rank


def test_a_bare_operand_goes_with_a_full_one() -> None:
    assert infer_rank({"x": SQUARE, "kernel": [[SQUARE]]}, None) == 2


@pytest.mark.parametrize(
    ("kernel", "stated_rank", "sentence"),
    [
        (
            LINE,
            None,
            "kernel must have 2 axes, or 4 with batch and channels, because x has 2, got 1",
        ),
        (
            [[SQUARE]],
            3,
            "x must have 3 axes, or 5 with batch and channels, because rank is 3, got 2",
        ),
    ],
)
def test_operands_of_different_rank_are_refused(
    kernel: Rule, stated_rank: int | None, sentence: str
) -> None:
    with pytest.raises(CaseError) as error:
        infer_rank({"x": SQUARE, "kernel": kernel}, stated_rank)
    assert str(error.value) == sentence


def test_a_forgotten_rank_is_suggested() -> None:
    with pytest.raises(CaseError, match="a bare 3-D array needs 'rank: 3'"):
        infer_rank({"x": CUBE, "kernel": [[CUBE]]}, None)


def test_a_bare_array_is_one_image_of_one_channel() -> None:
    assert array("x", SQUARE, 2).tolist() == [[[[1, 2], [3, 4]]]]


def test_a_full_array_stays_as_it_is() -> None:
    assert array("x", CUBE, 1).tolist() == CUBE


def test_integers_are_the_same_for_the_same_seed_and_include_both_ends() -> None:
    rule = Integers(shape=[1, 1, 9, 9], integers=[-1, 1], seed=4)
    numbers = array("x", rule, 2)
    assert np.array_equal(numbers, array("x", rule, 2))
    assert set(numbers.flat) == {-1, 0, 1}


def test_numpys_own_generator_gives_the_integers() -> None:
    expected = np.random.Generator(np.random.PCG64(4)).integers(-3, 4, (2, 3))
    rule = Integers(shape=[2, 3], integers=[-3, 3], seed=4)
    assert np.array_equal(array("x", rule, 2)[0, 0], expected)


def test_another_seed_gives_other_numbers() -> None:
    one, two = (array("x", Normal(shape=[4], normal=1.0, seed=seed), 1) for seed in (1, 2))
    assert not np.array_equal(one, two)


def test_arange_counts_from_its_start() -> None:
    assert array("x", Arange(shape=[2, 2], arange=3), 2).tolist() == [[[[3, 4], [5, 6]]]]


def test_fill_repeats_a_number() -> None:
    assert array("x", Fill(shape=[2], fill=0.5), 1).tolist() == [[[0.5, 0.5]]]


def test_a_basis_holds_every_one_hot_image() -> None:
    numbers = array("x", Basis(basis=[2, 2]), 2)
    assert numbers.shape == (4, 1, 2, 2)
    assert np.array_equal(numbers.reshape(4, 4), np.eye(4))


def test_a_bilinear_kernel_has_one_output_channel_a_group() -> None:
    assert array("kernel", Bilinear(bilinear=2, channels=3), 2).shape == (3, 1, 4, 4)


@pytest.mark.parametrize(
    "rule",
    [
        Fill(shape=[4096, 4096], fill=1),
        Integers(shape=[10**9, 10**9], integers=[0, 1]),
        Basis(basis=[60, 60]),
        Bilinear(bilinear=10**6),
    ],
)
def test_more_elements_than_allowed_are_refused_before_they_exist(rule: Rule) -> None:
    with pytest.raises(CaseError, match=f"at most {MAX_ELEMENTS} are allowed"):
        array("x", rule, 2)


@pytest.mark.parametrize(
    ("number", "kept"),
    [(1.0, 1.0), (257.0, 256.0), (259.0, 260.0), (-3.0, -3.0), (0.1, 0.10009765625)],
)
def test_bfloat16_rounds_to_the_nearest_and_ties_to_even(number: float, kept: float) -> None:
    assert to_dtype(np.array([number]), "bfloat16").tolist() == [kept]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int32"])
def test_every_dtype_holds_whole_numbers_exactly_up_to_its_bound(dtype: Dtype) -> None:
    bound = EXACT_INTEGERS[dtype]
    assert first_changed(np.array([bound - 1, bound]), dtype) is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_the_first_number_that_a_dtype_changes_is_found(dtype: Dtype) -> None:
    assert first_changed(np.array([[1, 2], [3, EXACT_INTEGERS[dtype] + 1]]), dtype) == (1, 1)


def test_a_float_that_is_whole_counts_as_an_integer() -> None:
    assert first_real(np.array([2.0, 3.0])) is None
    assert first_real(np.array([2.0, 3.5])) == (1,)
