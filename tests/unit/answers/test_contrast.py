"""One answer beside another: what does each of them do that the other does not?"""

from typing import Any

import numpy as np
import pytest

from conformance.answers.contrast import Contrast, contrast_lines, contrast_of
from conformance.answers.diagnosis import diagnosis_of
from conformance.answers.submission import submission_of
from conformance.authoring.call_files import CannotUse

LINE: dict[str, Any] = {"x": [1, 2, 3], "kernel": [1, 10, 100], "stride": 2, "padding": 1}
RIGHT, FLIPPED = [10, 102, 20, 203, 30], [10, 201, 20, 302, 30]


def contrast(first: Any, second: Any, **changes: Any) -> Contrast:
    one = diagnosis_of(submission_of({**LINE, "y": first}), None)
    return contrast_of(one, diagnosis_of(submission_of({**LINE, "y": second, **changes}), None))


def test_the_conventions_of_each_are_named() -> None:
    found = contrast(FLIPPED, [1, 10, 102, 20, 203, 30, 300])
    assert not found.is_same
    assert list(map(str, found.only_first or ())) == ["kernel flip: flipped"]
    assert list(map(str, found.only_second or ())) == ["padding: ignored"]


def test_what_both_do_is_left_out() -> None:
    found = contrast([100, 10, 201, 20, 302, 30, 3], FLIPPED)
    assert list(map(str, found.only_first or ())) == ["padding: ignored"]
    assert found.only_second == ()


def test_two_wrong_answers_may_be_the_same() -> None:
    assert contrast(FLIPPED, FLIPPED).is_same
    assert contrast(FLIPPED, FLIPPED).only_first == ()


def test_without_an_explanation_only_the_numbers_are_told_apart() -> None:
    found = contrast([7, 7, 7, 7, 7], RIGHT)
    assert (found.only_first, found.only_second) == (None, None)


def test_two_answers_within_rounding_are_the_same() -> None:
    x, kernel = np.float32([0.1, 0.2]), np.float32([0.3, 0.7])
    y = np.convolve(x, kernel).astype(np.float32)
    values = {"x": x, "kernel": kernel}
    one = diagnosis_of(submission_of({**values, "y": y}))
    other = diagnosis_of(submission_of({**values, "y": np.nextafter(y, np.float32(1))}))
    assert contrast_of(one, other).is_same


def test_both_are_shown_side_by_side() -> None:
    lines = [line.plain for line in contrast_lines(contrast(FLIPPED, RIGHT), ("a", "b"), 100)]
    assert lines == [
        "The answers differ",
        "  Asked: conv_transpose of x (1, 1, 3) with kernel (1, 1, 3), stride 2, padding 1,"
        " float32.",
        "    answer (1, 1, 5)          |   other (1, 1, 5)",
        "     10  201*  20  302*  30   |    10  102*  20  203*  30",
        "    2 of 5 numbers differ (*)",
        "  a: wrong. The kernel is read backwards along every axis.",
        "  b: right. This is the right answer.",
        "  only in a: kernel flip: flipped",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stride": 1}, r"two questions: stride is \(2,\) and \(1,\)"),
        ({"kernel": [1, 10, 99]}, "two questions: kernel differs"),
        ({"bias": [1]}, "two questions: bias differs"),
    ],
)
def test_answers_to_two_questions_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CannotUse, match=sentence):
        contrast(RIGHT, RIGHT, **changes)
