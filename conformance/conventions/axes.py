"""Collect the conventions: the axes on which frameworks differ, and the choices on each axis.

A choice is a change of the question; the oracle's answer to the changed question is the answer of a
framework that makes this choice. Several choices are applied in the order of `AXES`. A new axis is
one more entry in one of the modules that are collected here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from conformance.conventions import layout_axes, number_axes, operator_axes, padding_axes
from conformance.conventions.axis import Axis as Axis
from conformance.conventions.axis import Choice as Choice
from conformance.conventions.axis import Convention as Convention
from conformance.conventions.number_axes import HALVES as HALVES
from conformance.conventions.transforms import Postprocess, Transformed, unchanged
from conformance.question import Question

AXES: tuple[Axis, ...] = (
    *layout_axes.AXES,
    *operator_axes.AXES,
    *padding_axes.AXES,
    *number_axes.AXES,
)
CONVENTIONS = tuple(Convention(axis, choice) for axis in AXES for choice in axis.choices)
MEANINGS = tuple(convention for convention in CONVENTIONS if not convention.choice.mistake)
"""The conventions that an API may have; the others are mistakes."""


def apply_conventions(question: Question, conventions: Iterable[Convention]) -> Transformed:
    """Return the question as a framework with these conventions understands it, in canonical terms.

    Parameters
    ----------
    question
        The question.
    conventions
        The conventions, in any order. One that finds nothing to change is skipped.

    Returns
    -------
    Transformed
        The question, and the function of its answer.
    """
    postprocesses: list[Postprocess] = []
    for convention in sorted(conventions, key=CONVENTIONS.index):
        if not convention.axis.concerns(question):
            continue
        transformed = convention.choice.change(question)
        if transformed is not None:
            question = transformed.question
            if transformed.after is not unchanged:
                postprocesses.insert(0, transformed.after)
    if not postprocesses:
        return Transformed(question)
    return Transformed(
        question, lambda y: reduce(lambda answer, after: after(answer), postprocesses, y)
    )
