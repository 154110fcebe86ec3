"""Diagnosis: the fewest conventions under which the oracle gives an answer, to the bit.

The search goes from one convention to two and three, prunes what cannot have the answer's shape,
and returns every set of the smallest size that fits: a case may be unable to tell two apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from conformance import comparison, question
from conformance.cases import exactness
from conformance.conventions import CONVENTIONS, MEANINGS, Convention
from conformance.question import Array, Asked, Chain, Pool, Question
from conformance.readings import After, Reading, unchanged

MOST = 3
"""How many conventions are combined at most; more would explain anything."""
MISTAKES = (0, 1, 2, 1)
"""How many of so many conventions may be mistakes; more are unlikely, and take long to try."""

Explanation: TypeAlias = tuple[Convention, ...]
Places: TypeAlias = Sequence[int]
"""Of conventions in `CONVENTIONS`, in their order."""

_EVERY: Places = range(len(CONVENTIONS))
_MEANINGS: Places = tuple(CONVENTIONS.index(convention) for convention in MEANINGS)


@dataclass(frozen=True, eq=False)
class Node:
    """A question under some conventions, by their places in `CONVENTIONS`, and what follows it."""

    places: tuple[int, ...]
    asked: Asked
    after: After = unchanged
    resizes: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """Every smallest set of conventions that explains an answer, or what else can be said of it."""

    explanations: tuple[Explanation, ...]
    remark: str = ""

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The explanations as the names of their conventions."""
        return tuple(tuple(map(str, explanation)) for explanation in self.explanations)

    @property
    def words(self) -> str:
        """The diagnosis as sentences for a person."""
        if not self.explanations:
            return f"No known convention. {self.remark}".strip()
        first, *ties = self.explanations
        said = " ".join(convention.choice.sentence for convention in first)
        if not ties:
            return said
        others = "; ".join(" and ".join(map(str, tie)) for tie in ties)
        return f"{said} (This case cannot tell that from {others}.)"


def diagnose(
    asked: Asked, wanted: Array | None, got: Array, *, exact: bool, mistakes: bool = True
) -> Diagnosis:
    """What explains ``got`` where the oracle's answer is ``wanted``; None where it has none.

    ``got`` may have another shape and dtype; that it has the same shape is evidence of nothing.
    Without ``mistakes`` it is only explained by what an API may mean.
    """
    places = _EVERY if mistakes else _MEANINGS
    with np.errstate(all="ignore"):  # whatever an answer holds, it can be talked about
        node = Node((), asked)
        if got.dtype.kind == "c":
            return Diagnosis((), f"Its numbers are complex, of dtype {got.dtype}.")
        # Another dtype is to be explained too, if anything explains it.
        found = _search(node, got, places, exact=exact, dtype=got.dtype)
        if not found and (wanted is None or got.dtype != wanted.dtype):
            if _gives(node, node, got, exact=exact):
                # Then a convention that this case cannot show would explain it as well as any.
                return Diagnosis((), f"Its numbers are right, but of dtype {got.dtype}.")
            found = _search(node, got, places, exact=exact, dtype=None)
        if found or wanted is None:
            return Diagnosis(found)
        return Diagnosis((), remark(wanted, got))


def _search(
    root: Node, got: Array, places: Places, *, exact: bool, dtype: np.dtype[Any] | None
) -> tuple[Explanation, ...]:
    """Every smallest set of conventions that gives the answer, in this dtype if one is named.

    Those with fewer mistakes among them stand first, and what is like one of them last.
    """
    for level in _levels(root, places, MOST):
        found = tuple(
            tuple(CONVENTIONS[place] for place in node.places)
            for node in level
            if _gives(node, root, got, exact=exact, dtype=dtype)
        )
        if found:
            found = tuple(sorted(found, key=lambda e: sum(c.choice.mistake for c in e)))
            like = dict.fromkeys(other for explanation in found for other in _like(explanation))
            nodes = {other: _under(root.asked, other) for other in like if other not in found}
            return *found, *(
                other
                for other, node in nodes.items()
                if node is not None and _gives(node, root, got, exact=exact, dtype=dtype)
            )
    return ()


def _like(explanation: Explanation) -> Iterator[Explanation]:
    """The explanation with a mistake replaced by others that come to the same in some questions."""
    for mistake in explanation:
        rest = [convention for convention in explanation if convention is not mistake]
        for names in mistake.choice.like:
            others = [convention for convention in CONVENTIONS if str(convention) in names]
            both = sorted((*rest, *others), key=CONVENTIONS.index)
            if len({convention.axis.name for convention in both}) == len(both):
                yield tuple(both)


def _levels(root: Node, places: Places, most: int) -> Iterator[Sequence[Node]]:
    """The nodes under one convention, then under two, and so on."""
    level = [root]
    for _ in range(most):
        level = [child for node in level for child in _children(node, places)]
        yield level


def understood(asked: Question, *, most: int) -> Iterator[Question]:
    """The question, and then as it is under up to ``most`` conventions, under the fewest first.

    None of them is a mistake.
    """
    yield asked
    for level in _levels(Node((), asked), _MEANINGS, most):
        yield from (node.asked for node in level if isinstance(node.asked, Question))


def answer_under(asked: Asked, conventions: Explanation) -> Array | None:
    """What the oracle gives under the conventions; None where one of them changes nothing.

    Raises ``ValueError`` where the question, so understood, has no answer.
    """
    node = _under(asked, conventions)
    return None if node is None else node.after(question.answer(node.asked))


def gives_under(asked: Asked, conventions: Explanation, answer: Array | None) -> bool | None:
    """Whether the oracle gives just this answer under the conventions.

    None where one of them changes nothing, or the question, so understood, has no answer. That it
    gives another one is often told by its shape, without the answer being worked out.
    """
    node = _under(asked, conventions)
    if node is None:
        return None
    try:
        if answer is not None and not _may_have_shape(node, answer.shape):
            return False
        given = node.after(question.answer(node.asked))
    except ValueError:
        return None
    if answer is None or (given.dtype, given.shape) != (answer.dtype, answer.shape):
        return False
    return bool((given == answer).all())


def _under(asked: Asked, conventions: Explanation) -> Node | None:
    node = Node((), asked)
    for place in sorted(CONVENTIONS.index(convention) for convention in conventions):
        child = _child(node, place)
        if child is None:
            return None
        node = child
    return node


def applied(asked: Asked, conventions: Iterable[Convention]) -> Explanation:
    """Those of the conventions, one after the other, that change something of the question."""
    node = Node((), asked)
    for place in sorted(CONVENTIONS.index(convention) for convention in conventions):
        node = _child(node, place) or node
    return tuple(CONVENTIONS[place] for place in node.places)


def remark(wanted: Array, got: Array) -> str:
    """What can be said of an answer that no convention explains."""
    if got.shape != wanted.shape:
        return f"Its shape is {got.shape}, not {wanted.shape}."
    if np.isnan(got).any():
        return f"It holds {int(np.isnan(got).sum())} NaN."
    apart = np.abs(got.astype(np.float64) - wanted)
    where = tuple(int(i) for i in np.unravel_index(np.argmax(apart), apart.shape))
    said = f"The largest difference is {apart[where]:g}, at {list(where)}."
    if np.array_equal(np.sort(got, axis=None), np.sort(wanted, axis=None)):
        return f"{said} The numbers are the right ones in other places."
    if got.sum(dtype=np.float64) == wanted.sum(dtype=np.float64):
        return f"{said} The sum is right."
    return said


def _children(node: Node, places: Places) -> Iterator[Node]:
    """The node under one convention more, of an axis that it does not have yet."""
    last = node.places[-1] if node.places else -1
    taken = CONVENTIONS[last].axis if node.places else None
    mistakes = sum(CONVENTIONS[place].choice.mistake for place in node.places)
    most = MISTAKES[len(node.places) + 1]
    if mistakes > most:
        return
    for place in places[bisect_right(places, last) :]:
        if mistakes + CONVENTIONS[place].choice.mistake > most:
            continue
        if CONVENTIONS[place].axis is not taken:
            child = _child(node, place)
            if child is not None:
                yield child


def _child(node: Node, place: int) -> Node | None:
    """The node under one convention more; None where that changes nothing.

    Of a chain it is the last transposed convolution that is understood in another way.
    """
    axis, choice = CONVENTIONS[place].axis, CONVENTIONS[place].choice
    target = _target(node.asked)
    if target is None or not axis.concerns(target):
        return None
    try:
        reading = choice.change(target)
        if reading is None:
            return None
        asked, after = _with(node.asked, target, reading)
    except ValueError:
        return None  # a choice that leaves a later step without an answer
    return Node(
        (*node.places, place),
        asked,
        _after_both(after, node.after),
        node.resizes or reading.resizes,
    )


def _target(asked: Asked) -> Question | None:
    if isinstance(asked, Question):
        return asked
    transposed = [q for q in asked.questions if q.operator == "conv_transpose"]
    return transposed[-1] if transposed else None


def _with(asked: Asked, target: Question, reading: Reading) -> tuple[Asked, After]:
    """The question with ``target`` in it read so, and what then happens to its answer."""
    if isinstance(asked, Question):
        return reading.question, reading.after
    place = asked.steps.index(target)
    before, later = asked.steps[:place], asked.steps[place + 1 :]
    if not later:
        return Chain((*before, reading.question)), reading.after
    x = reading.after(question.answer(reading.question))
    return Chain((*before, reading.question, *question.chained(x, later).steps)), unchanged


def _after_both(after: After, before: After) -> After:
    """The last change of a question is the first to be undone in its answer."""
    if before is unchanged:
        return after
    if after is unchanged:
        return before
    return lambda answer: before(after(answer))


def _gives(
    node: Node, root: Node, got: Array, *, exact: bool, dtype: np.dtype[Any] | None = None
) -> bool:
    try:
        if not _may_have_shape(node, got.shape):
            return False
        answer = node.after(question.answer(node.asked))
    except ValueError:
        return not got.size  # so understood there is no answer, and an empty array says so
    if answer.shape != got.shape or (dtype is not None and answer.dtype != dtype):
        return False
    if exact and (_dtype(node.asked) == _dtype(root.asked) or _is_held(node.asked)):
        return bool((answer == got).all())
    # What happens to an answer happens to its bound: it is moved, cut or lengthened with it.
    bound = node.after(comparison.bound(node.asked))
    return bool((np.abs(got.astype(np.float64) - answer) <= bound).all())


def _dtype(asked: Asked) -> str:
    return (asked.questions[-1] if isinstance(asked, Chain) else asked).dtype


def _is_held(asked: Asked) -> bool:
    """Whether every sum is exact in the dtype, which is proven of the dtype of the case only."""
    return exactness.bound(asked) <= exactness.limit(asked, exact=True)


def _may_have_shape(node: Node, shape: tuple[int, ...]) -> bool:
    """What can be said of the answer's shape before there is one: only of an operator's output."""
    last = node.asked.steps[-1] if isinstance(node.asked, Chain) else node.asked
    if isinstance(last, Pool) or last.wanted != "output":
        return True
    before = last.output_shape
    return shape == (node.after(np.empty(before, np.bool_)).shape if node.resizes else before)
