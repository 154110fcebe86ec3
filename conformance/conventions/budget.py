"""Budgets: how much work a search for an explanation may be, so that no answer takes minutes.

Work is counted in products of the oracle, not in seconds, so that the same answer is explained the
same way on a fast machine and on a busy one. Only where a person waits is there a clock as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from conformance import question
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
    _began: float = field(default_factory=monotonic)

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be tried."""
        late = self.seconds is not None and monotonic() - self._began > self.seconds
        return late or self.spent > self.products

    def spend(self, asked: AnyQuestion) -> None:
        """Counts one answer of the oracle.

        Raises
        ------
        ValueError
            If the question has no answer.
        """
        self.spent += EACH + question.products(asked)
