"""Define an axis of conventions, a choice on it, and a convention as both together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.conventions.transforms import Transform
from conformance.question import Question

SOME_AXES: dict[tuple[int, ...], str] = {(0,): "the first", (1,): "the second", (2,): "the third"}
"""The words for single spatial axes."""
TWO_OF_THREE: dict[tuple[int, ...], str] = {
    (0, 1): "the first two",
    (0, 2): "the outer two",
    (1, 2): "the last two",
}
"""The words for two of three spatial axes."""


@dataclass(frozen=True)
class Choice:
    """One way to understand an axis other than the canonical one.

    Attributes
    ----------
    name
        A few words.
    sentence
        What a framework with this choice does.
    change
        The transform of the question.
    mistake
        Whether no API means it, though converters and hand-written code do it. A mistake explains
        answers of others, and is in no profile.
    like
        Combinations of conventions, by their names, that give the same answer to some questions. A
        diagnosis lists them too, although they are more.
    """

    name: str
    sentence: str
    change: Transform
    mistake: bool = False
    like: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Axis:
    """One property that frameworks understand in several ways.

    Attributes
    ----------
    name
        A few words.
    canonical
        The oracle's choice, in a few words.
    sentence
        What the oracle does.
    concerns
        Whether a question depends on the axis at all.
    choices
        The other choices, the likeliest first.
    rounds
        Whether the choices change only how sums are rounded.
    """

    name: str
    canonical: str
    sentence: str
    concerns: Callable[[Question], bool]
    choices: tuple[Choice, ...]
    rounds: bool = False

    @property
    def meanings(self) -> tuple[Choice, ...]:
        """Return the choices that an API may make, beside the canonical one."""
        return tuple(choice for choice in self.choices if not choice.mistake)


@dataclass(frozen=True)
class Convention:
    """A choice on an axis. A diagnosis is a combination of conventions."""

    axis: Axis
    choice: Choice

    def __str__(self) -> str:
        return f"{self.axis.name}: {self.choice.name}"


def mistake(
    name: str, sentence: str, transform: Transform, *, like: tuple[tuple[str, ...], ...] = ()
) -> Choice:
    """Return a choice that is a mistake."""
    return Choice(name, sentence, transform, mistake=True, like=like)
