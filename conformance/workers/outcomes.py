"""The outcomes of a question to a framework: values, so that no failure ends a run."""

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from numpy.typing import NDArray

from conformance.utils.excerpt import MARK, shortened
from conformance.utils.printable import printable

SHOWN = 200
"""Characters of a framework's message that a sentence shows."""
_NOISE = re.compile(
    r"\[\d\d:\d\d:\d\d\] "  # MXNet writes the time of day
    r"|(?<=\bconv)\d+(?=_)"  # and counts layers in their names
    r"|(?:(?<=\bconv\dd)|(?<=\bconv\dd_transpose)|(?<=\bfunctional))(?:_\d+)+\b"  # as Keras does
    r"|\{\{function_node [^{}]*\}\} ?"  # TensorFlow writes the node of its graph
    r"|\[Op:\w+\](?: name:)?"
)
"""Parts of a message that differ from run to run, or are longer than the error itself."""
_STYLE = re.compile(r"\x1b\[[\d;]*m")
"""Escape sequences for colours and weights on a terminal."""
_PREAMBLES = (
    *("Traceback ", 'File "', "Exception encountered when calling "),  # MXNet, the layers of Keras
    # TensorFlow's graphs
    *("in user code:", "Graph execution error:", "Detected at node ", "<stack traces "),
    # OpenVINO
    *("Exception from src/", "Check 'false' failed ", "FrontEnd API failed ", "-- "),
    "Model wasn't fully converted",
)
"""Beginnings of lines with the place of an error."""


class Answer(msgspec.Struct, frozen=True, eq=False, tag_field="kind"):
    """The framework has answered with an array, right or wrong.

    Parameters
    ----------
    retry
        Why the question was asked a second time, if it was. The array is the second answer.
    """

    array: NDArray[Any]
    retry: str | None = None

    @property
    def words(self) -> str:
        """One sentence for a person."""
        return f"It answered with {self.array.dtype} of shape {self.array.shape}."


class Refusal(msgspec.Struct, frozen=True, tag_field="kind"):
    """The question has ended with an exception.

    Parameters
    ----------
    type
        The name of its class; ``NoAnswer`` where ``y`` was not an array of numbers.
    message
        Its text, of which the worker sends `worker.LONGEST` characters at most.
    retry
        Why the question was asked a second time, if it was.
    """

    type: str
    message: str
    retry: str | None = None

    @property
    def first_line(self) -> str:
        """The first line that describes the error, shortened.

        It is the same whenever the question is asked, and whatever was asked before.
        """
        lines = [line.strip() for line in _STYLE.sub("", self.message).splitlines()]
        lines = [line for line in lines if line] or [""]
        stage, separator, place = lines[0].partition(": ")
        has_stage = place.startswith(_PREAMBLES)
        if has_stage:
            lines[0] = place
        descriptions = [line for line in lines if not line.startswith(_PREAMBLES)] or lines
        description = descriptions[0].removeprefix(f"{self.type}: ")
        first = f"{stage}{separator}{description}" if has_stage else description
        first = printable(_NOISE.sub("", first))
        return shortened(first.strip(), SHOWN)

    @property
    def words(self) -> str:
        """One sentence for a person."""
        name = printable(self.type)
        error = f"{name}: {self.first_line}" if self.first_line else name
        return f"It refused: {error}" if error.endswith((".", MARK)) else f"It refused: {error}."


class Crash(msgspec.Struct, frozen=True, tag_field="kind"):
    """The question has ended the worker.

    Parameters
    ----------
    reason
        How the worker ended, such as ``killed by SIGSEGV``.
    stderr
        The end of its standard error.
    out_of_memory
        Whether it reached the limit of memory.
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
    """The question has timed out.

    ``seconds`` is the limit. ``stderr`` is the end of the worker's standard error.
    """

    seconds: float
    stderr: str

    @property
    def words(self) -> str:
        """One sentence for a person."""
        return f"It gave no answer within {self.seconds:g} s."


SingleOutcome: TypeAlias = Answer | Refusal | Crash | Hang
"""The outcome of asking a question once."""


@dataclass(frozen=True)
class Flaky:
    """The same question has two outcomes: after others, and then alone in a fresh worker."""

    first: SingleOutcome
    second: SingleOutcome

    @property
    def words(self) -> str:
        """One sentence for a person."""
        first, second = (_clause(outcome.words) for outcome in (self.first, self.second))
        return f"Asked twice, {first}, and then {second}."


Outcome: TypeAlias = SingleOutcome | Flaky


def combine(first: Crash | Hang, second: SingleOutcome) -> Outcome:
    """Combine the outcomes of a question after others, and alone."""
    shortages = [o for o in (first, second) if isinstance(o, Crash) and o.out_of_memory]
    if shortages and {type(first), type(second)} == {Crash, Hang}:
        return shortages[0]  # its use grows without end, and the machine decides the first limit
    if first in shortages:
        return second  # the questions before may have left too little
    return second if type(second) is type(first) else Flaky(first, second)


def _clause(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].removesuffix(".")
