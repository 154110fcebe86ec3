"""Decide whether a case can be compared with ``==``: whole data, and sums that its dtype holds.

The bound on sums is the answer for absolute values, sum |x||w| + |b|: no partial sum exceeds it,
whatever the order in which a framework sums. Beyond it an answer is still the same in every order
if all its terms have one sign and overflow. NaN and infinities have no part in the bound, as what
they reach is NaN, or infinite, in every order.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.cases.array_rules import Bilinear, Normal
from conformance.cases.arrays import (
    EXACT_INTEGERS,
    first_changed,
    first_real,
    first_true,
    made,
    to_dtype,
)
from conformance.cases.errors import Fault, Path
from conformance.cases.schema import Entry, PadStep, Step
from conformance.comparison import HALVES, OVERFLOW, finite, largest_sum, magnitude
from conformance.question import (
    ARRAYS,
    AnyQuestion,
    Array,
    Dtype,
    Question,
    answer,
    is_complex,
    promoted,
)


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


def unrepresentable_values(entry: Entry, *, exact: bool) -> Iterator[Fault]:
    """Yield the operands that the entry's dtype cannot hold: as they are if it is exact.

    Otherwise they may be rounded, but not to infinity, and not to real numbers.
    """
    kernel_dtype = entry.kernel_dtype or entry.dtype
    dtypes = {"kernel": kernel_dtype, "bias": promoted(entry.dtype, kernel_dtype)}
    for path, rule in _rules(entry):
        numbers = made("", rule)
        dtype = dtypes.get(str(path[-1]), entry.dtype) if len(path) == 1 else entry.dtype
        index = first_changed(numbers, dtype, but_rounded=not exact)
        reason = f"{dtype} cannot hold"
        if index is None and any(map(is_complex, dtypes.values())):
            index = first_true(~np.isfinite(numbers))
            reason = "products of complex numbers need finite ones, not"
        if index is not None:
            inner = index if isinstance(rule, list) else ()
            yield (*path, *inner), f"{reason} the {numbers[index]} of {path[-1]}"


def bound(question: AnyQuestion) -> float:
    """Return the largest absolute value of a partial sum whose answer may depend on its order.

    Raises ``ValueError`` if the question has no answer.
    """
    largest = magnitude(question)
    pairs = zip(question.questions, largest.questions, strict=True)
    return max(float(_bounds(q, answer(of)).max(initial=0)) for q, of in pairs)


def has_exact_sums(question: AnyQuestion) -> bool:
    """Return whether the question's dtype holds every partial sum of whole numbers.

    Raises ``ValueError`` if the question has no answer and numbers too large to tell without it.
    """
    return is_plainly_exact(question) or bound(question) <= limit(question, exact=True)


def is_plainly_exact(question: AnyQuestion) -> bool:
    """Return whether the largest of whole numbers alone show that every partial sum is exact."""
    if not isinstance(question, Question) or question.operator == "interpolate":
        return False
    is_sum = question.wanted != "parameters"
    return is_sum and largest_sum(question) <= limit(question, exact=True)


def limit(question: AnyQuestion, *, exact: bool) -> float:
    """Return the largest sum that the question's dtype holds, exactly or as a finite number.

    Sums of a half are finite in float32, in which they are formed.
    """
    dtype = question.questions[0].dtype
    if exact or dtype.startswith("int"):
        return EXACT_INTEGERS[dtype]
    return float(np.finfo("float32" if dtype in HALVES else dtype).max)


def rounds(question: Question, dtype: Dtype) -> bool:
    """Return whether a sum may be a number that ``dtype`` does not have.

    It may if an array has a number that is not whole, or if a partial sum may be larger than all
    integers of ``dtype``. A question without an answer rounds nothing, nor does one that counts.
    """
    if question.wanted == "parameters":
        return False
    if any(first_real(array) is not None for array in question.arrays.values()):
        return True
    try:
        sums = answer(magnitude(question))
    except ValueError:
        return False
    return bool(np.max(sums, initial=0) > EXACT_INTEGERS[dtype])


def _bounds(question: Question, magnitudes: Array) -> Array:
    """Return the largest partial sums, and zeros where every order leads to the same infinity."""
    threshold = OVERFLOW.get(question.dtype, np.finfo(np.float64).max)
    if question.dtype.startswith("int") or not (magnitudes >= threshold).any():
        return magnitudes
    with np.errstate(all="ignore"):
        sums, result = answer(finite(question)), to_dtype(answer(question), question.dtype)
    # Twice the threshold, as roundings may take a sum below it.
    is_infinite = (np.abs(sums) == magnitudes) & (magnitudes >= 2 * threshold)
    is_infinite &= result == np.copysign(np.inf, sums)
    return np.where(is_infinite, 0.0, magnitudes)


def _rules(entry: Entry) -> Iterator[tuple[Path, Any]]:
    places: list[tuple[Path, Entry | Step]] = [((), entry)]
    places += [
        (("steps", index), step)
        for index, step in enumerate(entry.steps or ())
        if isinstance(step, Step)
    ]
    for path, part in places:
        for name in ARRAYS:
            rule = getattr(part, name, None)
            if rule is not None:
                yield (*path, name), rule
    for index, step in enumerate(entry.steps or ()):
        if isinstance(step, PadStep):
            yield ("steps", index, "value"), [step.value]
