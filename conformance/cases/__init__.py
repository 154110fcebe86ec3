"""Cases: YAML files read into questions, with everything wrong in them told at its place."""

from conformance.cases.case import Case, Document, Erratum, Expected, Place, Problem, Tolerance
from conformance.cases.loading import Loaded, load

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
