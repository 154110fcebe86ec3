"""What long work shows while it lasts, the same for every command."""

from __future__ import annotations

from math import ceil
from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.status import Status

EVERY = 60.0
"""Seconds between two lines in a log."""


def bar() -> Progress:
    """What shows progress on standard error; a context manager.

    On a terminal it is a bar that leaves nothing behind. In a log it is a line a minute, and none
    for what is done sooner.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        return _Log(console=console, disable=True)  # a live display would leave an empty line
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def stage(words: str) -> Status:
    """What is being waited for, on standard error, as long as it takes; a context manager."""
    return Console(stderr=True).status(words)


class _Log(Progress):
    _due = 0.0

    def start(self) -> None:
        super().start()
        self._due = monotonic() + EVERY

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        with self._lock:
            if monotonic() < self._due:
                return
            self._due = monotonic() + EVERY
        for task in self.tasks:
            if task.total and not task.finished:
                self.console.print(_line(task), highlight=False, markup=False, soft_wrap=True)


def _line(task: Task) -> str:
    said = f"{task.description}: {int(task.completed):,} of {int(task.total or 0):,}"
    left = task.time_remaining
    return said if left is None else f"{said}, {ceil(left / 60)} min left"
