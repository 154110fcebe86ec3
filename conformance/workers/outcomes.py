"""What came of asking a framework a question: values, so that no trouble ends a run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from conformance.utils.excerpt import MARK, shortened
from conformance.utils.printable import printable

SHOWN = 200
"""How many characters of a framework's words are shown in a sentence."""
_NOISE = re.compile(
    r"\[\d\d:\d\d:\d\d\] "  # MXNet tells the time of day
    r"|(?<=\bconv)\d+(?=_)"  # and counts layers in their names
    r"|\{\{function_node [^{}]*\}\} ?"  # TensorFlow says at length where in its graph it was
    r"|\[Op:\w+\](?: name:)?"
)
"""What differs from run to run, or is longer than what is wrong."""
_STYLE = re.compile(r"\x1b\[[\d;]*m")
"""What makes words bold on a terminal."""
_PREAMBLES = ("Traceback ", 'File "', "Exception encountered when calling ")
"""How a line begins that says where, and not what: MXNet's tracebacks, the layers of Keras."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The array that the framework gave, whatever it is worth.

    retry  why the question was asked a second time, if it was; the answer is to that
    """

    array: NDArray[Any]
    retry: str | None = None

    @property
    def words(self) -> str:
        """One sentence for a person."""
        return f"It answered with {self.array.dtype} of shape {self.array.shape}."


@dataclass(frozen=True)
class Refusal:
    """The exception that the question ended with.

    type     the name of its class; ``NoAnswer`` when ``y`` was not an array of numbers
    message  its text, cut off by the worker at a length nobody reads to
    retry    why the question was asked a second time, if it was
    """

    type: str
    message: str
    retry: str | None = None

    @property
    def first_line(self) -> str:
        """The first line that says what is wrong, as far as it fits.

        The same for the same question, whenever and after whatever it was asked.
        """
        lines = [line.strip() for line in _STYLE.sub("", self.message).splitlines()]
        lines = [line for line in lines if line]
        telling = [line for line in lines if not line.startswith(_PREAMBLES)]
        first = printable(_NOISE.sub("", (telling or lines or [""])[0]))
        return shortened(first.strip(), SHOWN)

    @property
    def words(self) -> str:
        """One sentence for a person."""
        name = printable(self.type)
        said = f"{name}: {self.first_line}" if self.first_line else name
        return f"It refused: {said}" if said.endswith((".", MARK)) else f"It refused: {said}."


@dataclass(frozen=True)
class Crash:
    """The question took the worker with it.

    reason         what is known of the end, such as ``killed by SIGSEGV``
    stderr         the last that the worker said
    out_of_memory  whether it met the limit of memory
    """

    reason: str
    stderr: str
    out_of_memory: bool = False

    @property
    def words(self) -> str:
        """One sentence for a person."""
        return f"It crashed: {self.reason}."


@dataclass(frozen=True)
class Hang:
    """The question was given up after so many seconds."""

    seconds: float
    stderr: str

    @property
    def words(self) -> str:
        """One sentence for a person."""
        return f"It gave no answer within {self.seconds:g} s."


@dataclass(frozen=True)
class Flaky:
    """The same question, asked in company and then alone in a fresh worker, went two ways."""

    first: Answer | Refusal | Crash | Hang
    second: Answer | Refusal | Crash | Hang

    @property
    def words(self) -> str:
        """One sentence for a person."""
        first, second = (_clause(told.words) for told in (self.first, self.second))
        return f"Asked twice, {first}, and then {second}."


Outcome: TypeAlias = Answer | Refusal | Crash | Hang | Flaky


def _clause(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].removesuffix(".")
