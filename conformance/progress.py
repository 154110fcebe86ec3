"""What long work shows on a terminal, the same for every command."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status


def bar() -> Progress:
    """A bar on a terminal at standard error that leaves nothing behind; a context manager."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # or else it leaves an empty line
    )


def stage(words: str) -> Status:
    """What is being waited for, on standard error, as long as it takes; a context manager."""
    return Console(stderr=True).status(words)
