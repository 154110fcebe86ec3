"""Compute what all calls of one case share, such as the oracle's answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from conformance import comparison
from conformance import question as questions
from conformance.cases import Case, Place
from conformance.comparison import Reference
from conformance.observations import Status
from conformance.oracle.memory_layout import memory_of
from conformance.question import TANGENTS, AnyQuestion, Array, Chain, Question


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of comparing an answer with the oracle's and with the case's document.

    Attributes
    ----------
    status
        Whether it is the oracle's answer, if that can be decided.
    detail
        How it differs, in words.
    diagnosis
        What explains it, in words.
    explanations
        The names of the conventions that explain it.
    claim, correction
        As of `Observation`.
    """

    status: Status
    detail: str | None = None
    diagnosis: str | None = None
    explanations: tuple[tuple[str, ...], ...] = ()
    claim: bool | None = None
    correction: bool | None = None


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """A case, with values that are computed once for all APIs.

    ``seconds`` is the longest time to search for an explanation; None for no limit.
    """

    case: Case
    seconds: float | None = None

    @cached_property
    def oracle_answer(self) -> Array | None:
        """The oracle's answer; None if the case expects an error."""
        return None if self.case.expected.error else questions.answer(self.case.question)

    @cached_property
    def reference(self) -> Reference:
        """The answer in float64 with its bounds, for a real-valued case that has an answer."""
        return comparison.reference(self.case.question)

    @cached_property
    def content(self) -> str:
        """The digest of the question, which no other field of the case changes."""
        return digest_of(_content_parts(self.case.question))

    @cached_property
    def evaluations(self) -> dict[tuple[str, tuple[int, ...], str], Evaluation]:
        """Evaluations by dtype, shape and digest of the answer, as several APIs give the same."""
        return {}

    def __reduce__(self) -> tuple[type[PreparedCase], tuple[Case]]:
        """Pickle the case only: computing the other values again is faster than sending them."""
        return PreparedCase, (self.case,)


def unfiled_case(
    id: str,  # noqa: A002  # as in Case
    question: Question,
    topics: tuple[str, ...] = (),
) -> PreparedCase:
    """Make a case of a question, without a file; the arguments are as of `Case`."""
    return PreparedCase(
        Case(
            id=id,
            op=question.op,
            question=question,
            why="It was drawn.",
            exact=question.operator != "interpolate",
            topics=topics,
            place=Place("", 1, 1),
        )
    )


_NEW_FIELDS = frozenset({"length", "operand_dtypes", "unbatched", "zero_given", *TANGENTS})
"""Fields that older digests do not contain: their defaults are left out."""


def _content_parts(question: AnyQuestion) -> Iterator[bytes]:
    if isinstance(question, Chain):
        for step in question.steps:
            if isinstance(step, Question):
                yield from _content_parts(step)
            else:
                yield repr(step).encode()
        if question.start is not None:
            yield repr(question.start.shape).encode()
            yield question.start.tobytes()
        return
    for field in fields(question):
        value = getattr(question, field.name)
        if field.name in _NEW_FIELDS and value is field.default:
            continue
        if isinstance(value, np.ndarray):
            yield f"{field.name} {value.dtype.str} {value.shape} {memory_of(value)}".encode()
            yield np.ascontiguousarray(value).tobytes()
        else:
            yield f"{field.name} {value!r}".encode()


def plain_bytes(answer: Array) -> bytes:
    """Return bytes that are the same for equal answers of any shape and dtype.

    They are the elements in C order, little-endian, with -0.0 as 0.0 and every NaN as one.
    """
    if answer.dtype.kind in "fc":
        with np.errstate(invalid="ignore"):  # a NaN may be a signalling one
            answer = np.asarray(answer + answer.dtype.type(0))
        answer[np.isnan(answer)] = np.nan
    return answer.astype(answer.dtype.newbyteorder("<")).tobytes()


def digest_of(parts: Iterable[bytes]) -> str:
    """Return a digest of parts with their lengths, as 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()[:16]
