"""The space of questions: what can be varied, and seeded draws from it, small enough to read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.geometry import Axes, Padding, padding_of
from conformance.question import OPS, Array, Op, Question

DRAWN: tuple[Op, ...] = tuple(
    op for op in OPS if not op.endswith("parameters") and op != "interpolate"
)
LARGEST = 3
"""The largest absolute value of drawn data."""


def draws(seed: int, ops: tuple[Op, ...] = DRAWN) -> Iterator[Question]:
    """Questions without end, the same for the same seed: integers, one to three spatial axes.

    All have an answer. Arguments are drawn alone, so that unlikely ones meet: crops larger than the
    kernel, negative padding, output padding beyond the stride, kernels smaller than the stride.
    """
    random = np.random.default_rng(seed)
    while True:
        question = _draw(random, ops)
        try:
            space = question.output_space
        except ValueError:
            continue
        if question.wanted.endswith("gradient"):
            shape = (len(question.x), question.output_channels, *space)
            question = question.but(gradient=_integers(random, shape))
        yield question


def _draw(random: np.random.Generator, ops: tuple[Op, ...]) -> Question:
    op = ops[random.integers(len(ops))]
    rank = int(random.integers(1, 4))
    groups = int(random.choice((1, 1, 1, 2, 3)))
    inputs, outputs = (groups * int(n) for n in random.integers(1, 4, 2))
    ends = (inputs, outputs // groups)
    transposed = op.startswith("conv_transpose")
    if not transposed:
        ends = (outputs, inputs // groups)
    dilated, extended, biased = random.random(3) < 0.4
    return Question(
        op=op,
        x=_integers(random, (int(random.integers(1, 3)), inputs, *_axes(random, rank, 1, 6))),
        kernel=_integers(random, (*ends, *_axes(random, rank, 1, 5))),
        bias=_integers(random, (outputs,)) if biased and not op.endswith("gradient") else None,
        stride=_axes(random, rank, 1, 4),
        padding=padding_of(_padding(random, rank), rank),
        output_padding=_axes(random, rank, 0, 3) if transposed and extended else (0,) * rank,
        dilation=_axes(random, rank, 1, 3) if dilated else (1,) * rank,
        groups=groups,
    )


def _padding(random: np.random.Generator, rank: int) -> Padding:
    kind = random.choice(("same", "valid", "none", "equal", "pairs"))
    if kind in ("same", "valid"):
        return str(kind)
    if kind == "none":
        return 0
    if kind == "equal":
        return _axes(random, rank, 0, 4)
    return tuple((int(begin), int(end)) for begin, end in random.integers(-1, 4, (rank, 2)))


def _axes(random: np.random.Generator, rank: int, low: int, high: int) -> Axes:
    return tuple(int(n) for n in random.integers(low, high, rank))


def _integers(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return random.integers(-LARGEST, LARGEST + 1, shape).astype(np.float32)
