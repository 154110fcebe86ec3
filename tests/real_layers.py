"""Layers of real numbers, as models have them, for the tests of comparison."""

from typing import Any

import numpy as np

from conformance.cases import Case, Place
from conformance.conventions.arithmetic import round_to
from conformance.question import Array, Chain, Dtype, Question
from conformance.runs.prepared_case import PreparedCase

DTYPES: tuple[Dtype, ...] = ("float16", "bfloat16", "float32", "float64")


def rounded(numbers: Array, dtype: Dtype) -> Array:
    """Numbers in a dtype; bfloat16 as the oracle holds it."""
    if dtype == "bfloat16":
        return round_to(numbers.astype(np.float32), dtype)
    return numbers.astype(dtype)


def layer(
    dtype: Dtype = "float32",
    channels: int = 8,
    window: tuple[int, ...] = (3,),
    bias: float | None = 1.0,
    seed: int = 0,
    op: str = "conv_transpose",
    above_zero: bool = False,
    **arguments: Any,
) -> Question:
    """A layer with a model's kind of numbers, drawn from a normal distribution."""
    random, rank = np.random.default_rng(seed), len(window)
    change = np.abs if above_zero else np.asarray
    channel_axes = (3, channels) if op == "conv" else (channels, 3)
    fields = {
        "x": rounded(change(random.normal(size=(2, channels, *(9, 4)[:rank]))), dtype),
        "kernel": rounded(random.normal(0, 0.1, (*channel_axes, *window)), dtype),
        "bias": None if bias is None else rounded(random.normal(0, bias, 3), dtype),
        **arguments,
    }
    return Question(op=op, dtype=dtype, **fields)


def prepared_case(asked: Question | Chain) -> PreparedCase:
    op = asked.op if isinstance(asked, Question) else "chain"
    place = Place("layers.yaml", 1, 1)
    return PreparedCase(
        Case(id="layer", op=op, question=asked, why="It is.", exact=False, topics=(), place=place)
    )
