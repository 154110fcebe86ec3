"""The console that commands print to: never so narrow that no line fits."""

from __future__ import annotations

from typing import Any

from rich.console import Console

NARROWEST = 40
"""Columns. A terminal that does not know its width says 0."""


def console(**options: Any) -> Console:
    """Make a console as wide as the terminal, and at least `NARROWEST`.

    Parameters
    ----------
    **options
        As ``rich.console.Console`` takes them.
    """
    made = Console(**options)
    made.width = max(made.width, NARROWEST)
    return made
