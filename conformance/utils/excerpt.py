"""Excerpts: the beginning of long words or lists, cut where a reader would cut."""

from __future__ import annotations

from collections.abc import Sequence

MARK = "…"
SPARE = 8
"""One part of so many that an excerpt may be longer, so that its last word is whole."""


NAMED = 3
"""How many things are named one by one."""


def listed(names: Sequence[str]) -> str:
    """Name things in a sentence, or the first of them and how many more there are.

    Parameters
    ----------
    names
        At least one.

    Returns
    -------
    str
        Such as ``a``, ``a and b``, ``a, b and c``, ``a, b and 2 more``.
    """
    if len(names) > NAMED:
        return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def shortened(words: str, length: int = 160) -> str:
    """Cut words that are long, after a sentence or else after a word.

    Parameters
    ----------
    words
        What is said, on one line.
    length
        How many characters are enough. A word that begins within them and ends soon after stays,
        as it may be the one that tells; only what has no space for long is cut in between.

    Returns
    -------
    str
        The words, or their beginning and a mark.
    """
    if len(words) <= length:
        return words
    most = length + length // SPARE
    end = words.find(" ", length - 1, most + 1)
    if end < 0 and len(words) <= most:
        return words
    if end < 0:
        end = words.rfind(" ", length // 2, length)
    if end < 0:
        return f"{words[: length - 1].rstrip()}{MARK}"
    sentence = words.rfind(". ", length // 2, end + 1)
    if sentence >= 0:
        return f"{words[: sentence + 1]} {MARK}"
    return f"{words[:end].rstrip(' ,;:([{-')}{MARK}"
