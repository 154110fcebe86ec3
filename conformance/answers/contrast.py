"""Explain one answer by another: what does each of them do that the other does not?"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from rich.text import Text

from conformance.answers.diagnosis import AnswerDiagnosis
from conformance.answers.lines import question_lines
from conformance.authoring.call_files import CannotUse
from conformance.comparison import equal, is_within, reference
from conformance.conventions.interpretations import Explanation
from conformance.explain import array_diff
from conformance.explain.text_lines import indented, wrapped
from conformance.question import ARRAYS, Array, Question


@dataclass(frozen=True, eq=False)
class Contrast:
    """Two answers to one question.

    Attributes
    ----------
    first, second
        What each of them did.
    agrees
        Where both are the same within rounding; None for two shapes.
    only_first, only_second
        The conventions of one that the other does not have, for the explanations that are nearest
        to each other; None if one of the answers has no explanation.
    """

    first: AnswerDiagnosis
    second: AnswerDiagnosis
    agrees: Array | None
    only_first: Explanation | None
    only_second: Explanation | None

    @property
    def is_same(self) -> bool:
        """Return whether both answers are the same within rounding."""
        return self.agrees is not None and bool(self.agrees.all())


def contrast_of(first: AnswerDiagnosis, second: AnswerDiagnosis) -> Contrast:
    """Contrast two answers.

    Raises ``CannotUse`` if they are not answers to one question.
    """
    _require_same(first.question, second.question)
    pairs = product(_explanations(first), _explanations(second))
    nearest = min(pairs, key=lambda pair: len({*pair[0]} ^ {*pair[1]}), default=None)
    only_first = only_second = None
    if nearest is not None:
        one, other = nearest
        only_first = tuple(convention for convention in one if convention not in other)
        only_second = tuple(convention for convention in other if convention not in one)
    return Contrast(first, second, _agreement(first, second), only_first, only_second)


def contrast_lines(contrast: Contrast, names: tuple[str, str], width: int) -> Iterator[Text]:
    """Yield lines about two answers, side by side."""
    first, second = contrast.first, contrast.second
    yield Text(f"The answers {'are the same' if contrast.is_same else 'differ'}", style="bold")
    yield from question_lines(first, width)
    if not contrast.is_same:
        yield from indented(
            array_diff.compared(
                first.answer, second.answer, contrast.agrees, width - 4, heads=("answer", "other")
            )
        )
    for name, diagnosis in zip(names, (first, second), strict=True):
        yield from wrapped(f"{name}: {diagnosis.status}. {diagnosis.words}", width)
    for name, only in zip(names, (contrast.only_first, contrast.only_second), strict=True):
        for convention in only or ():
            yield from wrapped(f"only in {name}: {convention}", width, style="bold")


def _explanations(diagnosis: AnswerDiagnosis) -> tuple[Explanation, ...]:
    """Return the explanations of an answer; the right one has the empty explanation."""
    return ((),) if diagnosis.is_right else diagnosis.explanations


def _agreement(first: AnswerDiagnosis, second: AnswerDiagnosis) -> Array | None:
    """Return where two answers are the same, up to the rounding of both."""
    if first.answer.shape != second.answer.shape:
        return None
    agrees = equal(first.answer, second.answer)
    for diagnosis in (first, second):
        if diagnosis.expected is not None and diagnosis.expected.shape == first.answer.shape:
            bound = 2 * reference(diagnosis.question).near
            agrees = agrees | is_within(first.answer, second.answer, bound)
    return agrees


def _require_same(first: Question, second: Question) -> None:
    """Raise `CannotUse` if two questions differ in more than their dtype."""
    for name in ("op", "groups", "stride", "dilation", "output_padding", "pairs"):
        one, other = getattr(first, name), getattr(second, name)
        if one != other:
            raise CannotUse(f"the two answers are to two questions: {name} is {one} and {other}")
    for name in ARRAYS:
        one, other = getattr(first, name), getattr(second, name)
        same = one is other is None or (
            one is not None and other is not None and np.array_equal(one, other)
        )
        if not same:
            raise CannotUse(f"the two answers are to two questions: {name} differs")
