"""Decide whether two recorded answers to the same case agree.

Answers to exact cases agree bit for bit. The last bits of others mean nothing, so that these agree
where a convention explains both.
"""

import re
from collections.abc import Hashable, Mapping
from functools import lru_cache
from sys import intern
from typing import TypeAlias

import msgspec

from conformance.observations import ANSWERED, STATUSES, Observation, Status

Names: TypeAlias = tuple[tuple[str, ...], ...]
"""Explanations of an answer, each as the names of its conventions."""

REAL = "real-valued"
"""The mark of an answer to an inexact case, whose last bits mean nothing."""
NONDETERMINISTIC = "nondeterministic"
"""The mark of an answer that differed when the same call was repeated."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The part of an observation that is compared.

    Parameters
    ----------
    statuses
        One; several, sorted, where runs of the same framework do not agree.
    mark
        The dtype, shape and digest; `REAL`, `NONDETERMINISTIC`, or empty where there was no answer.
    explanations
        Of a mismatch.
    content
        The digest of the case.
    """

    statuses: tuple[Status, ...]
    mark: str
    explanations: Names
    content: str

    @property
    def array(self) -> tuple[str, tuple[int, ...], str] | None:
        """Return the dtype, the shape and the digest that the mark holds, if it holds them."""
        parts = self.mark.split(" ")
        if len(parts) != 3 or not _LENGTHS.fullmatch(parts[1]):
            return None
        dtype, lengths, digest = parts
        return dtype, () if lengths == _SCALAR else tuple(map(int, lengths.split("x"))), digest


_SCALAR = "scalar"
_LENGTHS = re.compile(rf"{_SCALAR}|\d{{1,9}}(?:x\d{{1,9}})*", re.ASCII)


def answer_of(observation: Observation) -> Answer:
    """Return the part of an observation that is compared; equal parts share their memory."""
    mark = ""
    if observation.status in ANSWERED and not observation.exact:
        mark = REAL
    elif observation.status in ANSWERED and observation.shape is not None:
        mark = f"{_array_type(observation.dtype, observation.shape)} {observation.digest}"
    statuses = _STATUS_TUPLES[observation.status]
    return Answer(statuses, mark, observation.explanations, intern(observation.content))


_STATUS_TUPLES: Mapping[Status, tuple[Status]] = {status: (status,) for status in STATUSES}


@lru_cache(maxsize=2**12)
def _array_type(dtype: str | None, shape: tuple[int, ...]) -> str:
    return f"{dtype} {'x'.join(map(str, shape)) or _SCALAR}"


def agree(first: Answer, second: Answer) -> bool:
    """Return whether two answers to a case, of a status that they share, are the same."""
    marks = first.mark, second.mark
    if NONDETERMINISTIC in marks:
        return True
    if REAL in marks:
        explanations = set(first.explanations), set(second.explanations)
        return bool(set.intersection(*explanations)) or not any(explanations)
    return first.mark == second.mark


def numbers_of(observation: Observation) -> Hashable:
    """Return what distinguishes the numbers of an answer from others, on any machine.

    These are the shape, and the digest of an exact answer: that of another one differs between
    machines.
    """
    return observation.shape, observation.digest if observation.exact else None
