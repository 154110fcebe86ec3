"""Limit the work of a search for an explanation, so that no answer takes minutes.

Work is counted in products of the oracle, not in seconds, so that the same answer has the same
explanation on a fast machine and on a busy one. Only where a person waits is there a clock as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

PRODUCTS = 2**31
"""The number of products that a search may take, about two seconds on one core."""
EACH = 2**16
"""The number of products that a call of the oracle costs in addition, however small it is."""


@dataclass
class Budget:
    """The work that a search may take, and the work that it has taken.

    Attributes
    ----------
    products
        The number of products that it may take.
    seconds
        The time that it may take, where somebody waits; the explanation then depends on the
        machine.
    spent
        The number of products that it has taken.
    """

    products: int = PRODUCTS
    seconds: float | None = None
    spent: int = 0
    _start: float = field(default_factory=monotonic)

    @property
    def is_spent(self) -> bool:
        """Return whether the search has to stop."""
        is_late = self.seconds is not None and monotonic() - self._start > self.seconds
        return is_late or self.spent > self.products

    def spend(self, products: int) -> None:
        """Count one answer of the oracle, which takes so many products."""
        self.spent += EACH + products
