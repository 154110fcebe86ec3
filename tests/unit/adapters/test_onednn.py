"""Limits of oneDNN: the questions that were observed to go wrong are behind one, others are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.adapters import onednn
from conformance.question import Question


def kernel_gradient(n: int, k: int, s: int, padding: Any, **rest: Any) -> Question:
    """Over three axes, of which two are 1."""
    fields = {
        "op": "conv_kernel_gradient",
        "x": np.ones((2, 1, n, 1, 1), np.float32),
        "kernel": np.ones((1, 1, k, 1, 1), np.float32),
        "stride": (s, 1, 1),
        "padding": padding if isinstance(padding, str) else ((padding, padding), (0, 0), (0, 0)),
        "output_padding": (0, 0, 0),
        "dilation": (1, 1, 1),
        **rest,
    }
    return Question(**fields)


@pytest.mark.parametrize(
    ("n", "k", "s", "padding"),
    [
        (2, 7, 5, 6), (6, 5, 3, 4), (4, 4, 2, 3), (6, 7, 2, 3), (3, 7, 3, 5),
        (8, 8, 2, "same"), (7, 8, 2, "same"), (12, 12, 2, "same"), (6, 8, 2, "same"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_behind_the_limit(n: int, k: int, s: int, padding: Any) -> None:
    assert onednn.LONG_PADDING.concerns(kernel_gradient(n, k, s, padding))


@pytest.mark.parametrize(
    ("n", "k", "s", "padding"),
    [
        (6, 4, 2, 3), (2, 7, 1, 6), (6, 5, 3, 3), (6, 5, 3, 5), (1, 4, 2, 3), (2, 6, 2, 4),
        (10, 10, 2, "same"), (12, 12, 4, "same"), (6, 6, 2, "same"), (8, 8, 2, "valid"),
    ],
)  # fmt: skip
def test_what_is_right_is_not_behind_the_limit(n: int, k: int, s: int, padding: Any) -> None:
    assert not onednn.LONG_PADDING.concerns(kernel_gradient(n, k, s, padding))


@pytest.mark.parametrize(
    "changed",
    [{"dtype": "bfloat16"}, {"dtype": "float64"}, {"groups": 2}, {"op": "conv_input_gradient"}],
    ids=str,
)
def test_other_routines_and_other_gradients_have_no_such_limit(changed: dict[str, Any]) -> None:
    assert not onednn.LONG_PADDING.concerns(kernel_gradient(6, 5, 3, 4, **changed))


def test_of_a_transposed_convolution_its_output_is_what_is_convolved() -> None:
    """6 elements, of which 3 places of a kernel of 5 are made at a stride of 3."""
    transposed = kernel_gradient(3, 5, 3, 4, op="conv_transpose_kernel_gradient")
    transposed = transposed.but(output_padding=(2, 0, 0))
    assert transposed.output_space == (5, 1, 1)
    assert onednn.LONG_PADDING.concerns(transposed)
    assert not onednn.LONG_PADDING.concerns(transposed.but(stride=(1, 1, 1), padding="valid"))


PART = next(limit for limit in onednn.CHANNELS_LAST if "one channel" in limit.reason)


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({}, True),
        ({"x": np.ones((2, 2, 4, 3), np.float32), "groups": 2}, True),
        ({"x": np.ones((2, 2, 4, 3), np.float32), "kernel": np.ones((2, 2, 2, 3))}, False),
        ({"dtype": "float64"}, False),
        ({"stride": (2, 1)}, False),
        ({"x": np.ones((1, 1, 4, 5), np.float32)}, False),
        ({"x": np.ones((1, 1, 2, 3), np.float32)}, False),
    ],
    ids=str,
)
def test_one_place_along_a_strided_last_axis_has_a_limit(
    changed: dict[str, Any], refused: bool
) -> None:
    """One channel in a group, and some places along the other axis."""
    fields = {
        "op": "conv",
        "x": np.ones((1, 1, 4, 3), np.float32),
        "kernel": np.ones((2, 1, 2, 3), np.float32),
        "stride": (1, 2),
        "padding": "valid",
        "output_padding": (0, 0),
        "dilation": (1, 1),
        **changed,
    }
    assert PART.concerns(Question(**fields)) is refused
