from typing import Any

import numpy as np
import pytest

from conformance import oracle
from conformance.oracle import indexing


def test_an_offset_that_reaches_nothing_makes_no_tap() -> None:
    # Of the three products of one element, padding crops the first and the last.
    indices = indexing.conv_transpose((1, 1, 1), (1, 1, 3), padding=1)
    assert [a for _, taps in indices.phases for a, _, _ in taps] == [1]


def test_there_is_a_phase_for_every_remainder_that_an_offset_has() -> None:
    indices = indexing.conv_transpose((1, 1, 4), (1, 1, 2), stride=3)
    assert [view for view, _ in indices.phases] == [
        (..., slice(0, None, 3)),
        (..., slice(1, None, 3)),
    ]


def test_a_convolution_and_its_transpose_meet_at_the_same_elements() -> None:
    there = indexing.conv((1, 2, 7), (3, 2, 3), stride=2, padding=1)
    back = indexing.conv_transpose((1, 3, 4), (3, 2, 3), stride=2, padding=1)
    assert there == back


# Questions without an answer

X, KERNEL = np.ones((1, 4, 5, 5)), np.ones((4, 2, 3, 3))
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"x": np.ones((4, 5))}, "x must have channels and .* spatial axis.* got the shape (4, 5)"),
    ({"x": np.ones((1, 4, 0, 5))}, "x must .* at least 1 element along each.* (1, 4, 0, 5)"),
    ({"x": np.ones((1, 0, 5, 5))}, "x must .* at least 1 element along each.* (1, 0, 5, 5)"),
    ({"x": np.ones((1, 3, 5, 5))}, "kernel of shape (4, 2, 3, 3) .* takes 4 input .* x with 3"),
    ({"x": np.ones((1, 4, 5))}, "kernel must have as many spatial axes as x, 1, got .* 3, 3)"),
    ({"x": X.astype(bool)}, "x must hold integers, floats or complex numbers, got bool"),
    (
        {"x": X.astype(int), "kernel": KERNEL.astype(int), "bias": [0.5] * 2},
        "bias must not be of float64, as the answer is of int64",
    ),
    ({"kernel": np.ones((4, 2))}, "kernel must have channels .* got the shape (4, 2)"),
    ({"kernel": np.ones((4, 2, 3, 0))}, "kernel must .* at least 1 element .* (4, 2, 3, 0)"),
    ({"kernel": [["a"]]}, "kernel must hold integers, floats or complex numbers, got <U1"),
    ({"groups": 3}, "groups must divide 4, the first length of kernel, got 3"),
    ({"groups": 0}, "groups must be at least 1 per axis, got 0"),
    ({"groups": 2.0}, "groups must be whole numbers, got 2.0"),
    ({"bias": np.ones(3)}, "bias must have the shape (2,), got (3,)"),
    ({"bias": np.ones(4), "groups": 4}, "bias must have the shape (8,), got (4,)"),
    ({"bias": 1}, "bias must have the shape (2,), got ()"),
    ({"stride": 0}, "stride must be at least 1 per axis, got 0"),
    ({"stride": (1, 2, 3)}, "stride must be one number or one for each of 2 axes, got 3"),
    ({"dilation": (1, -1)}, "dilation must be at least 1 per axis, got -1"),
    ({"output_padding": -1}, "output_padding must be at least 0 per axis, got -1"),
    (
        {"padding": "SAME"},
        "padding must be numbers or one of 'same', 'valid', 'circular', got 'SAME'",
    ),
    ({"padding": 4}, "padding (4, 4) leaves -1 of the 7 elements"),
]


def pattern(sentence: str) -> str:
    """A sentence whose parentheses stand for themselves."""
    return sentence.replace("(", r"\(").replace(")", r"\)")


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_conv_transpose_names_what_is_wrong(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=pattern(sentence)):
        oracle.conv_transpose(**{"x": X, "kernel": KERNEL, **changes})


def test_conv_names_the_channels_that_its_kernel_takes() -> None:
    sentence = "kernel of shape (4, 2, 3, 3) in groups of 1 takes 2 input channels, got x with 4"
    with pytest.raises(ValueError, match=pattern(sentence)):
        oracle.conv(X, KERNEL)


def test_conv_names_a_kernel_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="a kernel that covers 7 does not fit into an input of 5"):
        oracle.conv(X, KERNEL, groups=2, dilation=3)


def test_conv_has_no_output_padding() -> None:
    with pytest.raises(TypeError, match="output_padding"):
        oracle.conv_input_gradient(X.shape, KERNEL, X, output_padding=1)


@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_a_gradient_has_the_shape_of_the_output(name: str) -> None:
    with pytest.raises(ValueError, match=pattern("gradient must have the shape (1, .* got (1, 9)")):
        getattr(oracle, f"{name}_input_gradient")((1, 4, 5), np.ones((4, 4, 3)), np.ones((1, 9)))
