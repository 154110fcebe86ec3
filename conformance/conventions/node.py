"""Hold a question under some conventions: another question, and functions of its answer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np

from conformance import comparison
from conformance import question as questions
from conformance.comparison import Reference
from conformance.conventions.axes import CONVENTIONS, Convention
from conformance.conventions.axis import Axis, Transformed, unchanged
from conformance.question import (
    AnswerSpace,
    AnyQuestion,
    Array,
    ArrayMap,
    Chain,
    Dtype,
    Question,
)

BIG = 2**18
"""The number of products above which a part of the answer is compared first, and of numbers above
which a question is not kept."""
SMALL = 2**16
"""The number of elements up to which an answer is kept for the next search."""
FACTORS: Mapping[AnswerSpace, tuple[str, ...]] = {
    "output": ("x", "kernel"),
    "x": ("kernel", "gradient"),
    "kernel": ("x", "gradient"),
    "bias": ("gradient",),
}
"""The arrays that are multiplied for an answer in the shape of another array."""

Explanation: TypeAlias = tuple[Convention, ...]
Places: TypeAlias = Sequence[int]
"""The places of some conventions in `CONVENTIONS`, in order."""


@dataclass(frozen=True, eq=False)
class Node:
    """A question under some conventions.

    Attributes
    ----------
    places
        The places of the conventions in `CONVENTIONS`.
    question
        The question that they make of the first one.
    moves
        The function that moves the elements of the oracle's answer and rounds nothing.
    resizes
        Whether that function gives the answer another shape.
    sums
        The dtype to which sums are rounded, if a convention says so.
    rounding
        The function that rounds the oracle's answer before its elements are moved.
    slack
        How much wider than rounding the bounds are, as of numbers that were printed.
    """

    places: tuple[int, ...]
    question: AnyQuestion
    moves: ArrayMap = unchanged
    resizes: bool = False
    sums: Dtype | None = None
    rounding: ArrayMap = unchanged
    slack: float = 0.0
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def is_concerned_by(self, axis: Axis) -> bool:
        """Return whether a convention on the axis may change something."""
        try:
            return any(map(axis.concerns, _targets(self.question, axis)))
        except ValueError:
            return False  # the question has no answer

    def child(self, place: int) -> Node | None:
        """Return the node under one more convention, or None if that changes nothing.

        In a chain the convention applies to the last transposed convolution, or, if its axis says
        so, to every convolution.
        """
        if self.places:
            return _child_of(self, place)
        if place not in self._kept:
            self._kept[place] = _child_of(self, place)
        child: Node | None = self._kept[place]
        return child

    @property
    def explanation(self) -> Explanation:
        """Return the conventions."""
        return tuple(CONVENTIONS[place] for place in self.places)

    @property
    def _last_question(self) -> Question:
        return self.question.questions[-1] if isinstance(self.question, Chain) else self.question

    @property
    def dtype(self) -> Dtype:
        """Return the dtype of the question."""
        return self._last_question.dtype

    @property
    def answer_dtype(self) -> np.dtype[Any]:
        """Return the dtype of the oracle's answer."""
        last = self._last_question
        if last.wanted == "parameters":
            return np.dtype(np.int64)
        if last.operator == "interpolate":
            return last.x.dtype
        factors = (getattr(last, name) for name in FACTORS[last.answer_space])
        return np.result_type(*(array for array in factors if array is not None))

    @cached_property
    def products(self) -> int:
        """Return the number of products that the oracle sums for an answer.

        Raises ``ValueError`` if there is no answer.
        """
        return questions.products(self.question)

    def answer(self) -> Array:
        """Return the oracle's answer under the conventions.

        Raises ``ValueError`` if there is no answer.
        """
        if "answer" in self._kept:
            kept: Array = self._kept["answer"]
            return kept
        answer = self.moves(self.rounding(questions.answer(self.question))).view()
        answer.flags.writeable = False  # as it may be kept
        self._keep("answer", answer, answer.size)
        return answer

    def reference(self, *, precise: bool = False) -> Reference:
        """Return the reference for comparison with a real-valued answer.

        ``precise`` says whether float64 sums are computed beyond float64. Raises ``ValueError`` if
        there is no answer.
        """
        key = "reference", precise
        if key in self._kept:
            kept: Reference = self._kept[key]
            return kept
        reference = comparison.reference(self.question, self.sums, precise=precise)
        if self.slack:
            reference = reference.loosened(self.slack)
        if self.moves is not unchanged:
            reference = reference.moved(self.moves)
        self._keep(key, reference, reference.numbers.size)
        return reference

    def _keep(self, key: Hashable, value: Array | Reference, size: int) -> None:
        """Keep an answer of this size for the next search, if every search needs it."""
        if len(self.places) < 2 and size <= SMALL:
            self._kept[key] = value

    def may_have_shape(self, shape: tuple[int, ...]) -> bool:
        """Return whether the answer may have this shape, without computing it.

        ``shape`` is the shape of an answer. Raises ``ValueError`` if the question has no answer.

        Returns
        -------
        bool
            Always true for what is no output of an operator.
        """
        last = self.question.steps[-1] if isinstance(self.question, Chain) else self.question
        if not isinstance(last, Question) or last.answer_space != "output":
            return True
        output_shape = last.output_shape
        return shape == (
            self.moves(np.empty(output_shape, np.bool_)).shape if self.resizes else output_shape
        )

    def part(self, answer: Array) -> tuple[Node, Array]:
        """Return a small part of a question that takes long, and its numbers of an answer.

        ``answer`` is an answer of the shape that the node gives.

        Returns
        -------
        Node
            A node whose answer is one row of numbers; this node if the question takes no time.
        Array
            The numbers of ``answer`` at the places of these; all of it if the question takes no
            time.
        """
        question = self.question
        if isinstance(question, Chain) or question.operator == "interpolate":
            return self, answer
        # Sums that are rounded as they are formed are computed for the whole question only.
        is_stepwise = self.sums == question.dtype
        has_parts = question.answer_space in ("output", "x", "kernel")
        if is_stepwise or not has_parts or self.products <= BIG:
            return self, answer
        smaller, index = questions.part(question)
        positions = np.zeros(questions.shape(question))
        positions[index] = np.arange(1, positions[index].size + 1).reshape(positions[index].shape)
        moved = self.moves(positions)
        if moved.shape != answer.shape:
            return self, answer
        order = moved[moved > 0].astype(int) - 1
        return replace(self, question=smaller, moves=lambda y: y.ravel()[order]), answer[moved > 0]


@lru_cache(maxsize=2)  # a search in which mistakes take part, and one of an answer with slack
def _root_of(question: AnyQuestion, slack: float) -> Node:
    return Node((), question, slack=slack)


def root_of(question: AnyQuestion, slack: float = 0.0) -> Node:
    """Return the question under no convention, with bounds that are wider by ``slack``.

    Answers of many APIs to one question are compared after each other. So the last node is kept,
    with the nodes under one convention and their answers, if these are small. A large question is
    not: its arrays, and what conventions make of them, would stay in memory.
    """
    numbers = sum(array.size for q in question.questions for array in q.arrays.values())
    return _root_of(question, slack) if numbers <= BIG else Node((), question, slack=slack)


def _child_of(node: Node, place: int) -> Node | None:
    convention = CONVENTIONS[place]
    places = (*node.places, place)
    targets = _targets(node.question, convention.axis)
    try:
        changes = {t: change for t in targets if (change := convention.apply(t)) is not None}
        if not changes:
            return None
        if convention.axis.of_convolutions:
            return replace(node, places=places, question=_replace_steps(node.question, changes))
        ((target, transformed),) = changes.items()
        question, postprocess = _replace_target(node.question, target, transformed)
    except ValueError:
        return None  # the choice leaves a later step without an answer
    moves, resizes, sums, rounding = node.moves, node.resizes, node.sums, node.rounding
    if transformed.sums is None:
        moves, resizes = _compose(postprocess, moves), resizes or transformed.resizes
    else:
        sums, rounding = transformed.sums, _compose(rounding, postprocess)
    return Node(places, question, moves, resizes, sums, rounding, node.slack)


def _targets(question: AnyQuestion, axis: Axis) -> tuple[Question, ...]:
    """Return the questions that a convention on the axis changes: one, or all convolutions."""
    if isinstance(question, Question):
        return () if axis.of_convolutions else (question,)
    if axis.of_convolutions:
        return tuple(q for q in question.questions if q.operator == "conv")
    return tuple(q for q in question.questions if q.operator == "conv_transpose")[-1:]


def _replace_target(
    question: AnyQuestion, target: Question, transformed: Transformed
) -> tuple[AnyQuestion, ArrayMap]:
    """Return the question with ``target`` transformed, and the function of its answer."""
    if isinstance(question, Question):
        return transformed.question, transformed.after
    place = question.steps.index(target)
    earlier, later = question.steps[:place], question.steps[place + 1 :]
    if transformed.question.x is not target.x:
        earlier = ()  # the earlier steps do not compute the transformed x
    start = question.start if earlier else None
    if not later:
        return Chain((*earlier, transformed.question), start), transformed.after
    x = transformed.after(questions.answer(transformed.question))
    steps = (*earlier, transformed.question, *questions.chained(x, later).steps)
    return Chain(steps, start), unchanged


def _replace_steps(question: AnyQuestion, changes: Mapping[Question, Transformed]) -> Chain:
    """Return the chain with some of its steps transformed; those after them start from these."""
    assert isinstance(question, Chain)  # as it has convolutions beside a transposed one
    steps = (
        changes[step].question if isinstance(step, Question) and step in changes else step
        for step in question.steps
    )
    return questions.chained(question.x, steps)


def _compose(inner: ArrayMap, outer: ArrayMap) -> ArrayMap:
    """Compose two functions; the last change of a question is undone first in its answer."""
    if outer is unchanged:
        return inner
    if inner is unchanged:
        return outer
    return lambda answer: outer(inner(answer))
