"""What is said of an answer that no convention explains."""

from typing import Any

import numpy as np
import pytest

import conformance
from conformance.answers.remarks import remarks

RIGHT = np.array([[[1.0, -2, 3], [-4, 5, 6]], [[7, 8, -9], [1, 2, 3]]])


@pytest.mark.parametrize(
    ("answer", "sentences"),
    [
        (RIGHT * 0, ["All numbers are zero."]),
        (RIGHT * -2.5, ["It is -2.5 times the right answer."]),
        (RIGHT + 0.25, ["It is the right answer and 0.25 more everywhere."]),
        (
            np.add(RIGHT, [[0.5], [-3]]),
            ["It is the right answer and 0.5, -3 more in its channels, as by another bias."],
        ),
        (
            np.maximum(RIGHT, 0),
            ["It is the right answer with zeros for negative numbers, as after a ReLU."],
        ),
        (RIGHT * 2 + 3, ["It is 2 times the right answer and 3 more everywhere."]),
        (
            np.multiply(RIGHT, [[2], [-3]]),
            ["It is 2, -3 times the right answer in its channels."],
        ),
        (
            np.add(RIGHT, [0, 5, 7]),
            [
                "It differs only in index of spatial axis 0: 1 and 2.",
                "It is the right answer and 0, 5, 7 more along spatial axis 0.",
            ],
        ),
        (
            np.clip(RIGHT, -2, 5),
            ["It is the right answer with no number below -2 or above 5."],
        ),
        (RIGHT[::-1], ["It is examples 1, 0 of the right answer, in this order."]),
        (
            RIGHT[:, [1, 1]],
            [
                "It differs only in channel 0.",
                "It is channels 1, 1 of the right answer, in this order.",
            ],
        ),
        (np.add(RIGHT, [[[0], [0]], [[1], [2]]]), ["It differs only in example 1."]),
        (
            np.add(RIGHT, [[[0, 0, 9]], [[0, 0, 0]]]),
            ["It differs only in example 0.", "It differs only in index of spatial axis 0: 2."],
        ),
        (RIGHT * np.nan, []),
        (np.sin(RIGHT * 7), []),
        (RIGHT * 1.0002, ["It is the right answer to within 0.001 of its largest number."]),
    ],
)
def test_a_sentence_for_each_kind(answer: Any, sentences: list[str]) -> None:
    assert list(remarks(answer, RIGHT, answer == RIGHT)) == sentences


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (np.abs, "as an absolute value"),
        (np.tanh, "after a tanh"),
        (lambda y: 1 / (1 + np.exp(-y)), "after a sigmoid"),
        (
            lambda y: np.where(y < 0, y / 8, y),
            "with negative numbers times 0.125, as after a leaky ReLU",
        ),
        (
            lambda y: np.exp(y) / np.exp(y).sum(1, keepdims=True),
            "after a softmax over its channels",
        ),
    ],
)
def test_an_activation_is_named(function: Any, words: str) -> None:
    answer = function(RIGHT)
    (*_, sentence) = remarks(answer, RIGHT, answer == RIGHT)
    assert sentence == f"It is the right answer {words}."


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ([0.0, 0, 0], "without the bias"),
        ([-1.0, 2, -4], "by a bias that is subtracted"),
        ([4.0, -2, 1], "by the bias in reverse"),
        ([-2.0, 4, 1], "by the bias of channels 1, 2, 0"),
        ([4.0, 4, 4], "by the bias of channels 2, 2, 2"),
        ([4.0, 5, 4], "by another bias"),
    ],
)
def test_an_other_bias_is_named(other: list[float], words: str) -> None:
    bias = np.array([1.0, -2, 4])
    sums = np.arange(24.0).reshape(2, 3, 4) ** 2 % 7
    right, answer = (sums + np.reshape(b, (-1, 1)) for b in (bias, other))
    (*_, sentence) = remarks(answer, right, answer == right, bias)
    assert sentence.endswith(f"more in its channels, as {words}.")


def test_elements_in_other_places_along_an_axis_are_seen() -> None:
    right = np.arange(1, 33.0).reshape(1, 2, 4, 4) ** 2 % 11
    for axis, name in ((2, "spatial axis 0"), (3, "spatial axis 1")):
        shifted = np.roll(right, 1, axis)
        np.moveaxis(shifted, axis, 0)[0] = 0
        for answer, numbers in (
            (np.roll(right, 1, axis), "3, 0, 1, 2"),
            (np.flip(right, axis), "3, 2, 1, 0"),
            (shifted, "zeros, 0, 1, 2"),
        ):
            (*_, sentence) = remarks(answer, right, answer == right)
            expected = f"It is elements {numbers} of the right answer along {name}, in this order."
            assert sentence == expected


def test_whole_numbers_wrap_around() -> None:
    right = np.array([[[100, 300, -7, 70_000]]])
    for dtype, bits in ((np.uint8, 8), (np.int8, 8), (np.int16, 16)):
        (*_, sentence) = remarks(right.astype(dtype), right, right.astype(dtype) == right)
        assert sentence == (
            f"It is the right answer wrapped around, as whole numbers of {bits} bits are."
        )


def test_of_complex_numbers_a_part_and_a_multiple_are_seen() -> None:
    right = RIGHT + 1j * RIGHT[:, ::-1]
    for answer, words in (
        (right.real, "the real part of the right answer"),
        (right.imag, "the imaginary part of the right answer"),
        (right * 1j, "0+1j times the right answer"),
    ):
        assert list(remarks(answer, right, answer == right)) == [f"It is {words}."]


def test_factors_of_the_input_channels_are_found() -> None:
    r = np.random.default_rng(2)
    x, kernel = r.integers(-5, 6, (2, 3, 4)), r.integers(-5, 6, (3, 2, 3))
    bias = np.array([50, -60])
    y = conformance.conv_transpose(x * [[1], [2], [-3]], kernel, bias=bias)
    diagnosis = conformance.diagnose(x, kernel, y, bias=bias, seconds=None)
    assert diagnosis.words.endswith("an input whose channels are times 1, 2, -3.")


def test_the_diagnosis_has_the_sentences() -> None:
    diagnosis = conformance.diagnose([1, 2, 3], [1, 10], [3, 36, 69, 90], seconds=None)
    assert diagnosis.words.endswith("It is 3 times the right answer.")


@pytest.mark.parametrize(
    ("dtype", "factors"),
    [("float16", "1, 2, -3"), ("float32", "1, 2, -3"), ("complex64", "1+0j, 2+0j, -3+0j")],
)
def test_factors_of_the_input_channels_are_sought_in_every_dtype(dtype: str, factors: str) -> None:
    r = np.random.default_rng(2)
    x, kernel = (r.integers(-5, 6, s).astype(dtype) for s in ((2, 3, 4), (3, 2, 3)))
    y = conformance.conv_transpose(x * np.array([[1], [2], [-3]], dtype), kernel)
    diagnosis = conformance.diagnose(x, kernel, y, seconds=None)
    assert diagnosis.words.endswith(f"an input whose channels are times {factors}.")


def test_a_number_that_is_rounding_beside_the_others_is_zero() -> None:
    right = RIGHT.astype(np.float64)
    shifts = np.zeros(right.shape[1])
    shifts[-1] = 5
    answer = right / 9 + shifts.reshape(1, -1, *(1,) * (right.ndim - 2)) + 1e-12
    (*_, sentence) = remarks(answer, right, answer == right)
    assert sentence.endswith("and 0, 5 more in its channels."), sentence
