"""Read YAML files of cases into questions, and report every fault with its place."""

from conformance.cases.loader import Loaded, load
from conformance.cases.model import Case, Document, Erratum, Expected, Place, Problem, Tolerance

__all__ = [
    "Case",
    "Document",
    "Erratum",
    "Expected",
    "Loaded",
    "Place",
    "Problem",
    "Tolerance",
    "load",
]
