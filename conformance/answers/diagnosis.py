"""Say of an answer whether it is right, and if it is not, by which conventions it is explained.

A convention is no fault of its own: it is what the answer did in place of what was asked, in the
canonical meaning of the words.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from conformance.answers import decimals
from conformance.answers.comparisons import Comparison, comparisons
from conformance.answers.remarks import input_factors, remarks
from conformance.answers.submission import Layouts, Submission, submission_of
from conformance.authoring.call_files import CannotUse
from conformance.conventions import alternatives
from conformance.conventions import diagnosis as search
from conformance.conventions.budget import Budget
from conformance.conventions.diagnosis import Diagnosis
from conformance.conventions.interpretations import Explanation
from conformance.question import Array, Question

SECONDS = 1.0
"""Seconds that the search for an explanation may take."""

Status = Literal["right", "wrong", "undecided"]


@dataclass(frozen=True, eq=False, kw_only=True)
class AnswerDiagnosis(Diagnosis):
    """What an answer did, as far as it can be told.

    Attributes
    ----------
    status
        ``right`` for the oracle's answer, ``wrong`` for another one, and ``undecided`` where the
        numbers cannot tell it from another one.
    question
        The question, in canonical terms.
    answer, expected
        The answer in the dtype of the question, and the oracle's; None where there is none.
    agrees
        Where both are the same within rounding; None for two shapes.
    difference
        How they differ, in a sentence; None where they do not.
    api
        The API in whose words the question was asked, or None.
    remarks
        Sentences about what was converted.
    """

    status: Status
    question: Question
    answer: Array
    expected: Array | None
    agrees: Array | None
    difference: str | None
    api: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Return whether the answer is certainly the oracle's."""
        return self.status == "right"

    @property
    def words(self) -> str:
        """Return the diagnosis as sentences for a person."""
        if self.status == "right":
            return "This is the right answer."
        if self.status == "undecided":
            return self.remark
        return super().words

    def __str__(self) -> str:
        from conformance.answers.lines import lines  # here, as rich is slow to import

        return "\n".join(line.plain for line in lines(self))


def diagnose(
    x: Any,
    kernel: Any,
    y: Any,
    api: str | None = None,
    *,
    x_layout: str | None = None,
    kernel_layout: str | None = None,
    y_layout: str | None = None,
    seconds: float | None = SECONDS,
    **arguments: Any,
) -> AnswerDiagnosis:
    """Explain the answer of an implementation of transposed convolution.

    Parameters
    ----------
    x
        Array (N, C_in, *space), or in the layout of the API; a single example or a bare image of
        one channel too.
    kernel
        Array (C_in, C_out / groups, *k), or in the layout of the API.
    y
        The answer, of any shape and dtype.
    api
        The API in whose words the arguments are, such as ``torch.nn.ConvTranspose``,
        ``keras.layers.ConvTranspose`` or ``onnx.ConvTranspose``; None for the words of this
        function's ``arguments``.
    x_layout, kernel_layout, y_layout
        Layouts such as ``NHWC``, ``HWOI`` or ``N *s C``, where they are not those of the API.
    seconds
        The time that the search for an explanation may take; None for a limit by work alone, so
        that every machine finds the same.
    **arguments
        ``stride``, ``padding``, ``output_padding``, ``dilation``, ``groups``, ``bias``, or the
        words of the API; ``op``, ``dtype`` and ``gradient`` as in a case.

    Returns
    -------
    Diagnosis
        The conventions that explain the answer, and whether it is right.

    Raises
    ------
    ValueError
        For a word that is not known, a value that has no meaning, and arrays that do not fit each
        other.
    """
    layouts = Layouts(x=x_layout, kernel=kernel_layout, y=y_layout)
    values = {"x": x, "kernel": kernel, "y": y, **arguments}
    try:
        submission = submission_of(values, api, layouts=layouts)
    except CannotUse as error:
        raise ValueError(str(error)) from None
    return diagnosis_of(submission, seconds)


def diagnosis_of(submission: Submission, seconds: float | None = SECONDS) -> AnswerDiagnosis:
    """Diagnose the answer of a submission.

    An answer of another dtype than its question is compared in the question's dtype, and if that
    does not make it right, in its own. Printed numbers are compared as far as their decimals tell.

    ``seconds`` is the time that the search may take; None for a limit by work alone.
    """
    attempts = _attempts(submission)
    if attempts[-1].is_close:
        return _diagnose_close(submission, attempts[-1])
    budget = Budget(seconds=seconds)
    # The narrowest dtype comes first, as the rounding of a wider one explains nothing there.
    diagnoses = [_explain(submission, c, budget) for c in reversed(attempts) if c.sums is None]
    found = [diagnosis for diagnosis in diagnoses if diagnosis.explanations]
    return min(found, key=lambda diagnosis: len(diagnosis.explanations[0]), default=diagnoses[-1])


def is_close(submission: Submission) -> bool:
    """Return whether an answer is the oracle's up to rounding.

    That takes little more than the oracle's answer. Whether rounding hides another answer is not
    asked.
    """
    return _attempts(submission)[-1].is_close


def _attempts(submission: Submission) -> list[Comparison]:
    """Return comparisons of an answer up to one that shows it to be right.

    Of printed numbers that no other one shows to be right, there is only the loosened comparison.
    """
    attempts: list[Comparison] = []
    for comparison in comparisons(submission):
        attempts.append(comparison)
        if comparison.is_close:
            return attempts
    slack = decimals.printing_error(submission.question, submission.answer)
    return [attempts[0].loosened(slack)] if slack else attempts


def _diagnose_close(submission: Submission, comparison: Comparison) -> AnswerDiagnosis:
    """Diagnose an answer within rounding: it is right unless another one fits as well."""
    q, within = comparison.question, comparison.within
    rivals: tuple[Explanation, ...] = ()
    if within is not None:
        rivals = tuple(alternatives.rivals(q, within, comparison.answer, comparison.slack))
    if not rivals:
        return _result(submission, comparison, "right", Diagnosis(()))
    names = "; ".join(map(alternatives.name_of, rivals))
    hidden = f"Rounding hides whether this is the right answer or another one: {names}."
    explanations = tuple(filter(None, rivals))
    return _result(submission, comparison, "undecided", Diagnosis(explanations, hidden))


def _explain(submission: Submission, comparison: Comparison, budget: Budget) -> AnswerDiagnosis:
    """Search for the conventions that explain a wrong answer."""
    own, answer = submission.answer, comparison.answer
    if own.dtype.kind == answer.dtype.kind and own.itemsize < answer.itemsize:
        answer = own  # as a convention may be to narrow numbers
    found = _search(comparison, answer, budget)
    if found.explanations:
        return _result(submission, comparison, "wrong", found)
    if comparison.within is not None and comparison.within.allows(comparison.answer):
        return _result(submission, comparison, "undecided", Diagnosis((), _COARSE))
    expected, agrees = comparison.expected, comparison.agrees
    if comparison.question.wanted == "output" and expected is not None and agrees is not None:
        q, answer = comparison.question, comparison.answer
        bias = None if q.bias is None or q.bias.ndim > 1 else q.bias
        sentences = [*remarks(answer, expected, agrees, bias)] or input_factors(q, answer)
        found = replace(found, remark=" ".join((found.remark, *sentences)).strip())
    return _result(submission, comparison, "wrong", found)


def _search(comparison: Comparison, answer: Array, budget: Budget) -> Diagnosis:
    """Search for an explanation of two examples, and keep what explains all of them.

    One of the two is wrong. A single one hides conventions that need several elements. A bias of as
    many numbers as there are examples may be one of the examples.
    """
    q, expected, agrees = comparison.question, comparison.expected, comparison.agrees
    exact, slack = comparison.exact, comparison.slack
    find = partial(search.diagnose, exact=exact, budget=budget, slack=slack)
    has_many_examples = answer.shape[:1] == (len(q.x),) > (2,)
    has_bias_of_examples = q.bias is not None and len(q.bias) == len(q.x)
    if q.answer_space in ("kernel", "bias") or has_bias_of_examples or not has_many_examples:
        return find(q, expected, answer)
    wrong = 0 if agrees is None else int(np.argwhere(~agrees)[0, 0])
    start = min(wrong, len(q.x) - 2)
    two = slice(start, start + 2)
    batched = ("x", "gradient", "x_tangent")
    examples = q.but(**{name: a[two] for name, a in q.arrays.items() if name in batched})
    found = find(examples, None if expected is None else expected[two], answer[two])
    explanations = tuple(
        explanation
        for explanation in found.explanations
        if search.explains(q, explanation, answer, exact=exact, slack=slack)
    )
    if found.explanations and not explanations:
        return find(q, expected, answer)
    remark = "" if expected is None else search.remark(expected, answer)
    return replace(found, explanations=explanations, remark=remark)


def _result(
    submission: Submission, comparison: Comparison, status: Status, found: Diagnosis
) -> AnswerDiagnosis:
    return AnswerDiagnosis(
        found.explanations,
        found.remark,
        found.cut,
        status=status,
        question=comparison.question,
        answer=comparison.answer,
        expected=comparison.expected,
        agrees=comparison.agrees,
        difference=comparison.difference,
        api=submission.api,
        remarks=(*submission.remarks, *filter(None, [comparison.remark])),
    )


_COARSE = (
    "It is further from the right answer than rounding takes a sum, but no further than it could"
    " take one, and no known convention explains it."
)
