"""Limits of JAX: crops that make XLA read behind an array, and those that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.adapters.xla import reads_past_the_end
from conformance.question import Question


def conv(pair: tuple[int, int], **rest: Any) -> Question:
    """A convolution over 5 elements, with a kernel of 2."""
    fields = {
        "op": "conv",
        "x": np.ones((1, 8, 5), np.float32),
        "kernel": np.ones((1, 8, 2), np.float32),
        "stride": (1,),
        "padding": (pair,),
        "output_padding": (0,),
        "dilation": (1,),
        **rest,
    }
    return Question(**fields)


@pytest.mark.parametrize(
    ("pair", "stride", "reads"),
    [
        ((-1, 1), 1, True),
        ((-2, 1), 1, True),
        ((-1, 2), 1, False),
        ((-1, 0), 1, False),
        ((1, 1), 1, False),
        # The last place of the stride leaves one of the zeros, or all of them.
        ((-1, 2), 3, True),
        ((-2, 3), 3, True),
        ((-1, 3), 3, True),
        ((-1, 1), 2, False),
    ],
)
def test_of_the_zeros_those_count_that_are_reached(
    pair: tuple[int, int], stride: int, reads: bool
) -> None:
    assert reads_past_the_end(conv(pair, stride=(stride,))) is reads


def test_a_gradient_by_the_input_stretches_it_as_a_transposed_convolution_does() -> None:
    gradient = conv((3, 0), op="conv_input_gradient")
    assert reads_past_the_end(gradient)
    assert not reads_past_the_end(gradient.but(stride=(2,)))


def test_three_axes_are_right() -> None:
    x, kernel = np.ones((1, 8, 5, 1, 1), np.float32), np.ones((1, 8, 2, 1, 1), np.float32)
    ones, none = (1, 1, 1), (0, 0, 0)
    padding = ((-1, 1), (0, 0), (0, 0))
    q = Question(
        op="conv", x=x, kernel=kernel, stride=ones, padding=padding, output_padding=none,
        dilation=ones,
    )  # fmt: skip
    assert not reads_past_the_end(q)
