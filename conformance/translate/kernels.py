"""Find the operations that turn the kernel of one API into that of another."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import permutations, product
from math import prod
from typing import Any

import numpy as np

from conformance.question import Array, Question, stand_in
from conformance.recipes import linear_ops
from conformance.recipes.linear_ops import LinearOp
from conformance.recipes.search import Plan


@dataclass(frozen=True, eq=False, kw_only=True)
class Kernels:
    """A small numbered kernel in two layouts, which shows how one is permuted into the other.

    Attributes
    ----------
    source
        The small kernel as the first API takes it.
    canonical
        The small kernel as the question has it.
    shape
        The shape of the real kernel, as the first API takes it.
    """

    source: Array
    canonical: Array
    shape: tuple[int, ...]


def numbered(question: Question) -> Question:
    """Return a small question with a kernel whose numbers, and whose longer axes, all differ.

    ``question`` decides the rank, the groups and the axes of length 1.
    """
    groups = min(question.groups, 2)
    inputs, *lengths = question.kernel.shape
    lengths.insert(0, inputs // question.groups)
    shape = [1 if n == 1 else small for n, small in zip(lengths, _SMALL, strict=False)]
    shape[0] *= groups
    return question.but(
        x=stand_in((1, shape[0], *question.space), question.x.dtype),
        kernel=np.arange(1.0, prod(shape) + 1).reshape(shape),
        bias=None,
        stride=(1,) * question.rank,
        padding="valid",
        output_padding=(0,) * question.rank,
        dilation=(1,) * question.rank,
        groups=groups,
    )


_SMALL = (2, 3, 5, 6, 7)
"""Lengths of axes; no two are the same for two groups either."""


def ops_between(kernels: Kernels, plan: Plan) -> tuple[LinearOp, ...]:
    """Return the operations between the kernels of two APIs, one permutation if that is enough."""
    if plan.question.kernel.size == prod(kernels.shape):  # otherwise zeros are inserted
        # Some operations are for the real shape only, and fail on a small kernel.
        with suppress(ValueError, MemoryError):
            return permutation(kernels.source, run(plan.kernel, kernels.canonical))
    return (*permutation(kernels.source, kernels.canonical), *plan.kernel)


def permutation(source: Array, target: Array) -> tuple[LinearOp, ...]:
    """Return the transposition and the flips that make one numbered array of another.

    Raises ``ValueError`` where there are none.

    Parameters
    ----------
    source, target : array, any shape and dtype
        Arrays in which no number occurs twice.
    """
    for order in permutations(range(source.ndim)):
        transposed = source.transpose(order)
        if transposed.shape != target.shape:
            continue
        for flips in product((False, True), repeat=source.ndim):
            index = tuple(slice(None, None, -1 if flip else None) for flip in flips)
            if np.array_equal(transposed[index], target):
                ops = linear_ops.permute(order)
                if any(flips):
                    last = max(axis for axis, flip in enumerate(flips) if flip) + 1
                    text = ", ".join("::-1" if flip else ":" for flip in flips[:last])
                    # A copy, because some frameworks refuse arrays with negative strides.
                    line = f"{{v}} = {{v}}[{text}].copy()"
                    ops += (LinearOp((line,), (line,)),)
                return ops
    raise ValueError("one kernel is not the other in another order")


def run(ops: Iterable[LinearOp], array: Array) -> Array:
    """Apply operations to an array by running their source."""
    names: dict[str, Any] = {"np": np, "w": array}
    exec("\n".join(linear_ops.apply(ops, "w")), names)
    result: Array = names["w"]
    return result
