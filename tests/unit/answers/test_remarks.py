"""What is said of an answer that no convention explains."""

from __future__ import annotations

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
        (np.add(RIGHT, [[[0], [0]], [[1], [2]]]), ["It differs only in example 1."]),
        (np.add(RIGHT, [0, 5, 7]), ["It differs only in index of spatial axis 0: 1 and 2."]),
        (
            np.add(RIGHT, [[[0, 0, 9]], [[0, 0, 0]]]),
            ["It differs only in example 0.", "It differs only in index of spatial axis 0: 2."],
        ),
        (RIGHT * np.nan, []),
        (np.sin(RIGHT * 7), []),
    ],
)
def test_a_sentence_for_each_kind(answer: Any, sentences: list[str]) -> None:
    assert list(remarks(answer, RIGHT, answer == RIGHT)) == sentences


def test_the_diagnosis_has_the_sentences() -> None:
    diagnosis = conformance.diagnose([1, 2, 3], [1, 10], [3, 36, 69, 90], seconds=None)
    assert diagnosis.words.endswith("It is 3 times the right answer.")
