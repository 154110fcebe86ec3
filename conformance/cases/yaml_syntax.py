"""What is not YAML, and where, in words for somebody who has never read YAML's grammar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from yaml import MarkedYAMLError

from conformance.utils.printable import printable

Spot: TypeAlias = tuple[int, int]
"""A line and a column, both counted from 1."""

Complaint: TypeAlias = tuple[Spot, str]
"""Where something is wrong, and the sentence that says what."""

UNREADABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""The characters that no file can have: those that YAML does not allow, and LINE_ENDS."""

LINE_ENDS = "\x85\u2028\u2029"
"""They end a line in YAML 1.1, which libyaml reads, and do not in YAML 1.2 and in editors.

The lines of complaints would not be the lines that people see, and text would mean something else.
"""

PLAINLY: Mapping[str, str] = {
    "in this context": "here",
    "mapping values are not allowed here": "a ':' cannot stand here; quote text that has one",
    "mapping keys are not allowed here": "a '?' cannot stand here",
    "block sequence entries are not allowed here": "a '-' cannot stand here",
    "sequence entries are not allowed here": "a '-' cannot stand here",
    "could not find expected ':'": "a ':' is missing after a key",
    "found character that cannot start any token": "a value cannot begin with {found}; quote it",
    "found unexpected end of stream": "a quote is missing at the end",
    "found unexpected document indicator": "no line of text in quotes can begin with {found}",
    "found unexpected ':'": "a ':' cannot stand here; quote text that has one",
    "expected whitespace or line break, got {found}": (
        "expected a space, got {found}; quote text that begins with '!' or '%'"
    ),
    "found unknown escape character": "{found} means nothing in double quotes; use single quotes",
    "found invalid Unicode character escape code": "there is no character with this number",
    "found undefined tag handle": "{found} begins a tag, which has no meaning here",
    "found incompatible YAML document": "only versions 1.1 and 1.2 of YAML are read",
    "found duplicate %YAML directive": "the version of YAML was already given",
    "found unknown directive name": "a line that begins with '%' is a directive, which has no use",
    "found an indentation indicator equal to 0": "text cannot be indented by 0",
    "exceeded maximum nesting depth": "values are nested too deep",
    "did not find URI escaped octet": "a '%' in a tag has two hexadecimal digits after it",
    "expected alphabetic or numeric character, got {found}": (
        "expected the name of an anchor in letters, digits, '-' and '_', got {found};"
        " quote text that begins with '&' or '*'"
    ),
    "expected <document start>, got {found}": (
        "the document has ended before {found}; check the indentation, or add the '---' it lacks"
    ),
    "expected key, got {found}": (
        "expected the next key, got {found}; check the quotes, brackets and indentation before it"
    ),
    "expected '-' indicator, got {found}": (
        "expected the next '-', got {found}; check its indentation"
    ),
    "expected comment or line break": "expected a comment or the end of the line",
    "expected hexdecimal number": "expected a hexadecimal digit",
    "expected the node content": "expected a value",
    "expected node content": "expected a value",
    "any token": "a value",
    "a simple key": "a key",
    "a block mapping": "a mapping",
    "a block collection": "a list",
    "a block node": "a value",
    "a flow node": "a value",
    "a flow mapping": "a mapping in braces",
    "a flow sequence": "a list in brackets",
    "a block scalar": "text of several lines",
    "a quoted scalar": "text in quotes",
    "a double-quoted scalar": "text in quotes",
    "a plain scalar": "a value",
    "<block end>": "the end of what is indented",
    "<block mapping start>": "a mapping",
    "<block sequence start>": "a list",
    "<document start>": "the start of a document",
    "<scalar>": "a value",
    "<stream end>": "the end of the file",
}
"""The parser's words that a person need not know, and what to say instead, in this order.

Most are libyaml's; some are PyYAML's own, which parses where libyaml is missing.
"""

_WORD = re.compile(r"[\w.+-]{1,40}|\\\S?|.?", re.DOTALL)

_UNSEEN: Mapping[str, str] = {
    "": "the end of the file",
    " ": "a space",
    "\n": "the end of the line",
    "\r": "the end of the line",
}


def spot_of(mark: Any) -> Spot:
    """Where a mark of the parser's is."""
    return mark.line + 1, mark.column + 1


def spot_after(text: str) -> Spot:
    """Where something is that comes after ``text``."""
    lines = re.split(r"\r\n|\r|\n", text)
    return len(lines), len(lines[-1]) + 1


def shorten(word: object) -> str:
    """A word as it goes into a sentence, however long, and on how many lines, somebody made it."""
    said = printable(" ".join(str(word).split()))
    return said if len(said) <= 40 else f"{said[:40]}..."


def unreadable(text: str) -> Complaint | None:
    """The first character of ``text`` that no file can have, None if there is none."""
    match = UNREADABLE.search(text)
    if match is None:
        return None
    number = ord(match.group())
    sentence = f"the character U+{number:04X} is not allowed in a YAML file"
    if match.group() in LINE_ENDS:
        sentence = (
            f"the character U+{number:04X} ends a line for some programs and not for others;"
            f' leave it out, or write it in double quotes as "\\u{number:04x}"'
        )
    return spot_after(text[: match.start()]), sentence


def syntax(problem: MarkedYAMLError, text: str) -> Complaint:
    """The parser's ``problem`` with ``text``, as one sentence.

    It says on which line the thing began that the parser was in, if that is another line.
    """
    mark: Any = problem.problem_mark or problem.context_mark
    where = _within(text, mark)
    if text[mark.index : mark.index + 1] == "\t":
        return where, "this is not YAML: a tab cannot indent or begin a value; use spaces"
    words = _plainly(problem.problem or problem.context).replace("{found}", _found(text, mark))
    line, _ = _within(text, problem.context_mark or mark)
    if problem.context and line != where[0]:
        words += f" ({_plainly(problem.context).removeprefix('while ')} that begins on line {line})"
    return where, f"this is not YAML: {words}"


def _within(text: str, mark: Any) -> Spot:
    """Where a mark is; libyaml's at the end of the file may be on a line that there is not."""
    return spot_of(mark) if mark.index < len(text) else spot_after(text)


def _plainly(words: Any) -> str:
    said = " ".join(str(words).split())
    said = re.sub(r"did not find (?:the )?(expected .+)", r"\1, got {found}", said)
    for jargon, plain in PLAINLY.items():
        said = said.replace(f"'{jargon}'", plain).replace(jargon, plain)
    return said


def _found(text: str, mark: Any) -> str:
    """What stands at ``mark``: a word, or a character that is in none."""
    match = _WORD.match(text, mark.index)
    word = match.group() if match else ""
    if word in _UNSEEN:
        return _UNSEEN[word]
    return f"'{word}'" if word.isprintable() else f"the invisible U+{ord(word[-1]):04X}"
