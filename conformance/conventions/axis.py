"""Define an axis of conventions, a choice on it, and a convention as both together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeVar

from conformance.oracle import geometry
from conformance.oracle.geometry import Axes
from conformance.question import AnswerSpace, Array, ArrayMap, Dtype, Question

SOME_AXES: dict[tuple[int, ...], str] = {
    (0,): "the first",
    (1,): "the second",
    (2,): "the third",
    (0, 1): "the first two",
    (0, 2): "the outer two",
    (1, 2): "the last two",
}
"""The words for some of three spatial axes."""


def unchanged(answer: Array) -> Array:
    """Return the answer as it is."""
    return answer


class Transformed(NamedTuple):
    """A question as a convention understands it.

    Attributes
    ----------
    question
        The changed question.
    after
        The function of the oracle's answer to it.
    resizes
        Whether that function gives the answer another shape.
    sums
        The dtype to which its sums are rounded, if that is the whole convention. Then ``after``
        gives one answer of many, as rounding depends on the order of a sum.
    """

    question: Question
    after: ArrayMap = unchanged
    resizes: bool = False
    sums: Dtype | None = None


Change: TypeAlias = Callable[[Question], Transformed | Question | None]
"""A transform of a question that its axis concerns.

It returns None where it changes nothing, or where it equals a likelier choice. A gradient by an
array goes back through the adjoint of what was done to that array, as a framework's own autodiff
would do.
"""


@dataclass(frozen=True, eq=False)
class Choice:
    """One way to understand an axis other than the canonical one.

    Attributes
    ----------
    name
        A few words.
    sentence
        What a framework with this choice does.
    change
        The transform of a question that the axis concerns.
    mistake
        Whether no API means it, though converters and hand-written code do it. A mistake explains
        answers of others, and is in no profile.
    like
        Combinations of conventions, by their names, that give the same answer to some questions. A
        diagnosis lists them too, although they are more.
    """

    name: str
    sentence: str
    change: Change
    mistake: bool = False
    like: tuple[tuple[str, ...], ...] = ()


ChangeT = TypeVar("ChangeT", bound=Change)


@dataclass(frozen=True, eq=False)
class Axis:
    """One property that frameworks understand in several ways.

    `choice` and `mistake` add the choices other than the oracle's, the likeliest first.

    Attributes
    ----------
    name
        A few words.
    heading
        The group of axes that it is in, for reports.
    canonical
        The oracle's choice, in a few words.
    sentence
        What the oracle does.
    concerns
        Whether a question depends on the axis at all.
    rounds
        Whether the choices change only how sums are rounded.
    part_of
        The axis that this one depends on: what is refused there is refused here too.
    incidental
        Whether a choice explains an answer and is no property of an API: libraries choose by the
        sizes of the arrays, as the fastest algorithm does so, or few questions show it.
    of_convolutions
        Whether its choices change the convolutions of a chain, and no transposed convolution.
    """

    name: str
    heading: str
    canonical: str
    sentence: str
    concerns: Callable[[Question], bool]
    rounds: bool = False
    part_of: str | None = None
    incidental: bool = False
    of_convolutions: bool = False
    choices: list[Choice] = field(default_factory=list)

    @property
    def meanings(self) -> tuple[Choice, ...]:
        """Return the choices that an API may make, beside the canonical one."""
        return tuple(choice for choice in self.choices if not choice.mistake)

    def choice(self, name: str, sentence: str = "") -> Callable[[ChangeT], ChangeT]:
        """Return a decorator that adds a transform as a choice.

        The sentence is by default the docstring of the transform.
        """
        return self._adding(name, sentence)

    def mistake(
        self, name: str, sentence: str = "", *, like: tuple[tuple[str, ...], ...] = ()
    ) -> Callable[[ChangeT], ChangeT]:
        """Return a decorator that adds a transform as a mistake, as `choice` does."""
        return self._adding(name, sentence, mistake=True, like=like)

    def _adding(self, name: str, sentence: str, **fields: Any) -> Callable[[ChangeT], ChangeT]:
        def add(change: ChangeT) -> ChangeT:
            words = sentence or " ".join(str(change.__doc__).split())
            self.choices.append(Choice(name, words, change, **fields))
            return change

        return add


@dataclass(frozen=True, eq=False)
class Convention:
    """A choice on an axis. A diagnosis is a combination of conventions."""

    axis: Axis
    choice: Choice

    def __str__(self) -> str:
        return f"{self.axis.name}: {self.choice.name}"

    def apply(self, question: Question) -> Transformed | None:
        """Return the question as a framework with this convention understands it.

        Returns None where the convention changes nothing. Raises ``ValueError`` if the question has
        no answer, and the convention depends on its shape.
        """
        change = self.choice.change(question) if self.axis.concerns(question) else None
        return Transformed(change) if isinstance(change, Question) else change


def is_padded(q: Question) -> bool:
    """Return whether padding shortens or lengthens the full output."""
    return any(map(any, q.pairs))


def extents(q: Question) -> Axes:
    """Return the effective kernel size of each spatial axis."""
    return geometry.effective_kernel_size(q.window, q.dilation)


def cropped(q: Question, pairs: Iterable[Sequence[int]]) -> Question | None:
    """Return the question with this padding, or None if it has it already, or a circular one."""
    padding = tuple((begin, end) for begin, end in pairs)
    return None if q.padding == "circular" or padding == q.pairs else q.but(padding=padding)


def mapped(q: Question, name: AnswerSpace, function: ArrayMap, adjoint: ArrayMap) -> Transformed:
    """Apply a linear map to one array and its tangent; gradients by it go back by the adjoint.

    ``name`` is the array: ``x``, ``kernel`` or ``bias``.
    """
    after = adjoint if q.answer_space == name else unchanged
    return Transformed(q.but(**images(q, function, name)), after)


def images(q: Question, function: ArrayMap, name: str) -> dict[str, Array]:
    """Return an array and its tangent, as far as they are there, with ``function`` applied."""
    names = (name, f"{name}_tangent")
    return {key: function(array) for key, array in q.arrays.items() if key in names}
