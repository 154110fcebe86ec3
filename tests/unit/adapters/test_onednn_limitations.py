"""Limits of oneDNN: the questions that were observed to go wrong are behind one, others are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.adapters import onednn, onednn_limitations
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
    assert onednn_limitations.LONG_PADDING.concerns(kernel_gradient(n, k, s, padding))


@pytest.mark.parametrize(
    ("n", "k", "s", "padding"),
    [
        (6, 4, 2, 3), (2, 7, 1, 6), (6, 5, 3, 3), (6, 5, 3, 5), (1, 4, 2, 3), (2, 6, 2, 4),
        (10, 10, 2, "same"), (12, 12, 4, "same"), (6, 6, 2, "same"), (8, 8, 2, "valid"),
    ],
)  # fmt: skip
def test_what_is_right_is_not_behind_the_limit(n: int, k: int, s: int, padding: Any) -> None:
    assert not onednn_limitations.LONG_PADDING.concerns(kernel_gradient(n, k, s, padding))


@pytest.mark.parametrize(
    "changed",
    [{"dtype": "bfloat16"}, {"dtype": "float64"}, {"groups": 2}, {"op": "conv_input_gradient"}],
    ids=str,
)
def test_other_routines_and_other_gradients_have_no_such_limit(changed: dict[str, Any]) -> None:
    assert not onednn_limitations.LONG_PADDING.concerns(kernel_gradient(6, 5, 3, 4, **changed))


def test_of_a_transposed_convolution_its_output_is_what_is_convolved() -> None:
    """6 elements, of which 3 places of a kernel of 5 are made at a stride of 3."""
    transposed = kernel_gradient(3, 5, 3, 4, op="conv_transpose_kernel_gradient")
    transposed = transposed.but(output_padding=(2, 0, 0))
    assert transposed.output_space == (5, 1, 1)
    assert onednn_limitations.LONG_PADDING.concerns(transposed)
    assert not onednn_limitations.LONG_PADDING.concerns(
        transposed.but(stride=(1, 1, 1), padding="valid")
    )


PART = next(limit for limit in onednn_limitations.CHANNELS_LAST if "one channel" in limit.reason)


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


def convolution(space: tuple[int, ...], window: tuple[int, ...], **arguments: Any) -> Question:
    """One example of two channels in bfloat16, with padding at both ends alike."""
    rank = len(space)
    padding = arguments.pop("padding", (0,) * rank)
    fields = {
        "op": "conv",
        "x": np.ones((1, 2, *space), np.float32),
        "kernel": np.ones((1, 2, *window), np.float32),
        "stride": (1,) * rank,
        "dilation": (1,) * rank,
        "output_padding": (0,) * rank,
        "dtype": "bfloat16",
        **arguments,
    }
    return Question(padding=tuple((p, p) for p in padding), **fields)


@pytest.mark.parametrize(
    ("asked", "is_lost"),
    [
        (convolution((7, 8), (2, 6), stride=(1, 3)), True),
        (convolution((7, 9), (2, 6), stride=(1, 3)), False),  # two places
        (convolution((7, 8), (2, 6)), False),
        (convolution((7, 1), (2, 1), stride=(1, 3)), False),
        (convolution((2, 8), (2, 6), stride=(1, 3)), False),
        (convolution((8,), (6,), stride=(3,)), False),
        (convolution((7, 8), (2, 6), stride=(1, 3), dtype="float32"), False),
        (convolution((1, 3, 8), (3, 3, 2), padding=(2, 1, 0)), True),
        (convolution((2, 3, 8), (3, 3, 2), padding=(2, 1, 0)), False),
    ],
)
def test_amx_loses_places_where_there_is_one_along_an_axis(asked: Question, is_lost: bool) -> None:
    assert onednn_limitations.LOST_PLACES.concerns(asked) is is_lost


def test_amx_loses_places_of_a_gradient_that_is_a_convolution() -> None:
    asked = convolution((7, 8), (2, 6), stride=(1, 3))
    gradient = asked.but(
        op="conv_transpose_input_gradient",
        x=np.ones((1, 1, 6, 1), np.float32),
        kernel=np.ones((1, 2, 2, 6), np.float32),
        gradient=asked.x[:, :, :, :6],
    )
    assert onednn_limitations.LOST_PLACES.concerns(gradient)
    assert not onednn_limitations.LOST_PLACES.concerns(
        gradient.but(op="conv_transpose_kernel_gradient")
    )


ALONG_THE_LAST = {"stride": (1, 2), "dilation": (1, 2), "padding": (0, 1)}
ALONG_THE_FIRST = {"stride": (2, 3), "dilation": (3, 1), "padding": (2, 0)}


@pytest.mark.parametrize(
    ("asked", "classes"),
    [
        (convolution((3, 1), (1, 1), **ALONG_THE_LAST), onednn.AMX),
        (convolution((3, 1), (1, 1), **ALONG_THE_LAST, dtype="float16"), onednn.WITH_FLOAT16),
        (convolution((3, 2), (1, 1), **ALONG_THE_LAST, dtype="float16"), set()),
        (convolution((1, 18), (2, 5), **ALONG_THE_FIRST), onednn.AMX),
        (convolution((1, 18), (2, 5), **ALONG_THE_FIRST, dtype="float16"), set()),
        (convolution((1, 18), (3, 5), **ALONG_THE_FIRST), set()),
        (convolution((3, 1), (1, 1), **ALONG_THE_LAST, dtype="float32"), set()),
    ],
)
def test_a_kernel_that_meets_no_input_ends_the_process(asked: Question, classes: set[str]) -> None:
    """In these classes; its gradients are computed after its output."""
    for op in ("conv", "conv_input_gradient", "conv_kernel_gradient"):
        limits = [
            limit for limit in onednn_limitations.ENDS_PROCESS if limit.concerns(asked.but(op=op))
        ]
        assert {name for limit in limits for name in limit.classes} == classes
        assert all(limit.corrupts_process for limit in limits)
