"""Compare answers with the oracle's: bit by bit for whole numbers, within rounding for others."""

from conformance.comparison.differences import agreement, difference, is_same, is_within
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
from conformance.comparison.sufficient import is_certainly_right, largest_sum

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
    "is_certainly_right",
    "is_same",
    "is_within",
    "largest_sum",
    "magnitude",
    "reference",
    "terms",
    "ulp",
    "wide",
]
