"""What people type for the values of a case, after a flag or at a prompt, with a sentence for each.

Flags and prompts read the same words, so that what was learnt at the one serves at the other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from conformance.cases.fields import Sentence, Slug
from conformance.cases.yaml_source import read
from conformance.cli.numbers import numbers, padding_words


def operand(_context: object, _option: object, value: str | None) -> Any:
    """Nested lists of numbers, or a rule such as ``shape: [2, 3], integers: [-3, 3]``."""
    if value is None:
        return None
    text = value.strip()
    inner = text if text.startswith(("[", "{")) or ":" not in text else f"{{{text}}}"
    root, problems = read(f"x: {inner}\n".encode())
    said = root.value["x"] if root is not None and not problems else None
    if not isinstance(said, list | dict):
        raise click.BadParameter(
            f"{value!r} is neither numbers as in [[1, 2], [3, 4]] nor a rule as in"
            " 'shape: [2, 3], integers: [-3, 3]'"
        )
    return said


def axes(_context: object, _option: object, value: Any) -> Any:
    """Numbers as a case has them: one, or a list."""
    if isinstance(value, tuple):
        entries = [list(entry) if isinstance(entry, tuple) else entry for entry in value]
        return entries[0] if len(entries) == 1 and isinstance(entries[0], int) else entries
    return value


def stride(context: Any, option: Any, value: str | None) -> Any:
    """``2``, or ``2,3`` for each axis."""
    return axes(context, option, numbers(context, option, value))


def padding(context: Any, option: Any, value: str | None) -> Any:
    """``1``, ``1,2``, ``0:1,2:2`` for begin and end, or a word."""
    return axes(context, option, padding_words(context, option, value))


def is_terminal() -> bool:
    """Whether there is somebody who can be asked."""
    return sys.stdin.isatty()


@dataclass(frozen=True)
class Prompt:
    """How a value of a case is asked for.

    words    the question
    read     from what is typed to the value; raises ``click.BadParameter`` to be asked again
    default  what is taken for nothing typed, which the case need not say
    """

    words: str
    read: Callable[[str], Any]
    default: str | None = None

    def ask(self) -> Any:
        """The value, None for the default."""
        said = click.prompt(self.words, err=True, default=self.default, value_proc=self._value)
        return None if said == self.default else said

    def _value(self, said: str) -> Any:
        return self.read(said) if said != self.default else said


def text(kind: Any) -> Callable[[str], Any]:
    """A reader of what the case format has a rule for, such as ``fields.Slug``."""
    adapter = TypeAdapter(kind)

    def read_text(said: str) -> Any:
        try:
            return adapter.validate_python(said.strip())
        except ValidationError as error:
            raise click.BadParameter(error.errors()[0]["msg"]) from None

    return read_text


def _alone(callback: Callable[[Any, Any, str], Any]) -> Callable[[str], Any]:
    """A reader out of a flag's callback."""
    return lambda said: callback(None, None, said)


PROMPTS: Mapping[str, Prompt] = {
    "id": Prompt("id, words joined by '-'", text(Slug)),
    "why": Prompt("why, a sentence on what it tells apart", text(Sentence)),
    "x": Prompt("x, such as [1, 2, 3]", _alone(operand)),
    "kernel": Prompt("kernel, such as [1, 10, 100]", _alone(operand)),
    "stride": Prompt("stride", _alone(stride), default="1"),
    "padding": Prompt("padding", _alone(padding), default="0"),
}
