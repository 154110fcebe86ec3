"""Apply conventions to a question, one after the other.

The nodes under one, two and three conventions follow from the question itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import numpy as np

from conformance import comparison
from conformance.conventions.axes import CONVENTIONS, MEANINGS, Convention
from conformance.conventions.node import Explanation as Explanation
from conformance.conventions.node import Node as Node
from conformance.conventions.node import Places as Places
from conformance.conventions.node import root_of as root_of
from conformance.question import AnyQuestion, Array, Question

MISTAKES = (0, 1, 2, 1)
"""How many of 0, 1, 2 and 3 conventions may be mistakes; more are unlikely and take long."""

EVERY: Places = range(len(CONVENTIONS))
WITHOUT_MISTAKES: Places = tuple(CONVENTIONS.index(convention) for convention in MEANINGS)


def levels(root: Node, most: int, among: Places = EVERY) -> Iterator[Iterator[Node]]:
    """Yield the nodes under one convention, then those under two, and so on up to ``most``.

    ``root`` is the question without conventions. Each level has one more convention than that
    before it. Its nodes are made as they are asked for, and the level after it has those that were.
    """
    level = [root]
    for _ in range(most):
        found: list[Node] = []
        yield _children_of(level, among, found)
        level = found


def _children_of(level: list[Node], among: Places, found: list[Node]) -> Iterator[Node]:
    """Yield the children of all nodes of a level, and add them to ``found``."""
    for node in level:
        for child in children(node, among):
            found.append(child)
            yield child


def children(node: Node, among: Places) -> Iterator[Node]:
    """Yield the node under each further convention, of an axis that the node does not have yet."""
    last = node.places[-1] if node.places else -1
    axis, is_concerned = CONVENTIONS[last].axis if node.places else None, False
    mistakes_left = MISTAKES[len(node.places) + 1] - mistakes(node.explanation)
    if mistakes_left < 0:
        return
    for place in among[bisect_right(among, last) :]:
        convention = CONVENTIONS[place]
        if convention.axis is not axis:
            axis, is_concerned = convention.axis, node.is_concerned_by(convention.axis)
        if is_concerned and convention.choice.mistake <= mistakes_left:
            child = node.child(place)
            if child is not None:
                yield child


def mistakes(explanation: Explanation) -> int:
    """Return how many of the conventions are mistakes."""
    return sum(convention.choice.mistake for convention in explanation)


def incidental_choices(explanation: Explanation) -> int:
    """Return how many of the conventions are no property of an API."""
    return sum(convention.axis.incidental for convention in explanation)


def neighbours(node: Node) -> Iterator[Node]:
    """Yield the node under each further convention that changes more than rounding.

    None of the conventions is a mistake.
    """
    nodes = children(node, WITHOUT_MISTAKES)
    return (child for child in nodes if not CONVENTIONS[child.places[-1]].axis.rounds)


def variants(question: Question, *, most: int) -> Iterator[Question]:
    """Yield the question, and then its form under up to ``most`` conventions, the fewest first.

    None of the conventions is a mistake.
    """
    yield question
    for level in levels(root_of(question), most, WITHOUT_MISTAKES):
        yield from (node.question for node in level if isinstance(node.question, Question))


def under(question: AnyQuestion, conventions: Iterable[Convention]) -> Node | None:
    """Return the question under the conventions, or None if one of them changes nothing."""
    node = root_of(question)
    for place in _places(conventions):
        child = node.child(place)
        if child is None:
            return None
        node = child
    return node


def apply_all(question: AnyQuestion, conventions: Iterable[Convention]) -> Node:
    """Return the question under those of the conventions that change something."""
    node = root_of(question)
    for place in _places(conventions):
        node = node.child(place) or node
    return node


def answer_under(question: AnyQuestion, conventions: Explanation) -> Array | None:
    """Return the oracle's answer under the conventions.

    Returns the answer; None if one of the conventions changes nothing. Raises ``ValueError`` if the
    question has no answer under the conventions.
    """
    node = under(question, conventions)
    return None if node is None else node.answer()


def reproduces(
    question: AnyQuestion, conventions: Explanation, answer: Array | None, *, exact: bool = True
) -> bool | None:
    """Return whether the oracle gives this answer under the conventions.

    The shape often shows that it does not, and then the answer is not computed.

    Returns None if one of the conventions changes nothing, or the question has no answer under
    them.

    Parameters
    ----------
    answer
        The answer; None if there is none.
    exact
        Whether the case is exact; if not, answers are the same where they are at most one rounding
        apart.
    """
    node = under(question, conventions)
    if node is None:
        return None
    try:
        if answer is not None and not node.may_have_shape(answer.shape):
            return False
        expected = node.answer()
    except ValueError:
        return None
    if answer is None or (expected.dtype, expected.shape) != (answer.dtype, answer.shape):
        return False
    agrees = comparison.equal(expected, answer)
    if not exact and expected.dtype.kind == "f":
        steps = comparison.ulp(np.maximum(np.abs(expected), np.abs(answer)), node.dtype)
        with np.errstate(all="ignore"):
            agrees |= np.abs(expected.astype(np.float64) - answer) <= steps
    return bool(agrees.all())


def _places(conventions: Iterable[Convention]) -> list[int]:
    return sorted(_PLACES[str(convention)] for convention in conventions)


_PLACES = {str(convention): place for place, convention in enumerate(CONVENTIONS)}
