"""Compare the statements of a case with an answer, the oracle's or a framework's.

A document can be wrong, and then the case has an erratum: the document's statement must disagree
with the oracle, and the correction must agree, or else the erratum is stale.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from conformance.cases import properties
from conformance.cases.model import Case, Expected
from conformance.comparison import bound, is_within
from conformance.question import AnyQuestion, Array, Question, answer, as_passed


def check(case: Case) -> str | None:
    """Compare every statement of ``case`` with the oracle, and return a sentence on a false one.

    It has the first false statement, what the oracle gives and where they first differ. The
    statements are numbers, shape, matrix, parameters, error, property and erratum.
    """
    try:
        result = answer(case.question)
    except ValueError as refusal:
        return _check_error(case, str(refusal))
    if case.expected.error is not None:
        return (
            f"states that the question has no answer ({case.expected.error!r}), but the oracle"
            f" answers it, with shape {as_passed(case.question, result).shape}"
        )
    try:
        complaint = _complaint(case.expected, case, result)
        if case.erratum is None:
            return complaint
        objection = _complaint(case.erratum, case, result)
    except ValueError as refusal:
        return str(refusal)
    if complaint is None:
        return "has a stale erratum: what the document states agrees with the oracle"
    return None if objection is None else f"has a wrong erratum: it {objection}"


def claim_holds(case: Case, result: Array) -> bool | None:
    """Return whether a framework's answer, of any shape and dtype, satisfies the document.

    None means that the case states nothing that an answer can show, beyond being the oracle's.
    """
    if case.expected.error is not None:
        return False
    return _satisfies(case.expected, case, result)


def correction_holds(case: Case, result: Array) -> bool | None:
    """Return whether an answer, as of `claim_holds`, satisfies the erratum; None without one."""
    return None if case.erratum is None else _satisfies(case.erratum, case, result)


def matrix(question: Question) -> Array:
    """Return the operator's matrix, from the oracle's answers to one-hot images.

    Its shape is (output channels * prod(output space), input channels * prod(input space)). Only
    the shape of ``x`` counts of the question's data; the bias does not count.
    """
    size = prod(question.x.shape[1:])
    images = np.eye(size, dtype=np.float64).reshape(size, *question.x.shape[1:])
    return answer(question.but(x=images, bias=None)).reshape(size, -1).T


def parameters(question: AnyQuestion) -> tuple[int, ...]:
    """Return how many parameters each step has, in its kernel and its bias."""
    sizes = ((q.kernel.size, 0 if q.bias is None else q.bias.size) for q in question.questions)
    return tuple(int(sum(pair)) for pair in sizes)


def _check_error(case: Case, refusal: str) -> str | None:
    if case.expected.error is None:
        return f"has no answer: {refusal}"
    if case.expected.error in refusal:
        return None
    return f"states the error {case.expected.error!r}, the oracle's is {refusal!r}"


def _complaint(statements: Expected, case: Case, result: Array) -> str | None:
    """Return a sentence about the first statement that the oracle's answer contradicts."""
    return next(filter(None, _comparisons(statements, case, result, by_oracle=True)), None)


def _satisfies(statements: Expected, case: Case, result: Array) -> bool | None:
    """Return whether ``result`` satisfies all that an answer can show; None if that is nothing."""
    complaints = list(_comparisons(statements, case, result, by_oracle=False))
    return not any(complaints) if complaints else None


def _comparisons(
    statements: Expected, case: Case, result: Array, *, by_oracle: bool
) -> Iterator[str | None]:
    """Yield for every statement that ``result`` can show None, or a sentence if it is false.

    The oracle shows every statement, as it also has the operator's matrix and its parameters.
    """
    question = case.question
    if statements.shape is not None:
        full = as_passed(question, result).shape
        shape = full if len(statements.shape) == len(full) else result.shape[2:]
        sentence = f"states the shape {tuple(statements.shape)}, the oracle's is {full}"
        yield None if tuple(statements.shape) == shape else sentence
    if statements.numbers is not None:
        numbers = _with_batch(statements.numbers, question)
        difference = _difference(numbers, result, _tolerance(case))
        yield difference and f"states numbers that the oracle does not give: {difference}"
    if statements.matrix is not None and (by_oracle or _is_basis(question)):
        if not isinstance(question, Question) or (by_oracle and question.wanted != "output"):
            yield "states a matrix, but only one operator's output has one"
        else:
            images = matrix(question) if by_oracle else _matrix_of(result, question)
            difference = _difference(statements.matrix, images)
            yield difference and f"states a matrix that the oracle does not give: {difference}"
    is_count = question.questions[0].wanted == "parameters"
    if statements.parameters is not None and (by_oracle or is_count):
        counts = parameters(question) if by_oracle else result
        words = f"{_plain_text(statements.parameters)}, the oracle counts {_plain_text(counts)}"
        is_true = np.all(counts == statements.parameters)
        yield None if is_true else f"states the parameters {words}"
    if statements.property is not None:
        yield _property_complaint(statements.property, case, result)


def _property_complaint(name: str, case: Case, result: Array) -> str | None:
    entry, stated = properties.lookup(name), case.expected.tolerance
    tolerance = None if stated is None else stated.absolute
    if entry.holds(case.question, result, exact=case.exact, tolerance=tolerance):
        return None
    actual, expected = entry.sides(case.question, result)
    difference = _difference(actual, expected, 0.0, "the answer gives", "it must be")
    return f"states the property {name}, which does not hold: {difference or 'not so'}"


def _tolerance(case: Case) -> Array | float:
    """Return the largest difference of stated numbers from the answer, in all or by element."""
    if case.expected.tolerance is not None:
        return float(case.expected.tolerance.absolute)
    return 0.0 if case.exact else bound(case.question)


def _difference(
    left: Any,
    right: Array,
    tolerance: Array | float = 0.0,
    left_words: str = "stated is",
    right_words: str = "the oracle gives",
) -> str | None:
    """Return how two arrays differ by more than ``tolerance``, None if not; NaN equals NaN."""
    left = np.asarray(left)
    if left.shape != right.shape:
        return f"{left_words} shape {left.shape}, {right_words} shape {right.shape}"
    is_close = np.atleast_1d(is_within(left, right, tolerance))
    if is_close.all():
        return None
    index = tuple(int(i) for i in np.argwhere(~is_close)[0])
    numbers = [_plain_text(np.atleast_1d(array)[index]) for array in (left, right)]
    return (
        f"{is_close.size - is_close.sum()} of {is_close.size} differ, first at {list(index)}: "
        f"{left_words} {numbers[0]}, {right_words} {numbers[1]}"
    )


def _with_batch(numbers: Any, question: AnyQuestion) -> Array:
    """Return stated numbers with the batch and channel axes that a bare array leaves out."""
    array = np.asarray(numbers)
    if isinstance(question, Question) and question.answer_space in ("bias", "count"):
        return array
    return array.reshape((1,) * (question.questions[0].x.ndim - array.ndim) + array.shape)


def _is_basis(question: AnyQuestion) -> bool:
    x = question.questions[0].x
    return isinstance(question, Question) and np.array_equal(x.reshape(len(x), -1), np.eye(len(x)))


def _matrix_of(result: Array, question: AnyQuestion) -> Array:
    """Return the matrix that the answer to every one-hot image shows, of shape () for no answer."""
    has_batch = result.ndim > 1 and len(result) == len(question.questions[0].x)
    return result.reshape(len(result), -1).T if has_batch else np.array(np.nan)


def _plain_text(value: Any) -> str:
    """Return a number or a list as a person writes it: without NumPy's types, and 3 for 3.0."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_plain_text, value)) + "]"
    return f"{value:.9g}" if isinstance(value, float | np.floating) else str(value)
