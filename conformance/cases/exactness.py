"""Why a case may be compared with ``==``: its data is whole, and no sum can outgrow its dtype.

The bound is the same question asked of absolute values, sum |x||w| + |b|: whatever order a
framework sums in, no partial sum exceeds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.cases.array_rules import Bilinear, Normal
from conformance.cases.arrays import EXACT_INTEGERS, array, depth, first_changed, first_real
from conformance.cases.errors import Path, Wrong
from conformance.cases.schema import Entry, Step
from conformance.question import AnyQuestion, Array, Chain, Pool, Question, answer, pooled

_NAMES = ("x", "kernel", "gradient", "bias")


def is_exact(entry: Entry) -> bool:
    """Whether the entry's answers are compared with ``==``: as it says, or if its data is whole."""
    return entry.exact if entry.exact is not None else next(real_parts(entry), None) is None


def real_parts(entry: Entry) -> Iterator[Wrong]:
    """What makes the entry's data real-valued, with the place of each reason."""
    if entry.op == "interpolate":
        yield ("op",), "op interpolate is real-valued"
    for path, rule in _rules(entry):
        if isinstance(rule, Bilinear | Normal):
            yield path, f"{type(rule).__name__.lower()} makes {path[-1]} real-valued"
        elif isinstance(rule, list):
            numbers = np.array(rule)
            at = first_real(numbers)
            if at is not None:
                yield (*path, *at), f"{path[-1]} holds {numbers[at]}, which is not whole"


def unfaithful(entry: Entry) -> Iterator[Wrong]:
    """The operands of an exact entry that its dtype cannot hold as they are."""
    for path, rule in _rules(entry):
        numbers = np.array(rule) if isinstance(rule, list) else array("", rule, depth(rule))
        at = first_changed(numbers, entry.dtype)
        if at is not None:
            inner = at if isinstance(rule, list) else ()
            yield (*path, *inner), f"{entry.dtype} cannot hold the {numbers[at]} of {path[-1]}"


def bound(asked: AnyQuestion) -> float:
    """The largest absolute value that any partial sum of the answer can have.

    Raises ``ValueError`` for a question that has no answer.
    """
    if isinstance(asked, Question):
        return _largest(answer(_absolute(asked)))
    largest, x = 0.0, None
    for step in asked.steps:
        if isinstance(step, Pool):
            x = pooled(x, step.size) if x is not None else None
            continue
        x = answer(_absolute(step if x is None else step.but(x=x)))
        largest = max(largest, _largest(x))
    return largest


def limit(asked: AnyQuestion, *, exact: bool) -> float:
    """How large a sum may be in the question's dtype: exact for whole numbers, else finite."""
    dtype = (asked.questions[0] if isinstance(asked, Chain) else asked).dtype
    if exact or dtype.startswith("int"):
        return EXACT_INTEGERS[dtype]
    return float(np.finfo("float32" if dtype == "bfloat16" else dtype).max)


def _absolute(q: Question) -> Question:
    parts: dict[str, Any] = {name: getattr(q, name) for name in _NAMES}
    return q.but(**{k: abs(v.astype(np.float64)) for k, v in parts.items() if v is not None})


def _largest(numbers: Array) -> float:
    return float(numbers.max()) if numbers.size else 0.0


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
