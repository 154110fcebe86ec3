"""What long work shows while it lasts, the same for every command."""

from __future__ import annotations

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
"""How long work must have lasted, and how much of it must be done, before its end is estimated."""


def bar() -> Progress:
    """What shows progress on standard error; a context manager.

    On a terminal it is a bar that leaves nothing behind. In a log it is a line a minute, and none
    for what is done sooner.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        return _Log(console=console, disable=True)  # a live display would leave an empty line
    return _Timed(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _TimeLeft(),
        console=console,
        transient=True,
    )


def stage(words: str) -> Status:
    """What is being waited for, on standard error, as long as it takes; a context manager."""
    return Console(stderr=True).status(words)


@dataclass
class Pace:
    """How fast a task goes, from all that was done since it was known how much there is to do.

    before  what was done by then, as by a run that goes on: it is no part of the speed
    start   when that was
    done    what was done from then on, the last time that anything was
    last    when that was
    """

    before: float
    start: float
    done: float = 0.0
    last: float = 0.0

    def left(self, remaining: float) -> float | None:
        """Estimate how long the rest takes.

        Parameters
        ----------
        remaining
            How much is left to do.

        Returns
        -------
        float or None
            Seconds from the last time that anything was done; None before there is enough to tell.
        """
        elapsed = self.last - self.start
        enough = elapsed >= SECONDS and self.done >= SHARE * (self.done + remaining)
        return remaining * elapsed / self.done if enough and self.done else None


class _Timed(Progress):
    """Progress whose tasks have a `Pace`, in the place of one from the last half minute."""

    def add_task(self, *words: Any, **how: Any) -> TaskID:
        task_id = super().add_task(*words, **how)
        self._pace(task_id)
        return task_id

    def update(self, task_id: TaskID, **how: Any) -> None:
        super().update(task_id, **how)
        self._pace(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        self._pace(task_id)

    def _pace(self, task_id: TaskID) -> None:
        with self._lock:
            task = self._tasks[task_id]
            if task.total is None:
                return
            pace = task.fields.setdefault("pace", Pace(task.completed, monotonic()))
            done = task.completed - pace.before
            if done == pace.done:
                return
            pace.done, pace.last = done, monotonic()
        self._went_on()

    def _went_on(self) -> None:
        """Something was done."""


def seconds_left(task: Task) -> float | None:
    """Estimate how long a task of `bar` takes from now on.

    Parameters
    ----------
    task
        One that may have begun, whether it is known how much there is to do or not.

    Returns
    -------
    float or None
        As of `Pace.left`.
    """
    pace: Pace | None = task.fields.get("pace")
    return None if pace is None else pace.left(max(0.0, task.remaining or 0.0))


class _TimeLeft(ProgressColumn):
    def render(self, task: Task) -> Text:
        seconds = seconds_left(task)
        if seconds is None:
            return Text()
        minutes, second = divmod(ceil(seconds), 60)
        hours, minute = divmod(minutes, 60)
        return Text(f"{hours}:{minute:02}:{second:02}", style="progress.remaining")


class _Log(_Timed):
    _due = inf

    def start(self) -> None:
        super().start()
        self._due = monotonic() + EVERY

    def _went_on(self) -> None:
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
