"""The console that commands print to: never so narrow that no line fits."""

from __future__ import annotations

import errno
import os
from typing import Any, NoReturn

from rich.console import Console

NARROWEST = 40
"""Columns. A terminal that does not know its width says 0."""


class _Console(Console):
    """A console that says so when its reader is gone, where rich ends the process with 1."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error that rich has caught."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console(**options: Any) -> Console:
    """Make a console as wide as the terminal, and at least `NARROWEST`.

    Parameters
    ----------
    **options
        As ``rich.console.Console`` takes them.
    """
    made = _Console(**options)
    made.width = max(made.width, NARROWEST)
    return made
