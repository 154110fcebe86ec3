"""Shows the progress of long work on standard error, in the same way for every command."""

from dataclasses import dataclass
from math import ceil, inf
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.status import Status
from rich.text import Text

EVERY = 60.0
"""Seconds between two lines in a log."""
SECONDS, SHARE = 10.0, 0.02
"""The time that work has to have taken, and the share that is done, before an estimate."""


def bar() -> Progress:
    """Create a progress bar on standard error, as a context manager.

    On a terminal it shows a bar and removes it at the end. In a log it writes a line each minute,
    and none for shorter work.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        return _LogProgress(console=console, disable=True)  # a live one would leave an empty line
    return _PacedProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _TimeLeft(),
        console=console,
        transient=True,
    )


def stage(words: str) -> Status:
    """Create a message on standard error for the time of a wait, as a context manager."""
    return Console(stderr=True).status(words)


@dataclass
class _Pace:
    """When the total of a task became known, what was done before, and when its last step was.

    Steps before, such as those of a resumed run, are no part of its speed.
    """

    start: float
    before: float
    done: float = 0.0
    last: float = 0.0


def seconds_left(task: Task) -> float | None:
    """Estimate how long the rest of a task of `bar` takes, in seconds from its last step.

    The result is None while it is too early for an estimate.
    """
    pace: _Pace | None = task.fields.get("pace")
    if pace is None or not pace.done:
        return None
    elapsed, remaining = pace.last - pace.start, max(0.0, task.remaining or 0.0)
    is_enough = elapsed >= SECONDS and pace.done >= SHARE * (pace.done + remaining)
    return remaining * elapsed / pace.done if is_enough else None


class _PacedProgress(Progress):
    """Progress whose tasks have a `_Pace`; rich's own speed is that of the last half minute."""

    def add_task(self, *args: Any, **kwargs: Any) -> TaskID:
        task_id = super().add_task(*args, **kwargs)
        self._update_pace(task_id)
        return task_id

    def update(self, task_id: TaskID, **kwargs: Any) -> None:
        super().update(task_id, **kwargs)
        self._update_pace(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        self._update_pace(task_id)

    def _update_pace(self, task_id: TaskID) -> None:
        with self._lock:
            task = self._tasks[task_id]
            if task.total is None:
                return
            pace = task.fields.setdefault("pace", _Pace(monotonic(), task.completed))
            done = task.completed - pace.before
            if done == pace.done:
                return
            pace.done, pace.last = done, monotonic()
        self._report()

    def _report(self) -> None:
        """Report a step; a live display does so on its own."""


class _TimeLeft(ProgressColumn):
    def render(self, task: Task) -> Text:
        seconds = seconds_left(task)
        if seconds is None:
            return Text()
        minutes, second = divmod(ceil(seconds), 60)
        hours, minute = divmod(minutes, 60)
        return Text(f"{hours}:{minute:02}:{second:02}", style="progress.remaining")


class _LogProgress(_PacedProgress):
    _due = inf

    def start(self) -> None:
        super().start()
        self._due = monotonic() + EVERY

    def _report(self) -> None:
        with self._lock:
            if monotonic() < self._due:
                return
            self._due = monotonic() + EVERY
        for task in self.tasks:
            if task.total and not task.finished:
                self.console.print(_line(task), highlight=False, markup=False, soft_wrap=True)


def _line(task: Task) -> str:
    progress = f"{task.description}: {int(task.completed):,} of {int(task.total or 0):,}"
    seconds = seconds_left(task)
    return progress if seconds is None else f"{progress}, {ceil(seconds / 60)} min left"
