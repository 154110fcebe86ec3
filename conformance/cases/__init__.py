"""Cases: YAML files read into questions, with everything wrong in them told at its place."""

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
