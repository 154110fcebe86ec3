"""Makes any text safe to print on a terminal, in a log and in files.

The text of a case, a run file or a framework may have characters that move the cursor, reverse the
direction of a line or cannot be encoded, and words that a CI service reads as a command in its log.
"""

import re

_COMMANDS = re.compile(
    r"(?i)::(?=(?:add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice"
    r"|remove-matcher|save-state|set-env|set-output|stop-commands|warning)\b)"
    r"|##(?=\w*+\[)"
)
"""The beginnings of commands in the logs of GitHub, Azure and TeamCity."""


def printable(words: str) -> str:
    """Replace every character of a text that is not printable by its escape.

    Line ends are such characters, and so are the first ones of commands of a CI service. Printable
    text of one line stays the same.
    """
    if not words.isprintable():
        words = "".join(c if c.isprintable() else _escape(c) for c in words)
    return _COMMANDS.sub(lambda match: f"\\x{ord(match[0][0]):02x}{match[0][1:]}", words)


def printable_lines(words: str) -> str:
    """Make each line of a text printable, as of `printable`."""
    return "\n".join(map(printable, words.split("\n")))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


class PrintableError(Exception):
    """An error whose message is printable, whatever it quotes."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())
