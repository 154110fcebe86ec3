"""Limits of JAX: what makes XLA read behind an array or abort, and what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.adapters import equinox
from conformance.adapters.xla import ends_the_process, reads_past_the_end
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


def gradient(space: tuple[int, int], window: tuple[int, int], **rest: Any) -> Question:
    """The gradient by the kernel of a transposed convolution with stride 2 along the last axis."""
    q = Question(
        op="conv_transpose_kernel_gradient",
        x=np.ones((1, 1, *space), np.float32),
        kernel=np.ones((1, 1, *window), np.float32),
        stride=(1, 2),
        **rest,
    )
    return q.but(gradient=np.ones(q.output_shape, np.float32))


@pytest.mark.parametrize(("crop", "ends"), [((0, 1), True), ((0, 0), False), ((1, 1), False)])
def test_a_gradient_of_two_places_beside_more_places_than_elements_aborts(
    crop: tuple[int, int], ends: bool
) -> None:
    assert ends_the_process(gradient((1, 3), (3, 4), padding=(crop, (3, 3)))) is ends


def test_what_equinox_repeats_around_is_part_of_the_input() -> None:
    q = gradient((1, 1), (1, 4), padding="circular").but(stride=(2, 2))
    q = q.but(gradient=np.ones(q.output_shape, np.float32))
    (limit,) = (limit for limit in equinox.LAYER.limits if "XLA ends" in limit.reason)
    assert limit.concerns(q)
    assert not limit.concerns(q.but(op="conv_transpose"))
    assert not ends_the_process(q)
