"""Write a run in the order of its cases, and resume a stopped one.

Several workers add their observations in the order in which they finish. An observation waits in
memory for those before it, so that a file does not depend on how the run was made, and the file of
a stopped run is the beginning of the complete one.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from conformance.observations import Key, Observation
from conformance.runs import run_files
from conformance.runs.run_files import LONGEST_LINE, Header, Run, RunError, Writer
from conformance.utils import durable_files
from conformance.utils.reading import reading

_OPENING = b'{"kind": "header"'


class PartialRun(Writer):
    """A run file that is being written.

    ``done`` are the keys of the observations that the stopped run left there. ``is_complete`` says
    whether there is nothing more to add.

    Parameters
    ----------
    keys
        The keys of all observations of the run, in their order.
    stopped
        A stopped run whose observations, the first ones, are in the file. Their keys were taken
        from ``keys``.
    """

    def __init__(
        self, path: Path, file: BinaryIO, keys: Iterator[Key], stopped: Run | None = None
    ) -> None:
        super().__init__(file)
        self.done: frozenset[Key] = frozenset()
        self.is_complete = False
        self._path = path
        self._keys = keys
        self._early: dict[Key, Observation] = {}
        if stopped is not None:
            self.done = frozenset(observation.key for observation in stopped.observations)
            self.is_complete = stopped.complete
            self.counts.update(observation.status for observation in stopped.observations)
            for line in _whole_lines(path):
                self._hash.update(line)
        self._next = next(keys, None)

    def add(self, observation: Observation) -> None:
        """Append an observation, and those that have waited for it; or let it wait."""
        self._early[observation.key] = observation
        while self._next in self._early:
            super().add(self._early.pop(self._next))
            self._next = next(self._keys, None)

    def close(self) -> None:
        """Append the footer; raise `RunError` unless there was each observation, and no other."""
        if self._next is not None:
            raise RunError(f"{self._path}: {self._next} was not observed")
        for key in self._early:
            raise RunError(
                f"{self._path}: {key} was observed, and nobody asked for it, or once only"
            )
        super().close()
        durable_files.sync_folder(self._path.parent)


@contextmanager
def writing(
    path: Path, header: Header, keys: Iterator[Key], *, resume: bool
) -> Iterator[PartialRun]:
    """Start a run file or resume one; `PartialRun.close` completes it.

    ``keys`` are the keys of all its observations in their order. Raises ``RunError`` if the stopped
    run has another header or other keys, if the file is not a run file, or while another process
    writes it.
    """
    _require_run_file(path)
    with run_files.appending(path) as file:
        stopped = stopped_run(path) if resume else None
        if stopped is None:
            file.truncate(0)
            run = PartialRun(path, file, keys)
            run.open(header)
        else:
            _require_same_run(stopped, header, keys)
            if not stopped.complete:
                file.truncate(sum(map(len, _whole_lines(path))))
            run = PartialRun(path, file, keys, stopped)
        yield run


def stopped_run(path: Path) -> Run | None:
    """Return the run that can be resumed at ``path``; None if there is none, or only a failure.

    Raise `RunError` if the file is not a run file.
    """
    if next(_whole_lines(path), None) is None:
        return None
    run = run_files.read(path)
    return run if run.header.failure is None else None


def is_worth_keeping(path: Path) -> bool:
    """Return whether a file has any content other than a run that failed before it observed."""
    try:
        if not path.is_file() or not path.stat().st_size:
            return False
        return stopped_run(path) is not None
    except (RunError, OSError):
        return True


def _require_run_file(path: Path) -> None:
    """Raise `RunError` for a file that is not a run file, so that a run does not overwrite it.

    The beginning of the header is enough, as a run may have been stopped there. A device or a pipe
    is none, as a run file is shortened and read again.
    """
    if path.exists() and not path.is_file():
        raise RunError(f"{path}: a run cannot be written to a device, a pipe or a folder")
    try:
        with path.open("rb") as file:
            opening = file.read(len(_OPENING))
    except OSError:
        return
    if not _OPENING.startswith(opening):
        raise RunError(f"{path}: this is no run file, and would be overwritten; name another one")


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file without an incomplete last one; none if there is no file."""
    with reading(path, RunError), suppress(FileNotFoundError), path.open("rb") as file:
        lines = iter(partial(file.readline, LONGEST_LINE), b"")
        yield from takewhile(lambda line: line.endswith(b"\n"), lines)


_FIELD_NAMES = {
    "selection": "the selection",
    "cases": "the digest of the cases",
    "fingerprint": "the digest of code, cases, pins and options",
    "batching": "the way of asking",
}


def _require_same_run(stopped: Run, header: Header, keys: Iterator[Key]) -> None:
    """Raise `RunError` unless a stopped run is the beginning of this one; take its keys."""
    # The digest of the cases says whether they are the same, whatever names their files have now.
    selection = header.selection
    if selection and stopped.header.selection:
        selection = replace(selection, cases=stopped.header.selection.cases)
    before = asdict(stopped.header)
    after = asdict(replace(header, files=stopped.header.files, selection=selection))
    differences = [
        f"{_FIELD_NAMES.get(name, name)} was {before[name]!r} and is {after[name]!r}"
        for name in before
        if before[name] != after[name]
    ]
    observed_keys = (observation.key for observation in stopped.observations)
    # `next` takes no key after those of the stopped run.
    unknown = next((key for key in observed_keys if key != next(keys, None)), None)
    if unknown:
        differences.append(f"nobody asks now for {' '.join(unknown)}")
    if differences:
        raise RunError(
            f"{stopped.path}: another run was stopped there than this one: {'; '.join(differences)}"
        )
