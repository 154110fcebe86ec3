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
