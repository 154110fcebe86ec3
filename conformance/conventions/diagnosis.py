"""Diagnosis: the fewest conventions under which the oracle gives an answer, to the bit.

The search goes from one convention to two and three, prunes what cannot have the answer's shape,
and returns every set of the smallest size that fits: a case may be unable to tell two apart. Of a
real-valued case an answer fits that is within rounding, as narrowly as a right one has to be. That
sums are rounded as they are formed is a convention with a wider bound, which in a half may let
anything pass; so it explains only an answer that is not by far nearer to anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.cases import exactness
from conformance.conventions import interpretations, transforms
from conformance.conventions.axes import CONVENTIONS
from conformance.conventions.budget import Budget
from conformance.conventions.interpretations import (
    Explanation,
    Node,
    Places,
    levels,
    neighbours,
    under,
)
from conformance.question import AnyQuestion, Array

MOST = 3
"""How many conventions are combined at most; more would explain anything."""
NEARER = 2.0
"""How many times nearer to one thing than to another an answer is that is by far nearer to it."""


@dataclass(frozen=True)
class Diagnosis:
    """Every smallest set of conventions that explains an answer, or what else can be said of it.

    Attributes
    ----------
    cut
        How many combinations of conventions were tried, where the budget was spent before all were.
    """

    explanations: tuple[Explanation, ...]
    remark: str = ""
    cut: int | None = None

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The explanations as the names of their conventions."""
        return tuple(tuple(map(str, explanation)) for explanation in self.explanations)

    @property
    def words(self) -> str:
        """The diagnosis as sentences for a person."""
        if not self.explanations:
            return f"No known convention. {self._cut}{self.remark}".strip()
        first, *ties = self.explanations
        sentences = " ".join(convention.choice.sentence for convention in first)
        if not ties:
            return sentences
        others = "; ".join(" and ".join(map(str, tie)) for tie in ties)
        return f"{sentences} (This case cannot tell that from {others}.)"

    @property
    def _cut(self) -> str:
        if self.cut is None:
            return ""
        return (
            f"The search was cut after {self.cut:,} of the combinations of up to {MOST}"
            " conventions, which took as much work as it may. "
        )


def diagnose(
    asked: AnyQuestion,
    wanted: Array | None,
    got: Array,
    *,
    exact: bool,
    budget: Budget | None = None,
    mistakes: bool = True,
) -> Diagnosis:
    """What explains ``got`` where the oracle's answer is ``wanted``; None where it has none.

    ``got`` may have another shape and dtype; that it has the same shape is evidence of nothing.

    Parameters
    ----------
    budget
        What the search may cost; it ends where that is spent, and says so.
    mistakes
        Whether mistakes may explain the answer, and not only what an API may mean.
    """
    among = interpretations.EVERY if mistakes else interpretations.WITHOUT_MISTAKES
    search = _Search(Node((), asked), got, exact, Budget() if budget is None else budget, among)
    with np.errstate(all="ignore"):  # whatever an answer holds, it can be talked about
        if got.dtype.kind == "c":
            return Diagnosis((), f"Its numbers are complex, of dtype {got.dtype}.")
        # Another dtype is to be explained too, if anything explains it.
        found = search.explanations(got.dtype)
        if not found and (wanted is None or got.dtype != wanted.dtype):
            if search.fits(search.root, None):
                # Then a convention that this case cannot show would explain it as well as any.
                return Diagnosis((), f"Its numbers are right, but of dtype {got.dtype}.")
            found = search.explanations(None)
        if found or wanted is None:
            return Diagnosis(found, cut=search.cut)
        return Diagnosis((), remark(wanted, got), search.cut)


@dataclass(eq=False)
class _Search:
    """A search for what gives the answer ``got``, and how many nodes it has looked at."""

    root: Node
    got: Array
    exact: bool
    budget: Budget
    among: Places
    tried: int = 0

    @property
    def cut(self) -> int | None:
        """How many nodes were looked at, where the budget was spent before all were."""
        return self.tried if self.budget.is_spent else None

    def explanations(self, dtype: np.dtype[Any] | None) -> tuple[Explanation, ...]:
        """Every smallest set of conventions that gives the answer, in this dtype if one is given.

        Those with fewer mistakes among them stand first, and what is like one of them last. Once
        the budget is spent, it is what was found up to then.
        """
        for level in levels(self.root, MOST, self.among):
            found: list[Node] = []
            rounded: list[Node] = []
            for node in level:
                if self.budget.is_spent:
                    break
                self.tried += 1
                if self.fits(node, dtype):
                    (rounded if node.sums and not self.exact else found).append(node)
            found = found or [node for node in rounded if self._is_near(node)]
            if found or self.budget.is_spent:
                explanations = sorted((n.explanation for n in found), key=interpretations.mistakes)
                return *explanations, *self._like(explanations, dtype)
        return ()

    def _like(
        self, explanations: Sequence[Explanation], dtype: np.dtype[Any] | None
    ) -> Iterator[Explanation]:
        """What gives the answer too, of what comes to the same as one of the mistakes."""
        for other in dict.fromkeys(o for e in explanations for o in _replaced(e)):
            node = under(self.root.asked, other)
            if node is not None and other not in explanations and self.fits(node, dtype):
                yield other

    def fits(self, node: Node, dtype: np.dtype[Any] | None) -> bool:
        """Whether the node gives the answer, in this dtype if one is given."""
        try:
            if not node.may_have_shape(self.got.shape):
                return False
            part, got = node.part(self.got)
            if part is not node and not self._gives(part, got, dtype):
                return False
            return self._gives(node, self.got, dtype)
        except ValueError:
            return not self.got.size  # so understood there is no answer; an empty array says so

    def _gives(self, node: Node, got: Array, dtype: np.dtype[Any] | None) -> bool:
        if dtype is not None and dtype != node.answer_dtype:  # `in` takes None for float64
            return False
        self.budget.spend(node.asked)
        whole = node.dtype.startswith("int")
        if whole or (self.exact and (node.dtype == self.root.dtype or _is_held(node.asked))):
            answer = node.answer()
            return answer.shape == got.shape and bool((answer == got).all())
        known = node.reference()
        if known.numbers.shape != got.shape or not known.holds(got).all():
            return False
        # What is rounded to another dtype is among the numbers of that.
        if node.sums is None or node.sums == node.dtype:
            return True
        return bool((transforms.held(got, node.sums) == got).all())

    def _is_near(self, node: Node) -> bool:
        """Whether a rounded answer is by far nearer to the node than to zeros, and not by far
        nearer to anything else."""
        plain = under(self.root.asked, [c for c in node.explanation if not c.axis.rounds])
        assert plain is not None  # as the node is under these conventions and one more
        part, got = plain.part(self.got)
        known = part.reference()
        own = _distance(known.numbers, got)
        if _distance(np.zeros(()), got) < NEARER * own:
            return False
        around = self._around(plain, known.numbers.shape)
        return all(NEARER * _distance(numbers, got) >= own for numbers in around)

    def _around(self, plain: Node, shape: tuple[int, ...]) -> Iterator[Array]:
        """What the neighbours of the question and of a node give, in float64."""
        for other in (*neighbours(self.root), *neighbours(plain)):
            try:
                if other.places == plain.places or not other.may_have_shape(self.got.shape):
                    continue
                part, _ = other.part(self.got)
                self.budget.spend(part.asked)
                numbers = part.reference().numbers
            except ValueError:
                continue
            if numbers.shape == shape:
                yield numbers


def _replaced(explanation: Explanation) -> Iterator[Explanation]:
    """The explanation with a mistake replaced by others that come to the same in some questions."""
    for mistake in explanation:
        rest = [convention for convention in explanation if convention is not mistake]
        for names in mistake.choice.like:
            others = [convention for convention in CONVENTIONS if str(convention) in names]
            both = sorted((*rest, *others), key=CONVENTIONS.index)
            if len({convention.axis.name for convention in both}) == len(both):
                yield tuple(both)


def _distance(numbers: Array, got: Array) -> float:
    return float(np.sqrt(np.mean((got.astype(np.float64) - numbers) ** 2))) if got.size else 0.0


def _is_held(asked: AnyQuestion) -> bool:
    """Whether every sum is exact in the dtype, which is proven of the dtype of the case only."""
    return exactness.bound(asked) <= exactness.limit(asked, exact=True)


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
