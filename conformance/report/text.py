"""Words from elsewhere, made fit to print: a framework's message can hold anything at all."""

from __future__ import annotations

import re
from functools import lru_cache

from conformance.excerpt import shortened as shortened

_NOISE = (
    # TensorFlow puts the name of a graph node and of a device before its sentence.
    (re.compile(r"\{\{function_node [^}]*\}\} *"), ""),
    # MXNet says at what time of day it failed.
    (re.compile(r"\[\d\d:\d\d:\d\d\] *"), ""),
    # Where an interpreter keeps its files and what address an object had are nobody's findings.
    (re.compile(r"(?<![\w.:/])(?:/[^\s/:'\"]+)+/(?=[^\s/:'\"]+\.\w+)"), "…/"),
    (re.compile(r"\b0x[0-9a-fA-F]{6,}\b"), "0x…"),
)
_NUMBERS = re.compile(r"[\[(][-\d.,e\s\[\]()]*\d[-\d.,e\s\[\]()]*[\])]|(?<![\w.])-?\d+(?:\.\d+)?")
# Within a word, as in conv_transpose, Markdown leaves an underscore alone, and so do we.
_MARKUP = re.compile(r"([\\`*\[\]|~]|(?<!\w)_|_(?!\w))")


@lru_cache(maxsize=2**16)
def plain(words: str) -> str:
    """``words`` on one line, every character that is not printed written as its escape.

    That also holds for lone surrogates, which no file could be written with, and for the marks
    that turn the direction of a line around.
    """
    for pattern, instead in _NOISE:
        words = pattern.sub(instead, words)
    words = " ".join(words.split())
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def pattern(words: str) -> str:
    """``words`` with a dot for each number or list of them, so that like reasons are counted."""
    return _NUMBERS.sub("·", words)


def markdown(words: str) -> str:
    """``words`` as Markdown that shows them as they are, also in the cell of a table."""
    escaped = _MARKUP.sub(r"\\\1", words.replace("&", "&amp;"))
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def sentence(words: str) -> str:
    """A sentence of our own as Markdown: its backquotes are meant as such."""
    return markdown(words).replace("\\`", "`")


def tick(name: str) -> str:
    """A name as Markdown's code, also in the cell of a table."""
    return "`" + name.replace("`", "'").replace("|", "\\|") + "`"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 case``, ``2 cases``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
