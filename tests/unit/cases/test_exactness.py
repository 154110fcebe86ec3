"""Which sums a dtype may have to round."""

import numpy as np
import pytest

from conformance.cases.exactness import rounds
from conformance.question import Dtype, Op, Question


@pytest.mark.parametrize(
    ("dtype", "number", "is_rounded"),
    [
        ("bfloat16", 8, False),  # 4 x 64 = 256, and 257 is no number of bfloat16
        ("bfloat16", 9, True),
        ("bfloat16", 0.5, True),
        ("float16", 9, False),
        ("float16", 23, True),
        ("float16", np.inf, False),  # it is infinite in every order
        ("float32", 23, False),
    ],
)
def test_sums_are_rounded_where_a_dtype_cannot_hold_them(
    dtype: Dtype, number: float, is_rounded: bool
) -> None:
    numbers = np.full((1, 4, 1), number, np.float32)
    q = Question(op="conv", x=numbers, kernel=-numbers, dtype="float32")
    assert rounds(q, dtype) is is_rounded


@pytest.mark.parametrize(("op", "length", "number"), [("conv", 3, 1), ("parameters", 4, 0.5)])
def test_what_sums_nothing_rounds_nothing(op: Op, length: int, number: float) -> None:
    """A convolution without an output has no answer; parameters are counted."""
    kernel = np.full((1, 1, 4), number, np.float32)
    q = Question(op=op, x=kernel[..., :length], kernel=kernel)
    assert not rounds(q, "bfloat16")
