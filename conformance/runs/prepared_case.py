"""A case with what is worked out once for all APIs, and what its answers are worth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from conformance import comparison, question
from conformance.cases import Case
from conformance.comparison import Reference
from conformance.observations import Status
from conformance.oracle.memory_layout import memory_of
from conformance.question import AnyQuestion, Array, Chain, Question


@dataclass(frozen=True, eq=False)
class Evaluation:
    """An answer held against the oracle and against what the case's document states.

    Attributes
    ----------
    status
        Whether it is the oracle's answer, as far as that can be known.
    detail
        How it differs, in words.
    diagnosis
        What explains it, in words, and the conventions of that by their names.
    """

    status: Status
    detail: str | None = None
    diagnosis: str | None = None
    explanations: tuple[tuple[str, ...], ...] = ()
    claim: bool | None = None
    correction: bool | None = None


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """A case with what is worked out once for all APIs.

    Attributes
    ----------
    seconds
        How long an explanation may be looked for, where somebody waits for it.
    """

    case: Case
    seconds: float | None = None

    @cached_property
    def wanted(self) -> Array | None:
        """The oracle's answer; None where the case is that there is none."""
        return None if self.case.expected.error else question.answer(self.case.question)

    @cached_property
    def reference(self) -> Reference:
        """The answer in float64 and its bounds, for a real-valued case that has an answer."""
        return comparison.reference(self.case.question)

    @cached_property
    def content(self) -> str:
        """A digest of what is asked, without the words around it."""
        return digest_of(content_parts(self.case.question))

    @cached_property
    def worth(self) -> dict[tuple[str, tuple[int, ...], str], Evaluation]:
        """What answers are worth, by dtype, shape and digest: several APIs give the same one."""
        return {}

    def __reduce__(self) -> tuple[type[PreparedCase], tuple[Case]]:
        """Pickled as its case: the rest is worked out again sooner than it is sent."""
        return PreparedCase, (self.case,)


_LATER = frozenset({"zero_given"})
"""Fields that digests are older than, so that they count only where they say something."""


def content_parts(asked: AnyQuestion) -> Iterator[bytes]:
    if isinstance(asked, Chain):
        for step in asked.steps:
            yield from content_parts(step) if isinstance(step, Question) else (repr(step).encode(),)
        return
    for field in fields(asked):
        value = getattr(asked, field.name)
        if field.name in _LATER and value == field.default:
            continue
        if isinstance(value, np.ndarray):
            yield f"{field.name} {value.dtype.str} {value.shape} {memory_of(value)}".encode()
            yield np.ascontiguousarray(value).tobytes()
        else:
            yield f"{field.name} {value!r}".encode()


def plain_bytes(got: Array) -> bytes:
    """The bytes of an answer, the same for equal ones: of no machine, and with one zero only."""
    if got.dtype.kind in "fc":
        got = got + got.dtype.type(0)
    return got.astype(got.dtype.newbyteorder("<")).tobytes()


def digest_of(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()[:16]
