"""Reads and writes sizes in bytes with their units."""

import re

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
"""Bytes of each unit, by its name in capitals."""

_SIZE = re.compile(r"\A(\d{1,15}(?:\.\d{1,15})?)\s{0,9}([a-z]{1,3})", re.IGNORECASE)


def parse(words: str) -> int:
    """Return the bytes of a size such as ``500 MB`` or ``1.5GB``; ``0`` needs no unit.

    Raise ``ValueError`` with a sentence for anything else.
    """
    match = _SIZE.fullmatch(words.strip())
    if match and match[2].upper() in UNITS:
        return round(float(match[1]) * UNITS[match[2].upper()])
    if words.strip() == "0":
        return 0
    raise ValueError(f"{words!r} is no size with its unit, such as 500MB or 2GB")


def shown(size: int) -> str:
    """Write bytes with two or three digits, such as ``526 MB`` or ``3.4 GB``."""
    unit = next(
        name for name in ("TB", "GB", "MB", "KB", "B") if size >= UNITS[name] or name == "B"
    )
    number = size / UNITS[unit]
    name = unit.replace("K", "k")
    return f"{number:.1f} {name}" if number < 10 and unit != "B" else f"{number:.0f} {name}"
