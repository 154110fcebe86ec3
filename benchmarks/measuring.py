"""What a process takes from its start to its end: how all benchmarks of whole commands measure."""

import os
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from time import perf_counter
from typing import NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[1]
WARM = {"PYTHONDONTWRITEBYTECODE": ""}
"""Modules stay compiled from one process to the next, wherever the machine says otherwise."""

PARSE = """
import json, sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
"""
"""The least that reads files of JSON lines: a peer of whatever reads runs."""
T = TypeVar("T")


class Taken(NamedTuple):
    """Seconds on the clock, seconds of all processors, and the most MiB of the process itself.

    With the seconds of the processes that it started, and not with their memory.
    """

    clock: float
    processors: float
    memory: float


def process(
    *words: object,
    folder: Path = ROOT,
    variables: Mapping[str, str] | None = None,
    ends: Collection[int] = (0,),
) -> Taken:
    """Runs a command in ``folder``. Raises ``SystemExit`` unless it ends with one of ``ends``."""
    command = [str(word) for word in words]
    with TemporaryFile() as said:
        began = perf_counter()
        started = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **WARM, **(variables or {})},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(started.pid, 0)
        clock = perf_counter() - began
        started.returncode = os.waitstatus_to_exitcode(status)
        if started.returncode not in ends:
            said.seek(0)
            words = (*command[:4], "ended with", started.returncode)
            raise SystemExit(f"{' '.join(map(str, words))}:\n{said.read().decode()[-2000:]}")
    return Taken(clock, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def middle(taken: Iterable[Taken]) -> Taken:
    """The median of each."""
    return Taken(*(median(column) for column in zip(*taken, strict=True)))


def again_and_again(things: Sequence[T]) -> Iterator[tuple[int, T]]:
    """All of them without end, each with how often they have been gone through before."""
    for number in count():
        turn, place = divmod(number, len(things))
        yield turn, things[place]
