"""Interpretations: a question as it is understood under conventions, one after the other.

A question under some conventions is a `Node`: another question, and what then happens to its
answer. From the question itself the nodes under one, two and three conventions follow.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from conformance import comparison
from conformance import question as questions
from conformance.comparison import Reference
from conformance.conventions.axes import CONVENTIONS, MEANINGS, Convention
from conformance.conventions.transforms import Postprocess, Transformed, unchanged
from conformance.question import AnyQuestion, Array, Chain, Dtype, Pool, Question

BIG = 2**18
"""Products of a question of which a part is looked at first: most answers differ there already."""

MISTAKES = (0, 1, 2, 1)
"""How many of so many conventions may be mistakes; more are unlikely, and take long to try."""

Explanation: TypeAlias = tuple[Convention, ...]
Places: TypeAlias = Sequence[int]
"""Of some conventions in `CONVENTIONS`, in their order."""

EVERY: Places = range(len(CONVENTIONS))
WITHOUT_MISTAKES: Places = tuple(CONVENTIONS.index(convention) for convention in MEANINGS)


@dataclass(frozen=True, eq=False)
class Node:
    """A question under some conventions, by their places in `CONVENTIONS`.

    Attributes
    ----------
    moves
        What happens to the oracle's answer to it, and rounds nothing.
    resizes
        Whether that gives the answer another shape.
    sums
        The dtype that sums are rounded to, where a convention says so.
    rounding
        What that makes of the oracle's answer before it is moved.
    """

    places: tuple[int, ...]
    question: AnyQuestion
    moves: Postprocess = unchanged
    resizes: bool = False
    sums: Dtype | None = None
    rounding: Postprocess = unchanged

    @property
    def explanation(self) -> Explanation:
        """The conventions themselves."""
        return tuple(CONVENTIONS[place] for place in self.places)

    @property
    def dtype(self) -> Dtype:
        """The dtype of the question."""
        return (
            self.question.questions[-1] if isinstance(self.question, Chain) else self.question
        ).dtype

    @property
    def answer_dtype(self) -> np.dtype[Any]:
        """The dtype of the oracle's answer."""
        last = self.question.questions[-1] if isinstance(self.question, Chain) else self.question
        if last.wanted == "parameters":
            return np.dtype(np.int64)
        array = last.gradient if last.wanted == "input_gradient" else last.x
        return last.x.dtype if array is None else array.dtype

    def answer(self) -> Array:
        """What the oracle gives. Raises ``ValueError`` where it has no answer."""
        return self.moves(self.rounding(questions.answer(self.question)))

    def reference(self) -> Reference:
        """What a real-valued answer is held against. Raises ``ValueError`` where there is none."""
        reference = comparison.reference(self.question, self.sums)
        return reference if self.moves is unchanged else reference.moved(self.moves)

    def may_have_shape(self, shape: tuple[int, ...]) -> bool:
        """What is known of the answer's shape before there is one: only of an operator's output.

        Raises ``ValueError`` for a question without an answer.
        """
        last = self.question.steps[-1] if isinstance(self.question, Chain) else self.question
        if isinstance(last, Pool) or last.wanted != "output":
            return True
        output_shape = last.output_shape
        return shape == (
            self.moves(np.empty(output_shape, np.bool_)).shape if self.resizes else output_shape
        )

    def part(self, answer: Array) -> tuple[Node, Array]:
        """A small part of a question that takes long, and the numbers of an answer that are its.

        Parameters
        ----------
        answer
            An answer of the shape that the node gives.

        Returns
        -------
        tuple
            A node whose answer is one row of numbers, and those of ``answer`` that stand where
            these go; or this node and all of the answer, where the question takes no time.
        """
        question = self.question
        if isinstance(question, Chain) or question.operator == "interpolate":
            return self, answer
        # Sums that are rounded as they are formed are known of the whole question only.
        sums_are_stepwise = self.sums == question.dtype
        if (
            sums_are_stepwise
            or question.wanted == "parameters"
            or questions.products(question) <= BIG
        ):
            return self, answer
        smaller, index = questions.part(question)
        positions = np.zeros(questions.shape(question))
        positions[index] = np.arange(1, positions[index].size + 1).reshape(positions[index].shape)
        moved = self.moves(positions)
        if moved.shape != answer.shape:
            return self, answer
        order = moved[moved > 0].astype(int) - 1
        return replace(self, question=smaller, moves=lambda y: y.ravel()[order]), answer[moved > 0]


def levels(root: Node, most: int, among: Places = EVERY) -> Iterator[Sequence[Node]]:
    """The nodes under one of some conventions, then under two, and so on up to ``most``."""
    level = [root]
    for _ in range(most):
        level = [child for node in level for child in children(node, among)]
        yield level


def children(node: Node, among: Places) -> Iterator[Node]:
    """The node under one of some conventions more, of an axis that it does not have yet."""
    last = node.places[-1] if node.places else -1
    last_axis = CONVENTIONS[last].axis if node.places else None
    mistakes_left = MISTAKES[len(node.places) + 1] - mistakes(node.explanation)
    if mistakes_left < 0:
        return
    for place in among[bisect_right(among, last) :]:
        convention = CONVENTIONS[place]
        if convention.axis is not last_axis and convention.choice.mistake <= mistakes_left:
            child = _child(node, place)
            if child is not None:
                yield child


def mistakes(explanation: Explanation) -> int:
    """How many of the conventions are mistakes."""
    return sum(convention.choice.mistake for convention in explanation)


def neighbours(node: Node) -> Iterator[Node]:
    """The node under each convention more that changes what is asked, and not only its rounding.

    None of them is a mistake.
    """
    nodes = children(node, WITHOUT_MISTAKES)
    return (child for child in nodes if not CONVENTIONS[child.places[-1]].axis.rounds)


def variants(question: Question, *, most: int) -> Iterator[Question]:
    """The question, and then as it is under up to ``most`` conventions, under the fewest first.

    None of them is a mistake.
    """
    yield question
    for level in levels(Node((), question), most, WITHOUT_MISTAKES):
        yield from (node.question for node in level if isinstance(node.question, Question))


def under(question: AnyQuestion, conventions: Iterable[Convention]) -> Node | None:
    """The question under the conventions; None where one of them changes nothing."""
    node = Node((), question)
    for place in _places(conventions):
        child = _child(node, place)
        if child is None:
            return None
        node = child
    return node


def applied(question: AnyQuestion, conventions: Iterable[Convention]) -> Explanation:
    """Those of the conventions, one after the other, that change something of the question."""
    node = Node((), question)
    for place in _places(conventions):
        node = _child(node, place) or node
    return node.explanation


def answer_under(question: AnyQuestion, conventions: Explanation) -> Array | None:
    """What the oracle gives under the conventions; None where one of them changes nothing.

    Raises ``ValueError`` where the question, so understood, has no answer.
    """
    node = under(question, conventions)
    return None if node is None else node.answer()


def reproduces(
    question: AnyQuestion, conventions: Explanation, answer: Array | None, *, exact: bool = True
) -> bool | None:
    """Whether the oracle gives just this answer under the conventions.

    None where one of them changes nothing, or the question, so understood, has no answer. That it
    gives another one is often told by its shape, without the answer being worked out. Answers to a
    case that is not exact are the same where they are at most one rounding apart.
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
    if exact or expected.dtype.kind != "f":
        return bool((expected == answer).all())
    steps = comparison.ulp(np.maximum(np.abs(expected), np.abs(answer)), node.dtype)
    return bool((np.abs(expected.astype(np.float64) - answer) <= steps).all())


def _places(conventions: Iterable[Convention]) -> list[int]:
    return sorted(CONVENTIONS.index(convention) for convention in conventions)


def _child(node: Node, place: int) -> Node | None:
    """The node under one convention more; None where that changes nothing.

    Of a chain it is the last transposed convolution that is understood in another way.
    """
    axis, choice = CONVENTIONS[place].axis, CONVENTIONS[place].choice
    target = _find_target(node.question)
    if target is None or not axis.concerns(target):
        return None
    try:
        transformed = choice.transform(target)
        if transformed is None:
            return None
        question, postprocess = _replace_target(node.question, target, transformed)
    except ValueError:
        return None  # a choice that leaves a later step without an answer
    places = (*node.places, place)
    if transformed.sums is None:
        moves = _compose(postprocess, node.moves)
        resizes = node.resizes or transformed.resizes
        return replace(node, places=places, question=question, moves=moves, resizes=resizes)
    rounding = _compose(node.rounding, postprocess)
    return replace(node, places=places, question=question, sums=transformed.sums, rounding=rounding)


def _find_target(question: AnyQuestion) -> Question | None:
    if isinstance(question, Question):
        return question
    transposed = [q for q in question.questions if q.operator == "conv_transpose"]
    return transposed[-1] if transposed else None


def _replace_target(
    question: AnyQuestion, target: Question, transformed: Transformed
) -> tuple[AnyQuestion, Postprocess]:
    """The question with ``target`` in it read so, and what then happens to its answer."""
    if isinstance(question, Question):
        return transformed.question, transformed.after
    place = question.steps.index(target)
    earlier, later = question.steps[:place], question.steps[place + 1 :]
    if transformed.question.x is not target.x:
        earlier = ()  # the steps before make another x than the one that is understood
    if not later:
        return Chain((*earlier, transformed.question)), transformed.after
    x = transformed.after(questions.answer(transformed.question))
    return Chain((*earlier, transformed.question, *questions.chained(x, later).steps)), unchanged


def _compose(inner: Postprocess, outer: Postprocess) -> Postprocess:
    """The last change of a question is the first to be undone in its answer."""
    if outer is unchanged:
        return inner
    if inner is unchanged:
        return outer
    return lambda answer: outer(inner(answer))
