"""Make the console that commands print to, with a least width."""

import errno
import os
from collections.abc import Iterable
from typing import Any, NoReturn

from rich.console import Console
from rich.text import Text

NARROWEST = 40
"""Columns of the narrowest console, as a terminal that does not know its width reports 0."""


WIDE = 140
"""Columns of a console with tables whose output is no terminal."""


class Screen(Console):
    """A console that raises an error when its reader is gone, where rich exits with 1."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error that rich caught."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def print_lines(self, lines: Iterable[Text]) -> None:
        """Print lines without wrapping them, as they have the width of the console already."""
        for line in lines:
            self.print(line, no_wrap=True, overflow="ignore", crop=False)


def console(**options: Any) -> Screen:
    """Make a console of rich with these options, as wide as the terminal, at least `NARROWEST`."""
    screen = Screen(**options)
    screen.width = max(screen.width, NARROWEST)
    return screen
