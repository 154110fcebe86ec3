"""Rivals: what an answer within rounding of the oracle's could be as well.

A comparison proves something only where the wrong answer next to the right one would fail it. So a
real-valued answer that is within rounding is held against the oracle's answer under every other
convention too, and against zeros, which is what memory holds that nobody wrote to.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.comparison import Reference
from conformance.conventions.interpretations import Explanation, Node, neighbours
from conformance.question import AnyQuestion, Array

ZEROS = "zeros"
"""What stands for an answer that nobody worked out, beside the names of conventions."""


def rivals(asked: AnyQuestion, known: Reference, got: Array) -> Iterator[Explanation]:
    """The conventions that are as good an explanation of an answer as being right; () for zeros.

    A convention is none whose numbers are those of the oracle, but for one rounding, as long as
    the answer is no further from them: then no answer could tell the two apart, and none has to.

    Parameters
    ----------
    known
        What the oracle answers to ``asked``.
    got
        An answer within rounding of that.
    """
    with np.errstate(all="ignore"):
        if not got.any() and _differ(known, np.zeros(known.numbers.shape), got):
            yield ()
        for node in neighbours(Node((), asked)):
            if _is_rival(node, known, got):
                yield node.explanation


def named(rival: Explanation) -> str:
    """A rival by its name."""
    return " and ".join(map(str, rival)) or ZEROS


def _is_rival(node: Node, known: Reference, got: Array) -> bool:
    try:
        if got.dtype != node.answer_dtype or not node.may_have_shape(got.shape):
            return False
        part, numbers = node.part(got)
        if part is not node and not _holds(part.reference(), numbers):
            return False
        other = node.reference()
    except ValueError:
        return False
    return _holds(other, got) and _differ(known, other.numbers, got)


def _holds(known: Reference, got: Array) -> bool:
    return known.numbers.shape == got.shape and bool(known.holds(got).all())


def _differ(known: Reference, other: Array, got: Array) -> bool:
    """Whether other numbers are another answer, or at least are nearer to what was answered."""
    off, there = np.abs(got - known.numbers), np.abs(got - other)
    return bool((known.apart(other) | ((off > known.once) & (there < off))).any())
