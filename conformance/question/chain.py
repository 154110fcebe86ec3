"""Define a chain of questions, and the steps between them that have no kernel."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from conformance.oracle.geometry import Pairs
from conformance.question.fields import Array, Index, all_finite
from conformance.question.question import Question


@dataclass(frozen=True, eq=False)
class Pool:
    """A maximum over non-overlapping blocks of ``size`` elements per axis, as a step of a chain."""

    size: int

    def apply(self, x: Array) -> Array:
        """Return the maxima of an array (N, C, *space)."""
        return pooled(x, self.size)


@dataclass(frozen=True, eq=False)
class Pad:
    """Elements of one value around an array, as a step of a chain.

    ``pairs`` is the number of elements at the (begin, end) of each spatial axis.
    """

    pairs: Pairs
    value: float = 0

    def apply(self, x: Array) -> Array:
        """Return an array (N, C, *space) with the elements around it."""
        return np.pad(x, ((0, 0), (0, 0), *self.pairs), constant_values=self.value)


@dataclass(frozen=True, eq=False)
class Crop:
    """Elements cut off an array, as a step of a chain.

    ``pairs`` is the number of elements at the (begin, end) of each spatial axis.
    """

    pairs: Pairs

    @property
    def slices(self) -> Index:
        """Return the slice of each spatial axis that stays."""
        return tuple(slice(begin, -end or None) for begin, end in self.pairs)

    def apply(self, x: Array) -> Array:
        """Return what stays of an array (N, C, *space)."""
        return x[(slice(None), slice(None), *self.slices)]


ArrayStep: TypeAlias = Pool | Pad | Crop
Step: TypeAlias = Question | ArrayStep


@dataclass(frozen=True, eq=False)
class Chain:
    """Operators in a row, each on the answer to the one before.

    Every question's ``x`` is the oracle's answer to the steps before it, so that a step can be
    planned alone. A framework receives only the first ``x`` and continues with its own answers.

    Attributes
    ----------
    steps
        The steps, at least one of which is a question.
    start
        Array (N, C, *space) that the first step is applied to, where that is no question.
    """

    steps: tuple[Step, ...]
    start: Array | None = None

    @property
    def x(self) -> Array:
        """Return the array that the first step is applied to."""
        return self.questions[0].x if self.start is None else self.start

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the steps that are questions."""
        return tuple(step for step in self.steps if isinstance(step, Question))


AnyQuestion: TypeAlias = Question | Chain


def is_finite(question: AnyQuestion) -> bool:
    """Return whether no number of a question is NaN or infinite."""
    if isinstance(question, Chain):
        return all(map(is_finite, question.questions))
    return all(map(all_finite, question.arrays.values()))


def pooled(x: Array, size: int) -> Array:
    """Return the maximum of every ``size`` x ``size`` ... block of x.

    Parameters
    ----------
    x
        Array (N, C, *space).
    size
        The length of a block along each spatial axis; an incomplete block is dropped.

    Returns
    -------
    Array
        (N, C, *(n // size)).
    """
    for axis in range(2, x.ndim):
        n = x.shape[axis] // size
        x = np.moveaxis(x, axis, -1)[..., : n * size]
        x = np.moveaxis(x.reshape(*x.shape[:-1], n, size).max(-1), -1, axis)
    return x
