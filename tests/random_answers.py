"""Answers of random implementations: random questions under random conventions."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from conformance.answers.diagnosis import AnswerDiagnosis, diagnosis_of
from conformance.answers.submission import SUPPORTED_OPS, submission_of
from conformance.cases import sampling
from conformance.conventions.axes import CONVENTIONS
from conformance.conventions.interpretations import Explanation, answer_under
from conformance.question import Array, Question, answer, as_passed

TRIED = 40
"""How many questions may fail to show some conventions before others take their place."""


SPACE = replace(
    sampling.SMALL,
    dtypes=(*("float32",) * 5, "float64", "float16", "bfloat16", "complex64"),
    unbatched=sampling.WIDE.unbatched,
    sized=sampling.WIDE.sized,
    specials=sampling.WIDE.specials,
)
"""Small questions with all that a person may write."""


def values_of(q: Question, y: Array) -> dict[str, Any]:
    """A question and its answer in the words of a case."""
    arrays = {**q.arrays, "y": as_passed(q, y)}
    if q.unbatched:
        batched = [name for name in ("x", "gradient", "x_tangent") if name in arrays]
        arrays |= {name: arrays[name][0] for name in batched}
    written = q.as_written(((0, 0),) * q.rank)
    names = ("op", "stride", "dilation", "groups", "dtype")
    arguments = {name: getattr(q, name) for name in names}
    if q.length is None or q.length.padding is not None:
        arguments["padding"] = written.padding
    if written.has_output_padding:
        arguments["output_padding"] = written.output_padding
    if q.length is not None:
        arguments["output_size"] = q.length.space
    return {**arrays, **arguments}


def random_answers(number: int, seed: int) -> Iterator[tuple[Question, Explanation, Array]]:
    """Random questions that can be brought, under so many random conventions."""
    stream = sampling.draws(seed, SUPPORTED_OPS, SPACE)
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
    same = y is not None and y.dtype == right.dtype and np.array_equal(y, right, equal_nan=True)
    return None if same else y


def diagnose_answer(q: Question, y: Array) -> AnswerDiagnosis:
    """What ``conformance diagnose`` makes of it, with a limit of work and not of time."""
    return diagnosis_of(submission_of(values_of(q, y)), seconds=None)


def unnamed(number: int, count: int, seed: int) -> list[tuple[Question, Explanation]]:
    """Of so many random answers, those under conventions that a diagnosis does not name."""
    return [
        (q, conventions)
        for q, conventions, y in islice(random_answers(number, seed), count)
        if not is_named(q, conventions, diagnose_answer(q, y))
    ]


def is_named(q: Question, conventions: Explanation, diagnosis: AnswerDiagnosis) -> bool:
    """Whether a diagnosis has the conventions, or fewer that give the same answer.

    An answer that is right but for its dtype, or in its own, is right, with a remark.
    """
    if diagnosis.is_right:
        assert diagnosis.expected is not None
        is_equal = np.array_equal(diagnosis.answer, diagnosis.expected, equal_nan=True)
        return bool(diagnosis.remarks) and (is_equal or diagnosis.question.dtype != q.dtype)
    if not diagnosis.explanations:
        return False
    fewest = len(diagnosis.explanations[0])
    return conventions in diagnosis.explanations or fewest < len(conventions)
