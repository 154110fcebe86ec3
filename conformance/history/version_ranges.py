"""Spans: versions in a row that do the same, so that a long history reads as a few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

Kind: TypeAlias = Literal["right", "other", "refused", "broken", "absent"]
"""The reference's choice or answer, another one, a refusal, something worse, or no such API."""


@dataclass(frozen=True)
class State:
    """What an API does in one version, in words, and what that is worth."""

    kind: Kind
    words: str


@dataclass(frozen=True)
class Span:
    """Versions in a row that do the same.

    when  since when or until when
    """

    when: str
    state: State


T = TypeVar("T")
Row: TypeAlias = list[tuple[int, int, T]]
"""The places of the first and the last version that have something in common, and what it is."""


def row(found: Iterable[T | None]) -> Row[T]:
    """What versions have in common, by their places; those that have nothing are passed over."""
    rows: Row[T] = []
    for place, what in enumerate(found):
        if what is None:
            continue
        if rows and rows[-1][2] == what:
            rows[-1] = (rows[-1][0], place, what)
        else:
            rows.append((place, place, what))
    return rows


def spans(versions: Sequence[str], states: Row[State]) -> tuple[Span, ...]:
    """The spans of a row of states, each with its versions by name."""
    named = []
    for number, (begin, end, state) in enumerate(states):
        first, last = versions[begin], versions[end]
        when = first if first == last else f"{first} to {last}"
        if number == 0:
            when = f"until {last}"
        elif number == len(states) - 1:
            when = f"from {first}"
        named.append(Span(when, state))
    return tuple(named)
