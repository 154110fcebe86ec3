"""Reads numbers after an option: one, one for each axis, or padding as a word."""

from __future__ import annotations

from typing import Any

import click

from conformance.oracle.geometry import WORDS, Axes


def numbers(_context: click.Context, _option: click.Parameter, value: str | None) -> Axes | None:
    """Read one number, or one for each axis, as in ``2`` or ``2,3``."""
    if value is None:
        return None
    try:
        return tuple(int(number) for number in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no number, nor numbers as in 2,3") from None


def padding_words(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> str | tuple[Any, ...] | None:
    """Read ``1``, ``1,2`` for each axis, ``0:1,2:2`` for start and end, or a word."""
    if value is None:
        return None
    if value.lower() in WORDS:
        return value.lower()
    try:
        entries = [tuple(map(int, entry.split(":"))) for entry in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"{value!r} is none of 1, 1,2, 0:1,2:2, same, valid") from None
    return tuple(entry if len(entry) > 1 else entry[0] for entry in entries)
