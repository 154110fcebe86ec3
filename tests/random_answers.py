"""Answers of random implementations: random questions under random conventions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.answers.diagnosis import AnswerDiagnosis, diagnosis_of
from conformance.answers.submission import ARRAYS, SUPPORTED_OPS, submission_of
from conformance.cases import sampling
from conformance.conventions.axes import CONVENTIONS
from conformance.conventions.interpretations import Explanation, answer_under
from conformance.question import Array, Question, answer

TRIED = 40
"""How many questions may fail to show some conventions before others take their place."""


def values_of(q: Question, y: Array) -> dict[str, Any]:
    """A question and its answer in the words of a case."""
    arrays = {name: getattr(q, name, None) for name in ARRAYS}
    names = ("op", "stride", "padding", "dilation", "groups", "dtype")
    arguments = {name: getattr(q, name) for name in names}
    if q.has_output_padding:
        arguments["output_padding"] = q.output_padding
    return {**arrays, **arguments, "y": y}


def random_answers(number: int, seed: int) -> Iterator[tuple[Question, Explanation, Array]]:
    """Random questions that can be brought, under so many random conventions."""
    stream = (q for q in sampling.draws(seed) if q.op in SUPPORTED_OPS)
    return under_conventions(stream, number, seed)


def under_conventions(
    stream: Iterator[Question], number: int, seed: int
) -> Iterator[tuple[Question, Explanation, Array]]:
    """Questions with so many random conventions that show in their answers."""
    random = np.random.default_rng(seed)
    while True:
        places = sorted(random.choice(len(CONVENTIONS), number, replace=False))
        conventions = tuple(CONVENTIONS[place] for place in places)
        if len({convention.axis.name for convention in conventions}) < number:
            continue
        for q, _ in zip(stream, range(TRIED), strict=False):
            y = _visible_answer(q, conventions)
            if y is not None:
                yield q, conventions, y
                break


def _visible_answer(q: Question, conventions: Explanation) -> Array | None:
    """The answer under the conventions, if there is one and it is not the oracle's."""
    try:
        y = answer_under(q, conventions)
    except ValueError:
        return None
    right = answer(q)
    same = y is not None and y.dtype == right.dtype and np.array_equal(y, right)
    return None if same else y


def diagnose_answer(q: Question, y: Array) -> AnswerDiagnosis:
    """What ``conformance diagnose`` makes of it, with a limit of work and not of time."""
    return diagnosis_of(submission_of(values_of(q, y)), seconds=None)


def is_named(q: Question, conventions: Explanation, diagnosis: AnswerDiagnosis) -> bool:
    """Whether a diagnosis has the conventions, or fewer that give the same answer.

    An answer that is right in its own, narrower dtype is right, with a remark.
    """
    if diagnosis.is_right:
        return bool(diagnosis.remarks) and diagnosis.question.dtype != q.dtype
    if not diagnosis.explanations:
        return False
    fewest = len(diagnosis.explanations[0])
    return conventions in diagnosis.explanations or fewest < len(conventions)
