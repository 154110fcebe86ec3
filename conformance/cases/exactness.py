"""Decide whether a case can be compared with ``==``: whole data, and sums that its dtype holds.

The bound on sums is the answer for absolute values, sum |x||w| + |b|: no partial sum exceeds it,
whatever the order in which a framework sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.cases.array_rules import Bilinear, Normal
from conformance.cases.arrays import EXACT_INTEGERS, array, axis_count, first_changed, first_real
from conformance.cases.errors import Fault, Path
from conformance.cases.schema import Entry, PadStep, Step
from conformance.comparison import magnitude
from conformance.question import AnyQuestion, Chain, answer

_NAMES = ("x", "kernel", "gradient", "bias")


def is_exact(entry: Entry) -> bool:
    """Return ``exact`` of the entry, or whether all its data is whole if the entry has none."""
    return entry.exact if entry.exact is not None else next(real_parts(entry), None) is None


def real_parts(entry: Entry) -> Iterator[Fault]:
    """Yield every reason why the entry's data is real-valued, with its place."""
    if entry.op == "interpolate":
        yield ("op",), "op interpolate is real-valued"
    for path, rule in _rules(entry):
        if isinstance(rule, Bilinear | Normal):
            yield path, f"{type(rule).__name__.lower()} makes {path[-1]} real-valued"
        elif isinstance(rule, list):
            numbers = np.array(rule)
            index = first_real(numbers)
            if index is not None:
                yield (*path, *index), f"{path[-1]} holds {numbers[index]}, which is not whole"


def unrepresentable_values(entry: Entry) -> Iterator[Fault]:
    """Yield the operands of an exact entry that its dtype cannot hold as they are."""
    for path, rule in _rules(entry):
        numbers = np.array(rule) if isinstance(rule, list) else array("", rule, axis_count(rule))
        index = first_changed(numbers, entry.dtype)
        if index is not None:
            inner = index if isinstance(rule, list) else ()
            yield (*path, *inner), f"{entry.dtype} cannot hold the {numbers[index]} of {path[-1]}"


def bound(question: AnyQuestion) -> float:
    """Return the largest absolute value that any partial sum of the answer can have.

    Raises
    ------
    ValueError
        If the question has no answer.
    """
    largest = magnitude(question)
    questions = largest.questions if isinstance(largest, Chain) else (largest,)
    answers = [answer(q) for q in questions]
    return max((float(array.max()) for array in answers if array.size), default=0.0)


def limit(question: AnyQuestion, *, exact: bool) -> float:
    """Return the largest sum that the question's dtype holds, exactly or as a finite number."""
    dtype = (question.questions[0] if isinstance(question, Chain) else question).dtype
    if exact or dtype.startswith("int"):
        return EXACT_INTEGERS[dtype]
    return float(np.finfo("float32" if dtype == "bfloat16" else dtype).max)


def _rules(entry: Entry) -> Iterator[tuple[Path, Any]]:
    places: list[tuple[Path, Entry | Step]] = [((), entry)]
    places += [
        (("steps", index), step)
        for index, step in enumerate(entry.steps or ())
        if isinstance(step, Step)
    ]
    for path, part in places:
        for name in _NAMES:
            rule = getattr(part, name, None)
            if rule is not None:
                yield (*path, name), rule
    for index, step in enumerate(entry.steps or ()):
        if isinstance(step, PadStep):
            yield ("steps", index, "value"), [step.value]
