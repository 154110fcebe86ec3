"""Pipes that a fake holds open, to tell that it has run and that it has ended."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.clock import PATIENCE


class Pipe:
    """For ``unruly.hold_open`` and others: who holds it has run, and has ended when it ends."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = str(path)
        self.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def next_byte(self) -> bytes | None:
        ready, _, _ = select.select([self.reader], [], [], PATIENCE)
        return os.read(self.reader, 1) if ready else None

    def is_held(self) -> bool:
        return self.next_byte() == b"."

    def has_ended(self) -> bool:
        return self.next_byte() == b""


@contextmanager
def made(path: Path) -> Iterator[Pipe]:
    pipe = Pipe(path)
    yield pipe
    os.close(pipe.reader)
