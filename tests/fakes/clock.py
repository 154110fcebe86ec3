"""Patience: hangs that need not be waited for, and all the time in the world for the rest."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.workers import channel, worker_client

PATIENCE = 600.0
"""Seconds that nothing takes on any machine, however slow and however busy."""


class Clock:
    """Runs as time does, but races while a question stalls, which is not worth waiting for.

    Whatever else is asked has the time that it has on any other clock.
    """

    def __init__(self, stalling: Path) -> None:
        self._stalling = stalling
        self._ahead = 0.0

    def __call__(self) -> float:
        if self._is_stalling():
            self._ahead += PATIENCE / 10
        return time.monotonic() + self._ahead

    def _is_stalling(self) -> bool:
        with self._stalling.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


@contextmanager
def racing(folder: Path) -> Iterator[None]:
    """Within it, workers that are started tell the clock of controllers when they stall."""
    stalling = folder / "stalling"
    stalling.touch()
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(stalling)
        patch.setenv("FAKE_STALLING", str(stalling))
        for module in (channel, worker_client):
            patch.setattr(module, "monotonic", clock)
        yield


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits until it holds, which nothing but a mistake can make take longer than our patience."""
    ending = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ending, "it never came to that"
        time.sleep(0.005)
