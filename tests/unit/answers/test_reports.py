"""Answers of public reports and questions: each is named by what it did."""

from typing import Any

import numpy as np
import pytest

import conformance
from conformance.cases.array_rules import random
from conformance.cases.arrays import to_dtype

LINE: dict[str, Any] = {"x": [1, 2, 3], "kernel": [1, 10, 100]}
"""1 12 123 230 300 with stride 1, and 1 10 102 20 203 30 300 with stride 2."""
OUTPUTS: dict[str, Any] = {"x": [[[1]]], "kernel": [[[1, 10, 100], [2, 20, 200]]]}
"""1 10 100 in the first output channel, and 2 20 200 in the second."""
NUMBERED: dict[str, Any] = {
    "x": [[[1], [10]]],
    "kernel": [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]],
}
"""Output o at offset k is kernel[0, o, k] + 10 kernel[1, o, k]."""
KERAS = "keras.layers.ConvTranspose"

REPORTS: dict[str, tuple[dict[str, Any], Any]] = {
    "kernel flip: flipped": ({**LINE, "stride": 2, "padding": 1}, [10, 201, 20, 302, 30]),
    # (n - 1 + output padding) stride + k
    "output padding: after the input": (
        {**LINE, "stride": 2, "output_padding": 1},
        [1, 10, 102, 20, 203, 30, 300, 0, 0],
    ),
    "operator: convolution": (LINE, [1 + 20 + 300]),
    "dilation with groups: exchanged": (
        {"x": [[[1], [2]]], "kernel": [[[1, 10]], [[100, 1000]]], "dilation": 2},
        [[[1, 10], [200, 2000]]],
    ),
    "stride: ignored": ({**LINE, "stride": 2}, [1, 12, 123, 230, 300]),
    # The memory of 1 to 12: of each offset, of each output, the numbers of both inputs.
    "kernel layout: reshaped to space and then channels in reverse": (
        NUMBERED,
        [[[1 + 20, 5 + 60, 9 + 100], [3 + 40, 7 + 80, 11 + 120]]],
    ),
    "answer layout: channels last": (OUTPUTS, [[[1, 2], [10, 20], [100, 200]]]),
    "answer layout: space reversed": ({"x": [[1]], "kernel": [[1, 2], [3, 4]]}, [[1, 3], [2, 4]]),
    "output padding: zeros at the start": (
        {**LINE, "stride": 2, "output_padding": 1},
        [0, 1, 10, 102, 20, 203, 30, 300],
    ),
    "bias: along the first spatial axis": (
        {"x": [[[[1]]]], "kernel": [[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]], "bias": [10, 20]},
        [[[[11, 12], [23, 24]], [[15, 16], [27, 28]]]],
    ),
    # 1 1 2 2 3 3
    "stride: repeats the input": (
        {**LINE, "stride": 2},
        [1, 11, 112, 122, 223, 233, 330, 300],
    ),
    # 0 0 1 2 3 0 0
    "padding: pads the input without its stride": (
        {**LINE, "stride": 2, "padding": 2},
        [0, 0, 1, 10, 102, 20, 203, 30, 300, 0, 0],
    ),
    "padding split: halved": ({**LINE, "stride": 2, "padding": [[2, 0]]}, [10, 102, 20, 203, 30]),
    "output padding: below the stride": (
        {**LINE, "stride": 2, "output_padding": 3},
        [1, 10, 102, 20, 203, 30, 300, 0],
    ),
    "same: odd element: cropped at the start": (
        {**LINE, "stride": 2, "padding": "same"},
        [10, 102, 20, 203, 30, 300],
    ),
    "padding: pads the input": ({**LINE, "padding": 2}, [1, 12, 123, 230, 300]),
    "valid: length: whole strides": (
        {**LINE, "stride": 4},
        [1, 10, 100, 0, 2, 20, 200, 0, 3, 30, 300, 0],
    ),
    "same: output padding: half a kernel": (
        {**LINE, "api": KERAS, "strides": 2, "padding": "same", "output_padding": 0},
        [10, 102, 20, 203, 30],
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_reported_answer_is_named(name: str) -> None:
    question, y = REPORTS[name]
    diagnosis = conformance.diagnose(y=y, seconds=None, **question)
    assert diagnosis.status == "wrong"
    assert (name,) in diagnosis.names


@pytest.mark.parametrize(
    ("question", "y"),
    [
        ({**LINE, "stride": 2, "padding": 1}, [10, 102, 20, 203, 30]),
        ({**LINE, "stride": 2, "output_padding": 1}, [1, 10, 102, 20, 203, 30, 300, 0]),
        ({**LINE, "padding": 2}, [123]),
        ({**LINE, "stride": 4}, [1, 10, 100, 0, 2, 20, 200, 0, 3, 30, 300]),
        ({**LINE, "api": KERAS, "strides": 2, "padding": "same"}, [1, 10, 102, 20, 203, 30]),
        # Real numbers, of which two conventions have one length
        (
            {"x": [0.5, 1.5, 2.5], "kernel": [0.1, 0.2, 0.3], "padding": 2, "stride": 2},
            [0.5 * 0.3 + 1.5 * 0.1, 1.5 * 0.2, 1.5 * 0.3 + 2.5 * 0.1],
        ),
    ],
)
def test_the_right_answer_is_right(question: dict[str, Any], y: Any) -> None:
    assert conformance.diagnose(y=y, **question).is_right


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("channels", [64, 512])
def test_many_channels_of_a_half_hide_nothing(dtype: Any, channels: int) -> None:
    x = to_dtype(random(1).normal(0, 1, (1, channels, 8)), dtype)
    kernel = to_dtype(random(2).normal(0, 0.05, (channels, 8, 3)), dtype)
    right = conformance.conv_transpose(x.astype("f8"), kernel.astype("f8"))
    flipped = conformance.conv_transpose(x.astype("f8"), kernel[:, :, ::-1].astype("f8"))

    def diagnosed(y: Any) -> conformance.AnswerDiagnosis:
        return conformance.diagnose(x, kernel, to_dtype(y, dtype), dtype=dtype, seconds=None)

    assert diagnosed(right).is_right
    assert diagnosed(flipped).names == (("kernel flip: flipped",),)
    assert diagnosed(np.zeros_like(right)).status == "wrong"
