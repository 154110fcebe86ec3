"""Workers that are none: what they send is written down before they are asked anything."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from typing import IO

PIPE = 2**20
"""Bytes that a pipe holds, where the system allows it; more than that is never sent."""


class Player:
    """In the place of a `workers.process.Process`: sends a part each time that it hears something.

    Parameters
    ----------
    parts
        What it sends of who it is, and then whatever it is asked. It ends with the last one.
    """

    pid = 2**30  # which no process has

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = list(parts)
        pipes = [os.pipe() for _ in range(3)]
        (self._questions, stdin), (stdout, self._answers), (stderr, errors) = pipes
        os.close(errors)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self._answers, fcntl.F_SETPIPE_SZ, PIPE)
        for descriptor in (self._questions, self._answers):
            os.set_blocking(descriptor, False)
        self.streams: tuple[IO[bytes], IO[bytes], IO[bytes]] = (
            os.fdopen(stdin, "wb", 0),
            os.fdopen(stdout, "rb", 0),
            os.fdopen(stderr, "rb", 0),
        )

    @property
    def status(self) -> int | None:
        """None while it has something to send; it is by looking at it that it goes on."""
        if self._parts and self._hears():
            part = self._parts.pop(0)
            if part:
                os.write(self._answers, part)
            if not self._parts:
                os.close(self._answers)
        return None if self._parts else 0

    def _hears(self) -> bool:
        try:
            return bool(os.read(self._questions, PIPE))
        except BlockingIOError:
            return False

    def wait(self, seconds: float) -> None:
        """It ends at once."""

    def kill(self) -> None:
        """There is nothing to kill."""

    def end(self) -> None:
        """There is nothing to end."""

    def close(self) -> None:
        """Close its streams."""
        for stream in self.streams:
            stream.close()
        os.close(self._questions)
        if self._parts:
            os.close(self._answers)


class Company:
    """In the place of the class of processes: each gets the next parts, and the others the last.

    Parameters
    ----------
    plays
        The parts of each `Player`.
    """

    def __init__(self, *plays: Sequence[bytes]) -> None:
        self._plays: Iterator[Sequence[bytes]] = iter(plays[:-1])
        self._last = plays[-1]

    def __call__(self, *_: object, **__: object) -> Player:
        """Start one, whatever the command."""
        return Player(next(self._plays, self._last))
