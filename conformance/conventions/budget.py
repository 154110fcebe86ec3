"""Budgets: how much work a search for an explanation may be, so that no answer takes minutes.

Work is counted in products of the oracle, not in seconds, so that the same answer is explained the
same way on a fast machine and on a busy one. Only where a person waits is there a clock as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from conformance import question as questions
from conformance.question import AnyQuestion

PRODUCTS = 2**31
"""Products that a search may take: about two seconds on one core."""
EACH = 2**16
"""Products that go with every answer, however small: what calling the oracle takes."""


@dataclass
class Budget:
    """What a search may cost, and what it has cost up to now.

    Attributes
    ----------
    products
        How many products it may take.
    seconds
        How long it may take, where somebody waits for it; the answer then depends on the machine.
    """

    products: int = PRODUCTS
    seconds: float | None = None
    spent: int = 0
    _start: float = field(default_factory=monotonic)

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be tried."""
        is_late = self.seconds is not None and monotonic() - self._start > self.seconds
        return is_late or self.spent > self.products

    def spend(self, question: AnyQuestion) -> None:
        """Counts one answer of the oracle.

        Raises
        ------
        ValueError
            If the question has no answer.
        """
        self.spent += EACH + questions.products(question)
