import numpy as np
import pytest

from conformance.oracle import geometry


def test_one_number_holds_for_every_axis() -> None:
    assert geometry.per_axis("stride", 2, 3) == (2, 2, 2)


def test_numbers_per_axis_become_a_tuple_of_ints() -> None:
    assert geometry.per_axis("stride", [np.int64(2), 3], 2) == (2, 3)


def test_an_array_counts_as_one_number_per_axis() -> None:
    assert geometry.per_axis("stride", np.array([2, 3]), 2) == (2, 3)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (0, "stride must be at least 1 per axis, got 0"),
        ([1, 0], "stride must be at least 1 per axis, got 0"),
        ([1, 2, 3], "stride must be one number or one for each of 2 axes, got 3 numbers"),
        (1.5, "stride must be whole numbers, got 1.5"),
        ([1, 1.5], "stride must be whole numbers, got 1.5"),
        (True, "stride must be whole numbers, got True"),
        (None, "stride must be whole numbers, got None"),
    ],
)
def test_a_stride_that_is_none_is_named(value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        geometry.per_axis("stride", value, 2)  # type: ignore[arg-type]  # what a file may hold


def test_zero_is_allowed_where_the_least_is_zero() -> None:
    assert geometry.per_axis("output_padding", 0, 2, least=0) == (0, 0)


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        (1, ((1, 1), (1, 1))),
        (-1, ((-1, -1), (-1, -1))),
        ([1, 2], ((1, 1), (2, 2))),
        ([[0, 1], [2, -3]], ((0, 1), (2, -3))),
        ([1, (2, 3)], ((1, 1), (2, 3))),
        (np.array([[0, 1], [2, 3]]), ((0, 1), (2, 3))),
    ],
)
def test_padding_becomes_a_pair_per_axis(value: geometry.Padding, pairs: geometry.Pairs) -> None:
    assert geometry.padding_of(value, 2) == pairs


@pytest.mark.parametrize("word", geometry.WORDS)
def test_words_stay_words(word: str) -> None:
    assert geometry.padding_of(word, 2) == word


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("SAME", "padding must be numbers or one of 'same', 'valid', 'circular', got 'SAME'"),
        ([1], "padding must be one number, .* for each of 2 axes, got 1 entries"),
        ([[1], [2]], r"padding on an axis must be a number or \(begin, end\), got \[1\]"),
        ([[1, 2], [1, 0.5]], r"padding on an axis must be a number .*, got \[1, 0.5\]"),
        (0.5, "padding must be whole numbers, got 0.5"),
        ([1, None], "padding must be whole numbers, got None"),
    ],
)
def test_padding_that_is_none_is_named(value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        geometry.padding_of(value, 2)  # type: ignore[arg-type]  # what a file may hold


def test_dilation_spreads_the_kernel_without_adding_to_its_ends() -> None:
    assert geometry.effective_kernel_size((1, 2, 3), (5, 5, 2)) == (1, 6, 5)


def test_valid_is_no_padding() -> None:
    assert geometry.conv_padding("valid", (5,), (3,), (1,), (1,)) == ((0, 0),)
    assert geometry.conv_transpose_padding("valid", (3,), (1,), (1,)) == ((0, 0),)


def test_circular_has_the_numbers_of_same() -> None:
    for padding in (geometry.conv_padding, geometry.conv_transpose_padding):
        space = ((4,),) if padding is geometry.conv_padding else ()
        assert padding("circular", *space, (4,), (1,), (1,)) == ((1, 2),)


def test_same_convolution_puts_the_odd_element_at_the_end() -> None:
    assert geometry.conv_padding("same", (4,), (4,), (1,), (1,)) == ((1, 2),)


def test_same_convolution_depends_on_what_the_stride_leaves() -> None:
    assert geometry.conv_padding("same", (5,), (3,), (2,), (1,)) == ((1, 1),)
    assert geometry.conv_padding("same", (6,), (3,), (2,), (1,)) == ((0, 1),)


def test_same_transposed_convolution_crops_the_odd_element_at_the_end() -> None:
    assert geometry.conv_transpose_padding("same", (4,), (1,), (1,)) == ((1, 2),)


def test_same_transposed_convolution_lengthens_where_the_kernel_is_shorter_than_the_stride() -> (
    None
):
    assert geometry.conv_transpose_padding("same", (2,), (5,), (1,)) == ((0, -3),)


def test_same_counts_a_dilated_kernel_as_long_as_it_reaches() -> None:
    assert geometry.conv_padding("same", (9,), (3,), (1,), (2,)) == ((2, 2),)
    assert geometry.conv_transpose_padding("same", (3,), (1,), (2,)) == ((2, 2),)


def test_numbers_pass_through_unchanged() -> None:
    assert geometry.conv_padding(((3, -1),), (5,), (3,), (1,), (1,)) == ((3, -1),)
    assert geometry.conv_transpose_padding(((3, -1),), (3,), (1,), (1,)) == ((3, -1),)


def test_a_convolution_drops_what_the_stride_leaves_over() -> None:
    # 5 and 6 elements both hold a kernel of 3 at the positions 0 and 2.
    assert geometry.conv_space((5, 6), (3, 3), (2, 2), ((0, 0), (0, 0)), (1, 1)) == (2, 2)


def test_a_convolution_counts_its_padding() -> None:
    assert geometry.conv_space((5,), (3,), (1,), ((1, 0),), (1,)) == (4,)


def test_a_kernel_longer_than_the_padded_input_does_not_fit() -> None:
    sentence = "^a kernel that covers 5 does not fit into an input of 2 padded to 4$"
    with pytest.raises(ValueError, match=sentence):
        geometry.conv_space((2,), (3,), (1,), ((1, 1),), (2,))


def test_a_stride_of_nothing_divides_nothing() -> None:
    sentence = "^stride must be at least 1 per axis, got 0$"
    with pytest.raises(ValueError, match=sentence):
        geometry.conv_space((2, 2), (1, 1), (1, 0), ((0, 0), (0, 0)), (1, 1))
    with pytest.raises(ValueError, match=sentence):
        geometry.conv_padding("same", (2,), (1,), (0,), (1,))


def test_a_transposed_convolution_reaches_past_its_last_step() -> None:
    assert geometry.conv_transpose_space((4,), (3,), (2,), ((0, 0),), (0,), (1,)) == (9,)


def test_a_transposed_convolution_crops_and_then_extends() -> None:
    assert geometry.conv_transpose_space((4,), (3,), (2,), ((1, 1),), (1,), (1,)) == (8,)


def test_padding_must_leave_something() -> None:
    sentence = r"^padding \(2, 1\) leaves 0 of the 3 elements of an axis; at least 1 must remain$"
    with pytest.raises(ValueError, match=sentence):
        geometry.conv_transpose_space((1,), (3,), (1,), ((2, 1),), (0,), (1,))
