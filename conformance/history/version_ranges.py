"""Merge consecutive versions with the same behaviour, so that a long history is a few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

Kind: TypeAlias = Literal["right", "other", "refused", "broken", "absent"]
"""The reference's choice or answer, another one, a refusal, a failure, or no such API."""


@dataclass(frozen=True)
class State:
    """What an API does in one version, in words, and how good that is."""

    kind: Kind
    words: str


@dataclass(frozen=True)
class Span:
    """Consecutive versions with the same behaviour, such as ``until 3.1`` or ``3.2 to 3.5``."""

    versions: str
    state: State


T = TypeVar("T")
Row: TypeAlias = list[tuple[int, int, T]]
"""The places of the first and the last version with an equal value, and the value."""


def row(values: Iterable[T | None]) -> Row[T]:
    """Merge equal values of consecutive versions; a version whose value is None is skipped."""
    rows: Row[T] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if rows and rows[-1][2] == value:
            rows[-1] = (rows[-1][0], place, value)
        else:
            rows.append((place, place, value))
    return rows


def spans(versions: Sequence[str], states: Row[State]) -> tuple[Span, ...]:
    """Return the span of each state, with the names of its versions."""
    spans = []
    for number, (begin, end, state) in enumerate(states):
        first, last = versions[begin], versions[end]
        when = first if first == last else f"{first} to {last}"
        if number == 0:
            when = f"until {last}"
        elif number == len(states) - 1:
            when = f"from {first}"
        spans.append(Span(when, state))
    return tuple(spans)
