"""Collect the table of conventions: the axes on which frameworks differ, and their choices.

A choice is a change of the question; the oracle's answer to the changed question is the answer of a
framework that makes this choice. Several choices are applied in the order of `AXES`. A new
convention is one decorated function in one of the modules that are collected here, and everything
else derives from it.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.conventions import (
    arithmetic,
    circular,
    layout,
    numbers,
    operators,
    output_padding,
    padding,
    padding_words,
    strides,
)
from conformance.conventions.axis import Axis as Axis
from conformance.conventions.axis import Convention as Convention

AXES: tuple[Axis, ...] = (
    *layout.AXES,
    *operators.AXES,
    *strides.AXES,
    *padding_words.AXES,
    *padding.AXES,
    *circular.AXES,
    *output_padding.AXES,
    *numbers.AXES,
    *arithmetic.AXES,
)
CONVENTIONS = tuple(Convention(axis, choice) for axis in AXES for choice in axis.choices)
MEANINGS = tuple(convention for convention in CONVENTIONS if not convention.choice.mistake)
"""The conventions that an API may have; the others are mistakes."""
BY_NAME: Mapping[str, Convention] = {str(convention): convention for convention in CONVENTIONS}
"""The conventions by their names, as observations and files have them."""
PROFILED = tuple(axis for axis in AXES if axis.meanings and not axis.incidental)
"""The axes on which an API makes one choice, whatever is asked."""
INCIDENTAL = frozenset(name for name, convention in BY_NAME.items() if convention.axis.incidental)
"""The names of the conventions that an answer may follow and no profile has."""

GRADIENTS = Axis(
    "gradients",
    "Gradients",
    "of the same call",
    "Autodiff gives the gradient of the call, with the conventions of its output.",
    lambda q: q.is_derivative,
)
"""Whether gradients follow the output: not one of `AXES`, as it has no mutant."""
GRADIENTS.choice(
    "of another call",
    "Autodiff gives a gradient that the conventions of the output do not explain.",
)(lambda _: None)
