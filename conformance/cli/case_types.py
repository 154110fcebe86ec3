"""Read the arguments of a case that people type, after an option or at a prompt."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from conformance.cases.fields import Sentence, Slug
from conformance.cases.yaml_source import read
from conformance.oracle.geometry import WORDS, Axes


def operand(value: str) -> Any:
    """Read nested lists of numbers, or a rule such as ``shape: [2, 3], integers: [-3, 3]``."""
    text = value.strip()
    inner = text if text.startswith(("[", "{")) or ":" not in text else f"{{{text}}}"
    root, problems = read(f"x: {inner}\n".encode())
    entry = root.value["x"] if root is not None and not problems else None
    if not isinstance(entry, list | dict):
        raise click.BadParameter(
            f"{value!r} is neither numbers as in [[1, 2], [3, 4]] nor a rule as in"
            " 'shape: [2, 3], integers: [-3, 3]'"
        )
    return entry


def numbers(value: str) -> Axes:
    """Read one number, or one for each axis, as in ``2`` or ``2,3``."""
    try:
        return tuple(int(number) for number in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no number, nor numbers as in 2,3") from None


def padding_words(value: str) -> str | tuple[Any, ...]:
    """Read ``1``, ``1,2`` for each axis, ``0:1,2:2`` for start and end, or a word."""
    if value.lower() in WORDS:
        return value.lower()
    try:
        entries = [tuple(map(int, entry.split(":"))) for entry in value.split(",")]
    except ValueError:
        words = ", ".join(WORDS)
        raise click.BadParameter(f"{value!r} is none of 1, 1,2, 0:1,2:2, {words}") from None
    return tuple(entry if len(entry) > 1 else entry[0] for entry in entries)


def _axes(value: Any) -> Any:
    """Return numbers in the form of a case: one number, or a list."""
    if isinstance(value, tuple):
        entries = [list(entry) if isinstance(entry, tuple) else entry for entry in value]
        return entries[0] if len(entries) == 1 and isinstance(entries[0], int) else entries
    return value


def stride(value: str) -> Any:
    """Read ``2``, or ``2,3`` for each axis."""
    return _axes(numbers(value))


def padding(value: str) -> Any:
    """Read ``1``, ``1,2``, ``0:1,2:2`` for start and end, or a word."""
    return _axes(padding_words(value))


def is_terminal() -> bool:
    """Return whether the standard input is a terminal, where a person can answer."""
    return sys.stdin.isatty()


@dataclass(frozen=True)
class Prompt:
    """A prompt for a value of a case.

    Attributes
    ----------
    read
        Turns the input into the value; raises ``click.BadParameter`` to prompt again.
    default
        The input where nothing is typed; a case leaves this value out.
    """

    words: str
    read: Callable[[str], Any]
    default: str | None = None

    def ask(self) -> Any:
        """Prompt for the value, and return it, or None for the default."""
        value = click.prompt(self.words, err=True, default=self.default, value_proc=self._value)
        return None if value == self.default else value

    def _value(self, line: str) -> Any:
        return self.read(line) if line != self.default else line


def _reader_of_type(kind: Any) -> Callable[[str], Any]:
    """Make a reader of a type of the case format, such as ``fields.Slug``."""
    adapter = TypeAdapter(kind)

    def read_text(line: str) -> Any:
        try:
            return adapter.validate_python(line.strip())
        except ValidationError as error:
            raise click.BadParameter(error.errors()[0]["msg"]) from None

    return read_text


PROMPTS: Mapping[str, Prompt] = {
    "id": Prompt("id, words joined by '-'", _reader_of_type(Slug)),
    "why": Prompt("why, a sentence on what it tells apart", _reader_of_type(Sentence)),
    "x": Prompt("x, such as [1, 2, 3]", operand),
    "kernel": Prompt("kernel, such as [1, 10, 100]", operand),
    "stride": Prompt("stride", stride, default="1"),
    "padding": Prompt("padding", padding, default="0"),
}
