"""Find the wrong answers that an answer within rounding of the oracle's may be as well.

A comparison proves something only if it fails for the nearest wrong answer. So a real-valued answer
that is within rounding is also compared with the oracle's answer under every other convention, and
with zeros, which unwritten memory often holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from conformance.comparison import Reference
from conformance.conventions.interpretations import Explanation, Node, neighbours, root_of
from conformance.question import AnyQuestion, Array

ZEROS = "zeros"
"""The name of a rival that is all zeros, beside the names of conventions."""


def rivals(
    question: AnyQuestion, reference: Reference, answer: Array, slack: float = 0.0
) -> Iterator[Explanation]:
    """Yield the conventions that explain an answer as well as being right does.

    An empty tuple stands for zeros.

    A convention is no rival if its numbers are those of the oracle up to one rounding and the
    answer is no further from them: then no answer could tell the two apart.

    ``slack`` says how much wider than rounding the bounds are.
    """
    root, zeros = root_of(question, slack), reference.moved(np.zeros_like)
    with np.errstate(all="ignore"):
        if not answer.any() and is_apart(root, reference, lambda **_: zeros):
            yield ()
        for node in neighbours(root):
            if _is_rival(node, root, reference, answer):
                yield node.explanation


def name_of(rival: Explanation) -> str:
    """Return the name of a rival."""
    return " and ".join(map(str, rival)) or ZEROS


def is_apart(root: Node, reference: Reference, rival: Callable[..., Reference]) -> bool:
    """Return whether an answer is another one than the oracle's.

    Returns whether some number is more than one rounding away. Raises ``ValueError`` if there is no
    other answer.

    Parameters
    ----------
    rival
        Returns the other answer, and the same with sums beyond float64 if ``precise=True``.
    """
    if reference.is_apart(rival()).any():
        return True
    if reference.dtype != "float64":
        return False
    return bool(root.reference(precise=True).is_apart(rival(precise=True)).any())


def _is_rival(node: Node, root: Node, reference: Reference, answer: Array) -> bool:
    try:
        if answer.dtype != node.answer_dtype or not node.may_have_shape(answer.shape):
            return False
        part, part_answer = node.part(answer)
        if part is not node and not _agrees(part.reference(), part_answer):
            return False
        rival_reference = node.reference()
    except ValueError:
        return False
    if not _agrees(rival_reference, answer):
        return False
    return _is_nearer(reference, rival_reference, answer) or is_apart(
        root, reference, node.reference
    )


def _agrees(reference: Reference, answer: Array) -> bool:
    return reference.numbers.shape == answer.shape and bool(reference.holds(answer).all())


def _is_nearer(reference: Reference, rival: Reference, answer: Array) -> bool:
    """Return whether the rival is nearer to an answer that is rounded more than once."""
    distance = reference.distance(answer)
    return bool(((distance > reference.rounded_once) & (rival.distance(answer) < distance)).any())
