"""What a case states beside its question, held against an answer: the oracle decides who is right.

A document can be wrong, and then a case says so in an erratum: what is printed must disagree with
the oracle, and the correction must agree, or else the erratum is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from conformance.cases import properties
from conformance.cases.model import Case, Erratum, Expected
from conformance.comparison import bound
from conformance.oracle.geometry import Axes
from conformance.question import AnyQuestion, Array, Chain, Question, answer


def check(case: Case) -> str | None:
    """What is wrong with the statements of ``case``, as a sentence; None when they all hold.

    Every statement (numbers, shape, matrix, parameters, error, property, erratum) is held against
    the oracle. The sentence says what is stated, what the oracle gives and where they first differ.
    """
    try:
        given = answer(case.question)
    except ValueError as refusal:
        return _refused(case, str(refusal))
    if case.expected.error is not None:
        return (
            f"states that the question has no answer ({case.expected.error!r}), but the oracle"
            f" answers it, with shape {given.shape}"
        )
    try:
        stated = next(_complaints(case.expected, case, given), None)
        if case.erratum is None:
            return stated
        corrected = next(_complaints(_correction(case.erratum), case, given), None)
    except ValueError as refusal:
        return str(refusal)
    if stated is None:
        return "has a stale erratum: what the document states agrees with the oracle"
    return None if corrected is None else f"has a wrong erratum: it {corrected}"


def claim_holds(case: Case, given: Array) -> bool | None:
    """Whether an answer that a framework gave satisfies what the document states.

    None when the case states nothing that an answer can show, beyond being the oracle's.
    """
    if case.expected.error is not None:
        return False
    return _satisfied(case.expected, case, given)


def correction_holds(case: Case, given: Array) -> bool | None:
    """Whether an answer that a framework gave satisfies the erratum's correction; None without."""
    return None if case.erratum is None else _satisfied(_correction(case.erratum), case, given)


def matrix(asked: Question) -> Array:
    """The operator's matrix, C_out prod(out) x C_in prod(in), read off the oracle column by column.

    The arguments count, the data and the bias do not.
    """
    size = prod(asked.x.shape[1:])
    ones = np.eye(size, dtype=np.float64).reshape(size, *asked.x.shape[1:])
    return answer(asked.but(x=ones, bias=None)).reshape(size, -1).T


def parameters(asked: AnyQuestion) -> tuple[int, ...]:
    """How many numbers each step learns: its kernel's and its bias's."""
    questions = asked.questions if isinstance(asked, Chain) else (asked,)
    return tuple(int(q.kernel.size + (0 if q.bias is None else q.bias.size)) for q in questions)


def _refused(case: Case, refusal: str) -> str | None:
    if case.expected.error is None:
        return f"has no answer: {refusal}"
    if case.expected.error in refusal:
        return None
    return f"states the error {case.expected.error!r}, the oracle's is {refusal!r}"


def _correction(erratum: Erratum) -> Expected:
    return Expected(numbers=erratum.numbers, shape=erratum.shape, property=erratum.property)


def _complaints(said: Expected, case: Case, given: Array) -> Iterator[str]:
    """What ``said`` states and the oracle's answer ``given`` does not bear out, in sentences."""
    asked = case.question
    if said.shape is not None and not _has_shape(given, said.shape):
        yield f"states the shape {tuple(said.shape)}, the oracle's is {given.shape}"
    if said.numbers is not None:
        apart = _apart(_batched(said.numbers, asked), given, _allowed(case))
        if apart:
            yield f"states numbers that the oracle does not give: {apart.said(*_STATED)}"
    if said.matrix is not None:
        if not isinstance(asked, Question) or asked.wanted != "output":
            yield "states a matrix, but only one operator's output has one"
        elif apart := _apart(said.matrix, matrix(asked), 0.0):
            yield f"states a matrix that the oracle does not give: {apart.said(*_STATED)}"
    if said.parameters is not None and said.parameters != (counts := parameters(asked)):
        stated = _plainly(said.parameters)
        yield f"states the parameters {stated}, the oracle counts {_plainly(counts)}"
    if said.property is not None:
        entry = properties.named(said.property)
        if not _has_property(entry, case, given):
            got, wanted = entry.sides(asked, given)
            apart = _apart(got, wanted, 0.0)
            said_of_it = apart.said("the answer gives", "it must be") if apart else "not so"
            yield f"states the property {entry.name}, which does not hold: {said_of_it}"


def _satisfied(said: Expected, case: Case, given: Array) -> bool | None:
    """Whether ``given`` satisfies all in ``said`` that an answer can show; None if nothing."""
    asked, shown = case.question, []
    if said.shape is not None:
        shown.append(_has_shape(given, said.shape))
    if said.numbers is not None:
        wanted = _batched(said.numbers, asked)
        shown.append(_apart(wanted, given, _allowed(case)) is None)
    if said.matrix is not None and _is_basis(asked):
        whole = given.ndim > 1 and given.shape[0] == len(_first(asked).x)
        shown.append(whole and np.array_equal(given.reshape(len(given), -1).T, said.matrix))
    if said.parameters is not None and _counted(asked):
        shown.append(bool(np.all(given == said.parameters)))
    if said.property is not None:
        shown.append(_has_property(properties.named(said.property), case, given))
    return all(shown) if shown else None


def _has_property(entry: properties.Property, case: Case, given: Array) -> bool:
    tolerance = case.expected.tolerance
    return properties.holds(
        entry, case.question, given, exact=case.exact,
        tolerance=None if tolerance is None else tolerance.absolute,
    )  # fmt: skip


def _allowed(case: Case) -> Array | float:
    """How far stated numbers may be from the answer, in all or element by element."""
    if case.expected.tolerance is not None:
        return float(case.expected.tolerance.absolute)
    return 0.0 if case.exact else bound(case.question)


@dataclass(frozen=True)
class _Apart:
    """How two arrays differ: in their shapes, or in so many numbers."""

    sides: tuple[str, str]
    where: str

    def said(self, one: str, other: str) -> str:
        return f"{self.where}{one} {self.sides[0]}, {other} {self.sides[1]}"


_STATED = ("stated is", "the oracle gives")


def _apart(one: Any, other: Array, allowed: Array | float) -> _Apart | None:
    """How two arrays differ by more than ``allowed``; None if they do not. NaN always does."""
    one = np.asarray(one)
    if one.shape != other.shape:
        return _Apart((f"shape {one.shape}", f"shape {other.shape}"), "")
    right = np.atleast_1d(np.abs(np.subtract(one, other, dtype=np.float64)) <= allowed)
    if right.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~right)[0])
    sides = (_plainly(np.atleast_1d(one)[at]), _plainly(np.atleast_1d(other)[at]))
    return _Apart(
        sides, f"{right.size - right.sum()} of {right.size} differ, first at {list(at)}: "
    )


def _batched(numbers: Any, asked: AnyQuestion) -> Array:
    """Stated numbers with the batch and channel axes that a bare array leaves out."""
    array = np.asarray(numbers)
    if _counted(asked):
        return array
    return array.reshape((1,) * (_first(asked).x.ndim - array.ndim) + array.shape)


def _has_shape(given: Array, stated: Axes) -> bool:
    whole = len(stated) == given.ndim
    return tuple(stated) == (given.shape if whole else given.shape[2:])


def _is_basis(asked: AnyQuestion) -> bool:
    x = _first(asked).x
    return isinstance(asked, Question) and np.array_equal(x.reshape(len(x), -1), np.eye(len(x)))


def _counted(asked: AnyQuestion) -> bool:
    return isinstance(asked, Question) and asked.wanted == "parameters"


def _first(asked: AnyQuestion) -> Question:
    return asked.questions[0] if isinstance(asked, Chain) else asked


def _plainly(value: Any) -> str:
    """A number or a list as a person writes it: no numpy in sentences, no .0 on whole numbers."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_plainly, value)) + "]"
    return f"{value:.9g}" if isinstance(value, float | np.floating) else str(value)
