"""Shortens long text and long lists at the end of a sentence, a word or an entry."""

from collections.abc import Sequence

MARK = "…"
"""The end of a shortened text."""
SPARE = 8
"""An excerpt may exceed its length by one part in so many, to end with a whole word."""
NAMED = 3
"""Names that a list has at most."""


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """Write one name or more as a list in a sentence, which counts those that are too many.

    The list is such as ``a``, ``a and b``, ``a, b and c``, ``a, b and 2 more``.
    """
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def first(names: Sequence[str], most: int) -> str:
    """Write the first names with commas, and how many more there are, as ``a, b and 7 more``."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def shortened(words: str, length: int = 160) -> str:
    """Shorten long text of one line after a sentence, or else after a word, and mark its end.

    ``length`` says how many characters are enough. A word that begins within them and ends soon
    after stays, as it may be the important one. Only a very long word is cut inside.
    """
    if len(words) <= length:
        return words
    limit = length + length // SPARE
    end = words.find(" ", length - 1, limit + 1)
    if end < 0 and len(words) <= limit:
        return words
    if end < 0:
        end = words.rfind(" ", length // 2, length)
    if end < 0:
        return f"{words[: length - 1].rstrip()}{MARK}"
    sentence = words.rfind(". ", length // 2, end + 1)
    if sentence >= 0:
        return f"{words[: sentence + 1]} {MARK}"
    return f"{words[:end].rstrip(' ,;:([{-')}{MARK}"
