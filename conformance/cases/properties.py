"""Compare an answer with the named properties.

A new property is a function in ``conformance.cases.property_checks``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from conformance.cases.property_checks import CHECKS, Check, Sides
from conformance.comparison import gamma, is_within, magnitude, terms
from conformance.question import AnyQuestion, Array, Chain, Question, answer, shape


@dataclass(frozen=True)
class Property:
    """A claim about operators."""

    name: str
    ops: frozenset[str]
    check: Check

    @property
    def sentence(self) -> str:
        """Return the claim."""
        return str(self.check.__doc__)

    def sides(self, question: AnyQuestion, result: Array) -> Sides:
        """Compute both sides of the claim.

        ``result`` is an answer to it, of any dtype. Returns what follows from the answer, and what
        it must be, as float64. Both are shapes if the answer does not have the right shape. Raises
        ``ValueError`` if the property does not apply to such a question.
        """
        op = "chain" if isinstance(question, Chain) else question.op
        if op not in self.ops:
            op_names = ", ".join(sorted(self.ops))
            raise ValueError(f"property {self.name} is about {op_names}, not about {op}")
        if np.iscomplexobj(result):
            raise ValueError(f"property {self.name} is about real numbers, not {result.dtype}")
        result = np.asarray(result, np.float64)
        if isinstance(question, Question) and result.shape != shape(question):
            return np.array(result.shape), np.array(shape(question))
        if isinstance(question, Question) and question.wanted == "output":
            bias = question.broadcast_bias
            result = result if bias is None else result - bias
        actual, expected = self.check(question, result)
        return np.asarray(actual, np.float64), np.asarray(expected, np.float64)

    def holds(
        self,
        question: AnyQuestion,
        result: Array,
        *,
        exact: bool,
        tolerance: float | None = None,
    ) -> bool:
        """Return whether an answer has the property; an answer with NaN never has.

        ``exact`` says whether both sides are compared with ``==``. ``tolerance`` is the largest
        difference if not; by default the bound on rounding, which is computed from absolute values
        by the property's own check. Raises ``ValueError`` if the property does not apply to such a
        question.
        """
        actual, expected = self.sides(question, result)
        if actual.shape != expected.shape or np.isnan(result).any():
            return False
        allowed: Array | float = 0.0 if exact or tolerance is None else tolerance
        if not exact and tolerance is None:
            largest = magnitude(question)
            bounds = np.maximum(*map(np.abs, self.sides(largest, answer(largest))))
            sums = ceil(max(result.size, 1) / max(actual.size, 1))
            allowed = gamma(terms(question) + sums, question) * bounds
        return bool(is_within(actual, expected, allowed).all())


PROPERTIES: Mapping[str, Property] = {
    name: Property(name, ops, check)
    for check, ops in CHECKS.items()
    for name in [check.__name__.replace("_", "-")]
}


def lookup(name: str) -> Property:
    """Return the property of a name.

    Raises ``ValueError`` with all names, if there is no such property.
    """
    if name not in PROPERTIES:
        raise ValueError(f"unknown property {name!r}; there are {', '.join(sorted(PROPERTIES))}")
    return PROPERTIES[name]
