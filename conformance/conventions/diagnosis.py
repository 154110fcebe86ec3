"""Find the fewest conventions under which the oracle gives an answer.

The search goes from one convention to two and three, skips combinations that cannot have the
answer's shape, and returns every combination of the smallest size that reproduces the answer: a
case may be unable to tell two apart. An answer to a real-valued case is reproduced if it is within
rounding, as a right one has to be. The conventions that round sums as they are formed have a wider
bound, which in a half may fit anything. So they explain only an answer that is not far nearer to
anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.cases import exactness
from conformance.cases.arrays import EXACT_INTEGERS
from conformance.comparison import equal, wide
from conformance.conventions import interpretations
from conformance.conventions.arithmetic import round_to
from conformance.conventions.axes import BY_NAME, CONVENTIONS
from conformance.conventions.budget import Budget
from conformance.conventions.interpretations import (
    Explanation,
    Node,
    Places,
    levels,
    neighbours,
    root_of,
    under,
)
from conformance.question import AnyQuestion, Array, Question, is_complex

MOST = 3
"""The largest number of conventions in a combination; more would explain anything."""
NEARER = 2.0
"""The ratio of distances from which an answer is far nearer to one thing than to another."""


@dataclass(frozen=True)
class Diagnosis:
    """Every smallest combination of conventions that explains an answer, or a remark on the answer.

    Attributes
    ----------
    explanations
        The combinations.
    remark
        A sentence about an answer that has no explanation.
    cut
        The number of combinations that were tried, if the budget was spent before all were.
    """

    explanations: tuple[Explanation, ...]
    remark: str = ""
    cut: int | None = None

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """Return the explanations as the names of their conventions."""
        return tuple(tuple(map(str, explanation)) for explanation in self.explanations)

    @property
    def words(self) -> str:
        """Return the diagnosis as sentences for a person."""
        if not self.explanations:
            return f"No known convention. {self._cut_note}{self.remark}".strip()
        first, *ties = self.explanations
        sentences = " ".join(convention.choice.sentence for convention in first)
        if not ties:
            return sentences
        others = "; ".join(" and ".join(map(str, tie)) for tie in ties)
        return f"{sentences} (This case cannot tell that from {others}.)"

    @property
    def _cut_note(self) -> str:
        if self.cut is None:
            return ""
        return (
            f"The search was cut after {self.cut:,} of the combinations of up to {MOST}"
            " conventions, which took as much work as it may. "
        )


def diagnose(
    question: AnyQuestion,
    expected: Array | None,
    answer: Array,
    *,
    exact: bool,
    budget: Budget | None = None,
    mistakes: bool = True,
    slack: float = 0.0,
) -> Diagnosis:
    """Explain an answer that differs from the oracle's.

    Parameters
    ----------
    expected
        The oracle's answer; None if it has none.
    answer
        The answer to explain, of any shape and dtype. A shape that equals the expected one is
        evidence of nothing.
    budget
        The work that the search may take; the search stops when it is spent, and the diagnosis says
        so.
    mistakes
        Whether mistakes may explain the answer, or only what an API may mean.
    slack
        How much wider than rounding the bounds of real-valued answers are.
    """
    among = interpretations.EVERY if mistakes else interpretations.WITHOUT_MISTAKES
    root = root_of(question, slack)
    search = _Search(root, answer, exact, Budget() if budget is None else budget, among)
    with np.errstate(all="ignore"):  # an answer may hold any numbers
        if answer.dtype.kind == "c" and not _is_complex(question):
            return Diagnosis((), f"Its numbers are complex, of dtype {answer.dtype}.")
        # Conventions have to explain another dtype too, if any of them does.
        explanations = search.explanations(answer.dtype)
        if not explanations and (expected is None or answer.dtype != expected.dtype):
            if search.fits(search.root, None):
                # Then any convention that changes nothing in this case would explain it.
                return Diagnosis((), f"Its numbers are right, but of dtype {answer.dtype}.")
            explanations = search.explanations(None)
        if explanations or expected is None:
            return Diagnosis(explanations, cut=search.cut)
        return Diagnosis((), remark(expected, answer), search.cut)


def explains(
    question: AnyQuestion,
    explanation: Explanation,
    answer: Array,
    *,
    exact: bool,
    slack: float = 0.0,
) -> bool:
    """Return whether the oracle gives this answer under an explanation, in any dtype.

    ``slack`` says how much wider than rounding the bounds of real-valued answers are.
    """
    node = under(question, explanation)
    search = _Search(root_of(question), answer, exact, Budget(), ())
    with np.errstate(all="ignore"):
        return node is not None and search.fits(replace(node, slack=slack), None)


@dataclass(eq=False)
class _Search:
    """A search for the combinations that reproduce ``answer``, and the number of nodes tried."""

    root: Node
    answer: Array
    exact: bool
    budget: Budget
    among: Places
    tried: int = 0

    @property
    def cut(self) -> int | None:
        """Return the number of nodes that were tried, if the budget was spent before all were."""
        return self.tried if self.budget.is_spent else None

    def explanations(self, dtype: np.dtype[Any] | None) -> tuple[Explanation, ...]:
        """Return every smallest combination that reproduces the answer, in ``dtype`` if given.

        Combinations with fewer mistakes come first, of these the ones with fewer incidental
        choices, and equivalents of mistakes come last. If the budget is spent, the combinations up
        to then are returned.
        """
        for level in levels(self.root, MOST, self.among):
            matches: list[Node] = []
            rounded_matches: list[Node] = []
            for node in level:
                if self.budget.is_spent:
                    break
                self.tried += 1
                if self.fits(node, dtype):
                    (rounded_matches if node.sums and not self.exact else matches).append(node)
            matches = matches or [node for node in rounded_matches if self._is_nearest(node)]
            if matches or self.budget.is_spent:
                explanations = sorted(
                    (node.explanation for node in matches),
                    key=lambda e: (
                        interpretations.mistakes(e),
                        interpretations.incidental_choices(e),
                    ),
                )
                return *explanations, *self._equivalents(explanations, dtype)
        return ()

    def _equivalents(
        self, explanations: Sequence[Explanation], dtype: np.dtype[Any] | None
    ) -> Iterator[Explanation]:
        """Yield the combinations in which a mistake's equivalents reproduce the answer too."""
        for other in dict.fromkeys(other for e in explanations for other in _replacements(e)):
            node = under(self.root.question, other)
            if node is None or other in explanations:
                continue
            if self.fits(replace(node, slack=self.root.slack), dtype):
                yield other

    def fits(self, node: Node, dtype: np.dtype[Any] | None) -> bool:
        """Return whether the node reproduces the answer, in ``dtype`` if it is not None."""
        try:
            if not node.may_have_shape(self.answer.shape):
                return False
            part, part_answer = node.part(self.answer)
            if part is not node and not self._reproduces(part, part_answer, dtype):
                return False
            return self._reproduces(node, self.answer, dtype)
        except ValueError:
            return not self.answer.size  # without an answer, an empty array is right

    def _reproduces(self, node: Node, answer: Array, dtype: np.dtype[Any] | None) -> bool:
        if dtype is not None and dtype != node.answer_dtype:  # `in` takes None for float64
            return False
        self.budget.spend(node.products)
        is_integer = node.dtype.startswith("int")
        if is_integer or (
            self.exact
            and (node.dtype == self.root.dtype or exactness.has_exact_sums(node.question))
        ):
            node_answer = node.answer()
            is_equal = node_answer.shape == answer.shape and bool(equal(node_answer, answer).all())
            # Sums beyond the whole numbers of float32 depend on their order there.
            limit = EXACT_INTEGERS["float32"]
            if is_equal or node.sums != "float32" or exactness.bound(node.question) <= limit:
                return is_equal
        reference = node.reference()
        if reference.numbers.shape != answer.shape or not reference.holds(answer).all():
            return False
        # Sums that are rounded to another dtype are numbers of that dtype.
        if node.sums is None or node.sums == node.dtype:
            return True
        return bool(equal(round_to(answer, node.sums), answer).all())

    def _is_nearest(self, node: Node) -> bool:
        """Return whether a rounded answer is nearest to the node.

        It has to be far nearer to the node than to zeros, and not far nearer to anything else.
        """
        plain = under(self.root.question, [c for c in node.explanation if not c.axis.rounds])
        assert plain is not None  # as the node has these conventions and one more
        part, answer = plain.part(self.answer)
        reference = part.reference()
        distance = _distance(reference.numbers, answer)
        if _distance(np.zeros(()), answer) < NEARER * distance:
            return False
        around = self._neighbour_numbers(plain, reference.numbers.shape)
        return all(NEARER * _distance(numbers, answer) >= distance for numbers in around)

    def _neighbour_numbers(self, plain: Node, shape: tuple[int, ...]) -> Iterator[Array]:
        """Yield the answers of the neighbours of the question and of a node, in float64."""
        for other in (*neighbours(self.root), *neighbours(plain)):
            try:
                if other.places == plain.places or not other.may_have_shape(self.answer.shape):
                    continue
                part, _ = other.part(self.answer)
                self.budget.spend(part.products)
                numbers = part.reference().numbers
            except ValueError:
                continue
            if numbers.shape == shape:
                yield numbers


def _replacements(explanation: Explanation) -> Iterator[Explanation]:
    """Yield the explanation with a mistake replaced by conventions that are like it."""
    for mistake in explanation:
        others = [convention for convention in explanation if convention is not mistake]
        for names in mistake.choice.like:
            substitutes = [BY_NAME[name] for name in names]
            combination = sorted((*others, *substitutes), key=CONVENTIONS.index)
            if len({convention.axis.name for convention in combination}) == len(combination):
                yield tuple(combination)


def _distance(numbers: Array, answer: Array) -> float:
    """Return the root of the mean squared difference, of the numbers that are finite."""
    squares = np.abs(wide(answer) - numbers) ** 2
    squares = squares[np.isfinite(squares)]
    return float(np.sqrt(np.mean(squares))) if squares.size else 0.0


def _is_complex(question: AnyQuestion) -> bool:
    return isinstance(question, Question) and is_complex(question.dtype)


def remark(expected: Array, answer: Array) -> str:
    """Return a sentence about an answer that no convention explains."""
    if answer.shape != expected.shape:
        return f"Its shape is {answer.shape}, not {expected.shape}."
    is_nan = np.isnan(answer) & ~np.isnan(expected)
    if is_nan.any():
        return f"It holds {int(is_nan.sum())} NaN."
    distances = np.where(equal(answer, expected), 0.0, np.abs(wide(answer) - expected))
    place = tuple(int(i) for i in np.unravel_index(np.argmax(distances), distances.shape))
    sentence = f"The largest difference is {distances[place]:g}, at {list(place)}."
    if np.array_equal(np.sort(answer, axis=None), np.sort(expected, axis=None)):
        return f"{sentence} The numbers are the right ones in other places."
    if wide(answer).sum() == wide(expected).sum():
        return f"{sentence} The sum is right."
    return sentence
