"""Hold the answers of one environment, from a run file or a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from conformance.answers import Answer, answer_of
from conformance.observations import Key
from conformance.runs import run_files
from conformance.runs.run_files import Header, Run
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
        api, case, _ = key
        selection = self.header.selection
        return selection is None or (selection.takes(api) and case in self.cases)


def stem(header: Header) -> str:
    """Return the name of a framework's baseline file: with its backend and runtime class."""
    return ".".join(filter(None, (header.name, header.runtime_class)))


def read_run(path: Path) -> Run:
    """Return the complete run at ``path``.

    Raises
    ------
    CannotCompare
        Where nothing could be observed, and where the run is incomplete.
    RunError
        For a file that is not a run file.
    """
    run = run_files.read(path)
    if run.header.failure is not None:
        raise CannotCompare(f"{path}: nothing was observed: {run.header.failure}")
    if not run.complete:
        raise CannotCompare(f"{path}: the run is incomplete: it was stopped before its end")
    return run


def snapshot_of(run: Run) -> Snapshot:
    """Return the answers of a run."""
    answers = {observation.key: answer_of(observation) for observation in run.observations}
    return Snapshot(run.path, run.header, answers)
