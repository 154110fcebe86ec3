"""Explain errors of YAML syntax, with places, to people who do not know YAML's grammar."""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from yaml import MarkedYAMLError

from conformance.utils.printable import printable
from conformance.utils.resources import table

Spot: TypeAlias = tuple[int, int]
"""A line and a column, both counted from 1."""

Complaint: TypeAlias = tuple[Spot, str]
"""A place, and the sentence that says what is wrong there."""

UNREADABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""The characters that files may not have: those that YAML does not allow, and LINE_ENDS."""

LINE_ENDS = "\x85\u2028\u2029"
"""Characters that end a line in YAML 1.1, which libyaml reads, but not in YAML 1.2 and editors.

With them, the lines of complaints would not be those of an editor, and text would mean another
thing.
"""

PLAIN_WORDS: Mapping[str, str] = table(__file__, "yaml_words.toml")
"""The parser's terms and plain words for them, replaced in this order."""

_WORD = re.compile(r"[\w.+-]{1,40}|\\\S?|.?", re.DOTALL)

_INVISIBLE: Mapping[str, str] = {
    "": "the end of the file",
    " ": "a space",
    "\n": "the end of the line",
    "\r": "the end of the line",
}


def spot_of(mark: Any) -> Spot:
    """Return the place of a mark of the parser."""
    return mark.line + 1, mark.column + 1


def spot_after(text: str) -> Spot:
    """Return the place right after ``text``."""
    lines = re.split(r"\r\n|\r|\n", text)
    return len(lines), len(lines[-1]) + 1


def shorten(word: object) -> str:
    """Return text of any length and number of lines as a short word for a sentence."""
    text = printable(" ".join(str(word).split()))
    return text if len(text) <= 40 else f"{text[:40]}..."


def unreadable_character(text: str) -> Complaint | None:
    """Return a complaint about the first character that files may not have, None without one."""
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
    """Return the parser's ``problem`` with ``text`` as one sentence.

    The sentence has the line on which the parser's current construct begins, if that is another.
    """
    mark: Any = problem.problem_mark or problem.context_mark
    spot = _spot_in_text(text, mark)
    if text[mark.index : mark.index + 1] == "\t":
        return spot, "this is not YAML: a tab cannot indent or begin a value; use spaces"
    words = _plain_words(problem.problem or problem.context)
    words = words.replace("{found}", _word_at(text, mark))
    line, _ = _spot_in_text(text, problem.context_mark or mark)
    if problem.context and line != spot[0]:
        construct = _plain_words(problem.context).removeprefix("while ")
        words += f" ({construct} that begins on line {line})"
    return spot, f"this is not YAML: {words}"


def _spot_in_text(text: str, mark: Any) -> Spot:
    """Return the place of a mark; libyaml may put one after the last line of the file."""
    return spot_of(mark) if mark.index < len(text) else spot_after(text)


def _plain_words(words: Any) -> str:
    text = " ".join(str(words).split())
    text = re.sub(r"did not find (?:the )?(expected .+)", r"\1, got {found}", text)
    for jargon, plain in PLAIN_WORDS.items():
        text = text.replace(f"'{jargon}'", plain).replace(jargon, plain)
    return text


def _word_at(text: str, mark: Any) -> str:
    """Return the word at ``mark``, or the character if it is in no word."""
    match = _WORD.match(text, mark.index)
    word = match.group() if match else ""
    if word in _INVISIBLE:
        return _INVISIBLE[word]
    return f"'{word}'" if word.isprintable() else f"the invisible U+{ord(word[-1]):04X}"
