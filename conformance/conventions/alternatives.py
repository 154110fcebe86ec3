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


def rivals(question: AnyQuestion, reference: Reference, answer: Array) -> Iterator[Explanation]:
    """The conventions that are as good an explanation of an answer as being right; () for zeros.

    A convention is none whose numbers are those of the oracle, but for one rounding, as long as
    the answer is no further from them: then no answer could tell the two apart, and none has to.

    Parameters
    ----------
    known
        What the oracle answers to ``question``.
    got
        An answer within rounding of that.
    """
    with np.errstate(all="ignore"):
        if not answer.any() and _is_distinct(reference, np.zeros(reference.numbers.shape), answer):
            yield ()
        for node in neighbours(Node((), question)):
            if _is_rival(node, reference, answer):
                yield node.explanation


def named(rival: Explanation) -> str:
    """A rival by its name."""
    return " and ".join(map(str, rival)) or ZEROS


def _is_rival(node: Node, reference: Reference, answer: Array) -> bool:
    try:
        if answer.dtype != node.answer_dtype or not node.may_have_shape(answer.shape):
            return False
        part, part_answer = node.part(answer)
        if part is not node and not _agrees(part.reference(), part_answer):
            return False
        rival_reference = node.reference()
    except ValueError:
        return False
    return _agrees(rival_reference, answer) and _is_distinct(
        reference, rival_reference.numbers, answer
    )


def _agrees(reference: Reference, answer: Array) -> bool:
    return reference.numbers.shape == answer.shape and bool(reference.holds(answer).all())


def _is_distinct(reference: Reference, numbers: Array, answer: Array) -> bool:
    """Whether other numbers are another answer, or at least are nearer to what was answered."""
    distance, rival_distance = np.abs(answer - reference.numbers), np.abs(answer - numbers)
    return bool(
        (
            reference.apart(numbers)
            | ((distance > reference.rounded_once) & (rival_distance < distance))
        ).any()
    )
