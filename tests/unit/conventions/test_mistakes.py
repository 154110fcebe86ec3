"""Every mistake on numbers small enough to be answered by hand, and how the diagnosis names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny import ask, column

from conformance.conventions.axes import CONVENTIONS
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import answer_under
from conformance.question import Question, answer

MISTAKES = {str(c): c for c in CONVENTIONS if c.choice.mistake}

LINE = {"x": [1, 2, 3], "kernel": [1, 10, 100]}
"""1 12 123 230 300 with stride 1, and 1 10 102 20 203 30 300 with stride 2."""
SQUARE = {"x": [[1]], "kernel": [[1, 2], [3, 4]]}
CUBE = {"x": [[[1]]], "kernel": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}
ROWS = {"x": [[1]], "kernel": [[1, 2, 3], [4, 5, 6]]}
OUTPUTS = {"x": column(1), "kernel": [[[1, 10, 100], [2, 20, 200]]], "channels": True}
"""1 10 100 in the first output channel, and 2 20 200 in the second."""
NUMBERED = {
    # Output o at offset k is kernel[0, o, k] + 10 kernel[1, o, k].
    "x": column(1, 10),
    "kernel": [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]],
    "channels": True,
}

COMPLEX = ask(**LINE).map_arrays(lambda array: array * np.complex64(1j), dtype="complex64")
EXAMPLES: dict[str, tuple[Question, Any]] = {
    "conjugate: of the kernel": (COMPLEX, [1, 12, 123, 230, 300]),
    "answer layout: channels last": (ask(**OUTPUTS), [[[1, 2], [10, 20], [100, 200]]]),
    "answer layout: space reversed": (ask(**SQUARE), [[1, 3], [2, 4]]),
    "answer layout: backwards": (ask(**LINE), [300, 230, 123, 12, 1]),
    # 1 10 100 2 20 200 in memory
    "answer layout: reshaped to channels last": (ask(**OUTPUTS), [[[1, 10], [100, 2], [20, 200]]]),
    # 1 2 10 20 100 200 in memory
    "answer layout: reshaped from channels last": (ask(**OUTPUTS), [[1, 2, 10], [20, 100, 200]]),
    # (1, 10), (100, 2), (20, 200)
    "answer layout: taken for channels last": (ask(**OUTPUTS), [[1, 100, 20], [10, 2, 200]]),
    # 1 4 2 5 3 6 in memory
    "input layout: reshaped from channels last": (
        ask([[[1, 2, 3], [4, 5, 6]]], [[[1]], [[10]]], channels=True),
        [1 + 50, 4 + 30, 2 + 60],
    ),
    # (1, 2), (3, 4), (5, 6)
    "input layout: reshaped to channels last": (
        ask([[[1, 2, 3], [4, 5, 6]]], [[[1]], [[10]]], channels=True),
        [1 + 20, 3 + 40, 5 + 60],
    ),
    # The memory of 1 to 12: of each offset, of each output, the numbers of both inputs.
    "kernel layout: reshaped to space and then channels in reverse": (
        ask(**NUMBERED),
        [[1 + 20, 5 + 60, 9 + 100], [3 + 40, 7 + 80, 11 + 120]],
    ),
    # 1 7 4 10 2 8 for the first input, and 5 11 3 9 6 12 for the second
    "kernel layout: reshaped from space and then channels in reverse": (
        ask(**NUMBERED),
        [[1 + 50, 7 + 110, 4 + 30], [10 + 90, 2 + 60, 8 + 120]],
    ),
    # Of each offset, of each input, the numbers of both outputs.
    "kernel layout: reshaped to space and then channels": (
        ask(**NUMBERED),
        [[1 + 30, 5 + 70, 9 + 110], [2 + 40, 6 + 80, 10 + 120]],
    ),
    # 1 4 7 10 2 5 for the first input, and 8 11 3 6 9 12 for the second
    "kernel layout: reshaped from space and then channels": (
        ask(**NUMBERED),
        [[1 + 80, 4 + 110, 7 + 30], [10 + 60, 2 + 90, 5 + 120]],
    ),
    # Of each input, of each offset, the numbers of both outputs.
    "kernel layout: reshaped to space before the last channels": (
        ask(**NUMBERED),
        [[1 + 70, 3 + 90, 5 + 110], [2 + 80, 4 + 100, 6 + 120]],
    ),
    # 1 4 2 5 3 6 for the first input, and 7 10 8 11 9 12 for the second
    "kernel layout: reshaped from space before the last channels": (
        ask(**NUMBERED),
        [[1 + 70, 4 + 100, 2 + 80], [5 + 110, 3 + 90, 6 + 120]],
    ),
    # Columns of 1 to 6
    "kernel layout: reshaped to space in reverse": (ask(**ROWS), [[1, 3, 5], [2, 4, 6]]),
    # 1 4 2 5 3 6 in memory
    "kernel layout: reshaped from space in reverse": (ask(**ROWS), [[1, 4, 2], [5, 3, 6]]),
    # In each group the numbers of an output stand together, and not those of an input.
    "kernel layout: reshaped to channels in reverse": (
        ask(
            column(1, 10, 1, 10),
            [[[1], [2]], [[3], [4]], [[5], [6]], [[7], [8]]],
            groups=2,
            channels=True,
        ),
        column(1 + 20, 3 + 40, 5 + 60, 7 + 80),
    ),
    # 1 4 2 for the first input, and 5 3 6 for the second
    "kernel layout: reshaped from channels in reverse": (
        ask(column(1, 10), [[[1], [2], [3]], [[4], [5], [6]]], channels=True),
        column(1 + 50, 4 + 30, 2 + 60),
    ),
    # Of each output, of each offset, the numbers of both inputs.
    "kernel layout: reshaped to space between the channels": (
        ask(**NUMBERED),
        [[1 + 20, 3 + 40, 5 + 60], [7 + 80, 9 + 100, 11 + 120]],
    ),
    # 1 7 2 8 3 9 for the first input, and 4 10 5 11 6 12 for the second
    "kernel layout: reshaped from space between the channels": (
        ask(**NUMBERED),
        [[1 + 40, 7 + 100, 2 + 50], [8 + 110, 3 + 60, 9 + 120]],
    ),
    "operator: convolution": (ask(**LINE), [1 + 20 + 300]),
    "dilation with groups: exchanged": (
        ask(column(1, 2), [[[1, 10]], [[100, 1000]]], dilation=2, channels=True),
        [[1, 10], [200, 2000]],
    ),
    "groups: ignored": (ask(column(1, 2), [[[1]], [[10]]], groups=2, channels=True), [1 + 20]),
    "argument order: reversed": (
        ask(**ROWS, padding=((0, 1), (0, 0)), output_padding=(0, 1)),
        [[1, 2], [4, 5], [0, 0]],
    ),
    "stride order: first for all": (ask([[1, 2]], [[1]], stride=(1, 2)), [[1, 2]]),
    "dilation order: reversed": (ask(**SQUARE, dilation=(1, 2)), [[1, 2], [0, 0], [3, 4]]),
    "dilation order: first for all": (ask(**SQUARE, dilation=(1, 2)), [[1, 2], [3, 4]]),
    "stride: ignored": (ask(**LINE, stride=2), [1, 12, 123, 230, 300]),
    # 1 1 2 2 3 3
    "stride: repeats the input": (
        ask(**LINE, stride=2),
        [1, 11, 112, 122, 223, 233, 330, 300],
    ),
    # 1 1 2 2 3
    "stride: repeats all but the last": (
        ask(**LINE, stride=2),
        [1, 11, 112, 122, 223, 230, 300],
    ),
    "padding order: reversed": (ask(**ROWS, padding=((0, 1), (0, 0))), [[1, 2], [4, 5]]),
    # 0 1 0 0: nothing off the first row, and the first column off
    "padding order: read as starts and ends": (
        ask(**ROWS, padding=((0, 1), (0, 0))),
        [[2, 3], [5, 6]],
    ),
    # 0 0 0 1 0 0: the end of the second axis
    "padding order: read as pairs": (
        ask(**CUBE, padding=((0, 1), (0, 0), (0, 0))),
        [[[1, 2]], [[5, 6]]],
    ),
    "padding order: first for all": (ask(**ROWS, padding=((0, 1), (0, 0))), [[1, 2]]),
    "padding: twice": (ask(**LINE, stride=2, padding=1), [102, 20, 203]),
    "padding: half": (ask(**LINE, stride=2, padding=1), [1, 10, 102, 20, 203, 30]),
    # 2 more off each end of 1 2 13 20 130 200 300
    "padding with dilation: of the undilated kernel": (ask(**LINE, dilation=2), [13, 20, 130]),
    "output padding order: reversed": (
        ask(**SQUARE, output_padding=(0, 1)),
        [[1, 2], [3, 4], [0, 0]],
    ),
    # 0 0 1 0 2 0 3 0 0, in which 3 elements have 7 places
    "padding: pads the input without its stride": (
        ask(**LINE, stride=2, padding=1),
        [1, 10, 102, 20, 203, 30, 300],
    ),
    "padding: pads the input and crops nothing": (
        ask(**LINE, stride=2, padding=1),
        [0, 0, 1, 10, 102, 20, 203, 30, 300, 0, 0],
    ),
    # A kernel of 3 needs 2 zeros at each end, and makes them 4 where the stride comes after them.
    "padding with stride: padding first": (
        ask(**LINE, stride=2),
        [0, 0, 1, 10, 102, 20, 203, 30, 300, 0, 0],
    ),
    "output padding: zeros at the start": (
        ask(**LINE, stride=2, padding=1, output_padding=1),
        [0, 10, 102, 20, 203, 30],
    ),
    "output padding: after the input": (
        ask(**LINE, stride=2, output_padding=1),
        [1, 10, 102, 20, 203, 30, 300, 0, 0],
    ),
    "output padding: before the input": (
        ask(**LINE, stride=2, output_padding=1),
        [0, 0, 1, 10, 102, 20, 203, 30, 300],
    ),
    "output padding: below the stride": (
        ask(**LINE, stride=2, output_padding=3),
        [1, 10, 102, 20, 203, 30, 300, 0],
    ),
    "padding split: halved": (ask(**LINE, padding=((3, 0),)), [12, 123]),
    "padding split: halved from the end": (ask(**LINE, padding=((3, 0),)), [123, 230]),
    "padding split: all at the end": (ask(**LINE, padding=((3, 0),)), [1, 12]),
    "padding split: all at the start": (ask(**LINE, padding=((0, 1),)), [12, 123, 230, 300]),
    "padding split: halved from the end along the first": (
        ask(**SQUARE, padding=((0, 1), (0, 1))),
        [[3]],
    ),
    "padding split: halved from the end along the second": (
        ask(**SQUARE, padding=((0, 1), (0, 1))),
        [[2]],
    ),
    # 312 123 231 with its ends joined
    "circular: ends: apart": (ask(**LINE, padding="circular"), [12, 123, 230]),
    "padding split: halved from the end along the third": (
        ask(**CUBE, padding=((0, 1), (0, 1), (0, 1))),
        [[[2]]],
    ),
    "padding split: halved from the end along the first two": (
        ask(**CUBE, padding=((0, 1), (0, 1), (0, 1))),
        [[[7]]],
    ),
    "padding split: halved from the end along the outer two": (
        ask(**CUBE, padding=((0, 1), (0, 1), (0, 1))),
        [[[6]]],
    ),
    "padding split: halved from the end along the last two": (
        ask(**CUBE, padding=((0, 1), (0, 1), (0, 1))),
        [[[4]]],
    ),
    "length: one more along every axis": (ask(**LINE), [1, 12, 123, 230, 300, 0]),
    "length: one fewer along every axis": (ask(**LINE), [1, 12, 123, 230]),
    "length: one more along the first": (ask(**SQUARE), [[1, 2], [3, 4], [0, 0]]),
    "length: one fewer along the first": (ask(**SQUARE), [[1, 2]]),
    "length: one more along the second": (ask(**SQUARE), [[1, 2, 0], [3, 4, 0]]),
    "length: one fewer along the second": (ask(**SQUARE), [[1], [3]]),
    "length: one more along the third": (
        ask(**CUBE),
        [[[1, 2, 0], [3, 4, 0]], [[5, 6, 0], [7, 8, 0]]],
    ),
    "length: one fewer along the third": (ask(**CUBE), [[[1], [3]], [[5], [7]]]),
    "bias: along the last axis": (
        ask(column(1), [[[1, 10], [2, 20]]], bias=[100, 200], channels=True),
        [[101, 210], [102, 220]],
    ),
    "bias: along the first spatial axis": (
        ask([[[[1]]]], [[[[1], [10]], [[2], [20]]]], bias=[100, 200], channels=True),
        [[[101], [210]], [[102], [220]]],
    ),
    "bias: along the second spatial axis": (
        ask([[[[[1]]]]], [[[[[1], [10]]], [[[2], [20]]]]], bias=[100, 200], channels=True),
        [[[[101], [210]]], [[[102], [220]]]],
    ),
    "bias: along the batch axis": (
        ask([[[1]], [[3]]], [[[1], [2]]], bias=[100, 200], channels=True),
        [[[101], [102]], [[203], [206]]],
    ),
    # The inputs are 4 and 6.
    "bias: along the input channels": (
        ask(column(1, 2), [[[1], [10]], [[100], [1000]]], bias=[3, 4], channels=True),
        column(604, 6040),
    ),
}
"""A question for each mistake, and its answer under that, in which the oracle has another."""


def test_every_mistake_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(MISTAKES)


def of(name: str) -> tuple[Question, np.ndarray]:
    q, expected = EXAMPLES[name]
    numbers = np.array(expected, q.x.dtype)
    return q, numbers.reshape((1,) * (q.x.ndim - numbers.ndim) + numbers.shape)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mistake_does_what_its_sentence_says(name: str) -> None:
    q, expected = of(name)
    np.testing.assert_array_equal(answer_under(q, (MISTAKES[name],)), expected)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mistake_is_named_from_its_answer(name: str) -> None:
    q, expected = of(name)
    assert (name,) in diagnose(q, answer(q), expected, exact=True).names
