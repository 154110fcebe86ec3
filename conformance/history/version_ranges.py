"""Merge consecutive versions with the same behaviour, so that a long history is a few words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from conformance.conventions.axes import GRADIENTS, PROFILED

Kind: TypeAlias = Literal["right", "other", "refused", "broken", "absent"]
"""The reference's choice or answer, another one, a refusal, a failure, or no such API."""


@dataclass(frozen=True)
class State:
    """What an API does in one version, in words, and how good that is."""

    kind: Kind
    words: str


API_ITSELF = "the API itself"
"""The subject beside the axes: whether a version has the API."""
AVAILABLE, ABSENT = State("right", "there"), State("absent", "not there")
WITHOUT_CHOICE: Mapping[str, Kind] = {
    "refused": "refused",
    "no parameter": "refused",
    "no answer": "broken",
}
"""What an API does on an axis where it makes no choice, although cases ask for one."""
_CANONICAL = {axis.name: axis.canonical for axis in (*PROFILED, GRADIENTS)}


def state_of(axis: str, choice: str) -> State:
    """Return the state of an API with a choice on an axis, or with words of `WITHOUT_CHOICE`."""
    default: Kind = "right" if choice == _CANONICAL.get(axis) else "other"
    return State(WITHOUT_CHOICE.get(choice, default), choice)


@dataclass(frozen=True)
class Span:
    """Consecutive versions with the same behaviour, such as ``until 3.1`` or ``3.2 to 3.5``.

    ``number`` says how many versions it spans.
    """

    versions: str
    state: State
    number: int = field(default=1, compare=False)


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


def rows_by_subject(stages: Sequence[Mapping[str, State]]) -> dict[str, Row[State]]:
    """Merge the states of an API in consecutive versions, on every axis that any of them has.

    Parameters
    ----------
    stages
        For each version, the state by axis, or by `API_ITSELF`.
    """
    subjects = dict.fromkeys(subject for stage in stages for subject in stage)
    return {subject: row(stage.get(subject) for stage in stages) for subject in subjects}


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
        spans.append(Span(when, state, end - begin + 1))
    return tuple(spans)
