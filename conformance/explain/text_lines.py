"""Wrap sentences and indent drawings, as lines for a terminal."""

import textwrap
from collections.abc import Iterator

from rich.text import Text

from conformance.utils.text import plain

INDENT = 2
"""Columns before a sentence."""


def wrapped(sentence: str, width: int, indent: int = INDENT, style: str = "") -> Iterator[Text]:
    """Yield a sentence as indented lines."""
    space = " " * indent
    lines = textwrap.wrap(
        plain(sentence), width, initial_indent=space, subsequent_indent=space,
        break_on_hyphens=False,
    )  # fmt: skip
    return (Text(line, style=style) for line in lines)


def indented(lines: Iterator[Text], indent: int = 2 * INDENT) -> Iterator[Text]:
    """Yield drawn lines, indented further than sentences."""
    for line in lines:
        line.pad_left(indent if line.plain else 0)
        yield line
