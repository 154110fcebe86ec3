"""Writes any text as a plain line, as Markdown or as a cell of a CSV file.

Each function takes linear time: no regular expression here backtracks or searches the same text
twice.
"""

import re
from functools import lru_cache

from conformance.utils.excerpt import shortened as shortened
from conformance.utils.printable import printable, printable_lines

_NOISE = (
    # TensorFlow writes the name of a graph node before its sentence.
    (re.compile(r"\{\{function_node [^{}]*+\}\} *+"), ""),
    # MXNet writes the time of day.
    (re.compile(r"\[\d\d:\d\d:\d\d\] *+"), ""),
    (re.compile(r"\b0x[0-9a-fA-F]{6,}+(?!\w)"), "0x…"),
)
_PATH = re.compile(r"(?<![\w.:/])(?:/[^\s/:'\"]++)++")
_FILE_NAME = re.compile(r".\.\w")
_BRACKETS = re.compile(r"[\[(][-\d.,e\s\[\]()]*+")
_NUMBER = re.compile(r"(?<![\w.])-?\d++(?:\.\d++)?+")
# Markdown does not read an underscore within a word, as in conv_transpose.
_MARKUP = re.compile(
    r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])|[&<>$]|[@#](?=\w)|:(?=//)|(?i:(?<=\bwww))\."
)
_ENTITIES = {mark: f"&#{ord(mark)};" for mark in "$:."} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""Entities of the marks whose formulas and links a backslash does not prevent."""
_JOINED = {mark: f"{mark}&#8288;" for mark in "@#"}
"""Marks with an invisible word joiner, which prevents mentions of users and issues."""
_BLOCK = re.compile(r"\A(?:#++(?=\s|$)|[-+=](?=[-+=\s]|$)|\d{1,9}+(?=[.)](?:\s|$)))")
"""The beginning of a line that is a heading, a list, a rule or an underline."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings of text that a spreadsheet computes; the last four are wide forms of the first."""


@lru_cache(maxsize=2**16)
def plain(words: str) -> str:
    """Write text on one line, as of `one_line`, without the details of a single run.

    These are the folders of an interpreter's files, the addresses of objects, and the time of day.
    """
    for pattern, replacement in _NOISE:
        words = pattern.sub(replacement, words)
    return one_line(_PATH.sub(_without_folders, words))


def one_line(words: str) -> str:
    """Write text of any origin on one printable line, with one space for each gap."""
    return printable(" ".join(words.split()))


def on(backend: str | None) -> str:
    """Return the end of a framework's name, such as `` on torch``; empty without a backend."""
    return f" on {backend}" if backend else ""


def _without_folders(path: re.Match[str]) -> str:
    """Shorten a path to its end from the last file name on, if there are folders before it."""
    parts = path[0].split("/")
    for index in range(len(parts) - 1, 1, -1):
        if _FILE_NAME.search(parts[index]):
            return "…/" + "/".join(parts[index:])
    return path[0]


def pattern(words: str) -> str:
    """Replace each number, and each list of numbers, in text of one line by a dot.

    So the text is the same for messages that differ in their numbers only.
    """
    return _NUMBER.sub("·", _BRACKETS.sub(_without_numbers, words))


def _without_numbers(brackets: re.Match[str]) -> str:
    """Replace all up to the last closing bracket by a dot, if there are numbers before it."""
    text = brackets[0]
    end = max(text.rfind(")"), text.rfind("]"))
    if end > 0 and any(map(str.isdecimal, text[:end])):
        return f"·{text[end + 1 :]}"
    return text


def printed(value: object) -> object:
    """Make each line of a text printable; return a value that is no text as it is."""
    return printable_lines(value) if type(value) is str else value


def markdown(words: str) -> str:
    """Escape text of any origin for Markdown, anywhere in a line and in the cell of a table.

    It has no heading, list, link, mention, formula or markup.
    """
    return _escape_start(_escape_inline(one_line(words)))


def sentence(words: str) -> str:
    """Write a sentence, in which backquotes mark code, as Markdown, else as of `markdown`."""
    parts = one_line(words).split("`")
    if len(parts) % 2 == 0:  # the last backquote closes nothing
        return markdown(words)
    pieces = (tick(part) if n % 2 else _escape_inline(part) for n, part in enumerate(parts))
    return _escape_start("".join(pieces))


def _escape_inline(words: str) -> str:
    return _MARKUP.sub(
        lambda mark: _ENTITIES.get(mark[0]) or _JOINED.get(mark[0]) or f"\\{mark[0]}", words
    )


def _escape_start(line: str) -> str:
    """Escape the start of a line, where it would begin a block."""
    start = _BLOCK.match(line)
    if start is None:
        return line
    index = start.end() if start[0].isdecimal() else 0
    return f"{line[:index]}\\{line[index:]}"


def name(words: str, length: int = 80) -> str:
    """Write a name of any origin for a `sentence`, shortened to a length as of `shortened`.

    It has no backquotes, as these would mark code.
    """
    return shortened(plain(words).replace("`", "'"), length)


def tick(name: str) -> str:
    """Write text of any origin as code in Markdown, also in the cell of a table."""
    name = one_line(name).replace("`", "'")
    # A bar behind a backslash would end the cell even when it is escaped.
    name = re.sub(r"(\\?)\|", lambda bar: "\\¦" if bar[1] else "\\|", name)
    return f"`{name or ' '}`"


def cell(value: object) -> object:
    """Make a value safe as a cell of a CSV file.

    Text that a spreadsheet would compute gets a quote before it; any other value stays as it is.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number of things, such as ``1 case`` or ``2 cases``.

    A plural of None adds an "s" to the singular.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
