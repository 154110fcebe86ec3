"""Words from elsewhere, made fit to print: a framework's message can hold anything at all.

Each function takes time in proportion to the length of its words: no expression here gives back
what it has taken, or looks twice for the same end.
"""

from __future__ import annotations

import re
from functools import lru_cache

from conformance.utils.excerpt import shortened as shortened
from conformance.utils.printable import printable, printable_lines

_NOISE = (
    # TensorFlow puts the name of a graph node and of a device before its sentence.
    (re.compile(r"\{\{function_node [^{}]*+\}\} *+"), ""),
    # MXNet says at what time of day it failed.
    (re.compile(r"\[\d\d:\d\d:\d\d\] *+"), ""),
    (re.compile(r"\b0x[0-9a-fA-F]{6,}+(?!\w)"), "0x…"),
)
_PATH = re.compile(r"(?<![\w.:/])(?:/[^\s/:'\"]++)++")
_FILE_NAME = re.compile(r".\.\w")
_BRACKETS = re.compile(r"[\[(][-\d.,e\s\[\]()]*+")
_NUMBER = re.compile(r"(?<![\w.])-?\d++(?:\.\d++)?+")
# Within a word, as in conv_transpose, Markdown leaves an underscore alone, and so do we.
_MARKUP = re.compile(
    r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])|[&<>$]|[@#](?=\w)|:(?=//)|(?i:(?<=\bwww))\."
)
_ENTITIES = {mark: f"&#{ord(mark)};" for mark in "$:."} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""What a backslash does not keep from being a formula or a link."""
_JOINED = {mark: f"{mark}&#8288;" for mark in "@#"}
"""Nobody is mentioned, and no issue, where a joiner that is not seen follows the mark."""
_BLOCK = re.compile(r"\A(?:#++(?=\s|$)|[-+=](?=[-+=\s]|$)|\d{1,9}+(?=[.)](?:\s|$)))")
"""What begins a heading, a list, a rule or an underline where it begins a line."""


@lru_cache(maxsize=2**16)
def plain(words: str) -> str:
    """``words`` on one line, every character that is not printed written as its escape.

    That also holds for lone surrogates, which no file could be written with, and for the marks
    that turn the direction of a line around. Left out is what is nobody's finding: where an
    interpreter keeps its files, what address an object had, at what time it was.
    """
    for pattern, instead in _NOISE:
        words = pattern.sub(instead, words)
    return one_line(_PATH.sub(_without_folders, words))


def one_line(words: str) -> str:
    """``words`` on one line, every character that is not printed written as its escape."""
    return printable(" ".join(words.split()))


def _without_folders(path: re.Match[str]) -> str:
    """A path from its last part on that is called like a file, if there are folders before it."""
    parts = path[0].split("/")
    for place in range(len(parts) - 1, 1, -1):
        if _FILE_NAME.search(parts[place]):
            return "…/" + "/".join(parts[place:])
    return path[0]


def pattern(words: str) -> str:
    """``words`` with a dot for each number or list of them, so that like reasons are counted."""
    return _NUMBER.sub("·", _BRACKETS.sub(_without_numbers, words))


def _without_numbers(brackets: re.Match[str]) -> str:
    """A dot for all up to the last bracket that closes, if there are numbers before it."""
    text = brackets[0]
    end = max(text.rfind(")"), text.rfind("]"))
    if end > 0 and any(map(str.isdecimal, text[:end])):
        return f"·{text[end + 1 :]}"
    return text


def printed(value: object) -> object:
    """A value as it goes into a page: text on its lines, each of them fit to print."""
    return printable_lines(value) if type(value) is str else value


def markdown(words: str) -> str:
    """``words`` as Markdown that shows them as they are, wherever in a line they stand.

    They are no heading, list, link, mention, formula or markup there, also in the cell of a table.
    """
    return _within_a_line(_inline(one_line(words)))


def sentence(words: str) -> str:
    """A sentence of our own as Markdown: its backquotes are meant as such."""
    parts = one_line(words).split("`")
    if len(parts) % 2 == 0:  # the last one closes nothing
        return markdown(words)
    shown = (tick(part) if place % 2 else _inline(part) for place, part in enumerate(parts))
    return _within_a_line("".join(shown))


def _inline(words: str) -> str:
    return _MARKUP.sub(
        lambda mark: _ENTITIES.get(mark[0]) or _JOINED.get(mark[0]) or f"\\{mark[0]}", words
    )


def _within_a_line(escaped: str) -> str:
    """The same, so that what stands at its start means nothing there either."""
    start = _BLOCK.match(escaped)
    if start is None:
        return escaped
    place = start.end() if start[0].isdecimal() else 0
    return f"{escaped[:place]}\\{escaped[place:]}"


def name(words: str, length: int = 80) -> str:
    """A name from elsewhere as it goes into a sentence of our own: no backquote of it is ours."""
    return shortened(plain(words).replace("`", "'"), length)


def tick(name: str) -> str:
    """A name as Markdown's code, also in the cell of a table."""
    name = one_line(name).replace("`", "'")
    # A bar behind a backslash would end the cell in spite of its own.
    name = re.sub(r"(\\?)\|", lambda bar: "\\¦" if bar[1] else "\\|", name)
    return f"`{name or ' '}`"


def cell(value: object) -> object:
    """A value as a cell of a CSV file: text that a spreadsheet would compute is led by a quote."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How text begins that a spreadsheet computes; the last four are wide forms of the first."""


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 case``, ``2 cases``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
