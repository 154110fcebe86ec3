"""Find the wrong answers that an answer within rounding of the oracle's may be as well.

A comparison proves something only if it fails for the nearest wrong answer. So a real-valued answer
that is within rounding is also compared with the oracle's answer under every other convention, and
with zeros, which unwritten memory often holds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.comparison import Reference
from conformance.conventions.interpretations import Explanation, Node, neighbours
from conformance.question import AnyQuestion, Array

ZEROS = "zeros"
"""The name of a rival that is all zeros, beside the names of conventions."""


def rivals(question: AnyQuestion, reference: Reference, answer: Array) -> Iterator[Explanation]:
    """Yield the conventions that explain an answer as well as being right does.

    An empty tuple stands for zeros.

    A convention is no rival if its numbers are those of the oracle up to one rounding and the
    answer is no further from them: then no answer could tell the two apart.

    Parameters
    ----------
    question
        The question.
    reference
        The oracle's answer to it.
    answer
        An answer within rounding of that.

    Yields
    ------
    tuple of Convention
        An explanation.
    """
    with np.errstate(all="ignore"):
        if not answer.any() and _is_distinct(reference, np.zeros(reference.numbers.shape), answer):
            yield ()
        for node in neighbours(Node((), question)):
            if _is_rival(node, reference, answer):
                yield node.explanation


def named(rival: Explanation) -> str:
    """Return the name of a rival."""
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
    """Return whether the numbers are another answer, or are at least nearer to the given answer."""
    distance, rival_distance = np.abs(answer - reference.numbers), np.abs(answer - numbers)
    return bool(
        (
            reference.apart(numbers)
            | ((distance > reference.rounded_once) & (rival_distance < distance))
        ).any()
    )
