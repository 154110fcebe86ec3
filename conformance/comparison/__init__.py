"""Compare answers with the oracle's: bit by bit for whole numbers, within rounding for others."""

from conformance.comparison.differences import agreement, difference
from conformance.comparison.references import Reference, bound, equal, reference
from conformance.comparison.rounding import (
    HALVES,
    OVERFLOW,
    SMALLEST,
    UNIT_ROUNDOFF,
    finite,
    gamma,
    magnitude,
    terms,
    ulp,
    wide,
)

__all__ = [
    "HALVES",
    "OVERFLOW",
    "SMALLEST",
    "UNIT_ROUNDOFF",
    "Reference",
    "agreement",
    "bound",
    "difference",
    "equal",
    "finite",
    "gamma",
    "magnitude",
    "reference",
    "terms",
    "ulp",
    "wide",
]
