"""Text from elsewhere, made fit to print: on a terminal, in a log and in every file that we write.

A case, a run file or a framework may hold any text at all: characters that move the cursor, turn
the direction of a line around or cannot be encoded, and words that a CI service takes for a command
when they come by in a log.
"""

from __future__ import annotations

import re

_COMMANDS = re.compile(
    r"(?i)::(?=(?:add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice"
    r"|remove-matcher|save-state|set-env|set-output|stop-commands|warning)\b)"
    r"|##(?=\w*+\[)"
)
"""How a command begins in the logs of GitHub, Azure and TeamCity."""


def printable(words: str) -> str:
    """Write every character that is not printed as its escape.

    A line end is such a character, too. Of what would be a command in the log of a CI service, the
    first character is written so.

    Parameters
    ----------
    words
        Text of any origin.

    Returns
    -------
    str
        Text of one line that is printed as it stands; the same for text that is so already.
    """
    if not words.isprintable():
        words = "".join(c if c.isprintable() else _escape(c) for c in words)
    return _COMMANDS.sub(lambda found: f"\\x{ord(found[0][0]):02x}{found[0][1:]}", words)


def printable_lines(words: str) -> str:
    """Make each line of ``words`` fit to print, and leave them lines."""
    return "\n".join(map(printable, words.split("\n")))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


class PrintableError(Exception):
    """An error whose words are fit to print, whatever they quote."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())
