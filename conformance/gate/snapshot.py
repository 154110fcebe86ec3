"""Hold the answers of one environment, from a run file or a baseline."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from sys import intern
from typing import Any

from conformance.observations import Key, Observation
from conformance.recorded_answers import Answer, answer_of
from conformance.runs import run_files
from conformance.runs.run_files import Footer, Header, RunError
from conformance.utils.printable import PrintableError


class CannotCompare(PrintableError):
    """Two files that cannot be compared, with a sentence that says why."""


@dataclass(frozen=True)
class Snapshot:
    """All answers in one environment, which the header describes as far as the file does."""

    path: Path
    header: Header
    answers: dict[Key, Answer]

    @cached_property
    def cases(self) -> frozenset[str]:
        """The ids of the cases."""
        return frozenset(case for _, case, _ in self.answers)

    def includes(self, key: Key) -> bool:
        """Return whether the selection includes a key, as far as the cases tell."""
        api, case, mode = key
        selection = self.header.selection
        return selection is None or (
            selection.takes(api) and mode in selection.modes and case in self.cases
        )


def stem(header: Header) -> str:
    """Return the name of a framework's baseline file: with its backend and runtime class."""
    return ".".join(filter(None, (header.name, header.runtime_class)))


@dataclass(frozen=True)
class Candidate:
    """A run, whose observations are read while they are compared."""

    path: Path
    header: Header
    observations: Iterator[Observation]


def open_run(path: Path) -> Candidate:
    """Open the run at ``path``, whose observations are read once.

    Raises ``CannotCompare`` where nothing could be observed, and after the last observation where
    the run is incomplete. Raises ``RunError`` for a file that is not a run file, and for an
    observation that is there twice.
    """
    lines = run_files.lines(path)
    header = next(lines)
    assert isinstance(header, Header)  # the first one always is
    if header.failure is not None:
        raise CannotCompare(f"{path}: nothing was observed: {header.failure}")
    return Candidate(path, header, _observations(path, lines))


def _observations(path: Path, lines: Iterator[Any]) -> Iterator[Observation]:
    for line in lines:
        if isinstance(line, Footer):
            return
        yield line
    raise CannotCompare(f"{path}: the run is incomplete: it was stopped before its end")


def read_run(path: Path) -> Snapshot:
    """Return all answers of the run at ``path``; it raises as `open_run` does."""
    run = open_run(path)
    answers: dict[Key, Answer] = {}
    for observation in run.observations:
        add(answers, observation, path)
    return Snapshot(path, run.header, answers)


def add(answers: dict[Key, Answer], observation: Observation, path: Path) -> tuple[Key, Answer]:
    """Add the answer of an observation to those of a run, and return it with its key.

    Equal names share their memory.

    Raises ``RunError`` for an observation that is there twice.
    """
    key = intern(observation.api), intern(observation.case), observation.mode
    if key in answers:
        raise RunError(f"{path}: {key} was observed twice")
    answers[key] = answer_of(observation)
    return key, answers[key]
