"""Excerpts: the beginning of long words, cut where a reader would cut."""

from __future__ import annotations

MARK = "…"
SPARE = 8
"""One part of so many that an excerpt may be longer, so that its last word is whole."""


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
