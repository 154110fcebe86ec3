"""Write and read run files: the observations of one environment, as JSON lines.

A run is a header, one line for each observation, and a footer with the counts and a checksum of
the lines before it. Readers check the lines against the footer; a run without one is incomplete.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeVar, get_args

import msgspec

from conformance.observations import Key, Observation, Status
from conformance.runs.run_lines import FOOTER, FORMAT, OBSERVATION, decode, decode_header
from conformance.runs.run_lines import Footer as Footer
from conformance.runs.run_lines import Header as Header
from conformance.runs.run_lines import RunError as RunError
from conformance.runs.selection import Selection as Selection
from conformance.utils import durable_files, file_locks

LONGEST_LINE = 2**24
"""Bytes of a line: far more than an observation takes, and far less than any memory."""
Hash: TypeAlias = "hashlib._Hash"
"""The running checksum of lines."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run from a file; it is complete if there is a footer."""

    path: Path
    header: Header
    observations: tuple[Observation, ...]
    complete: bool


class Writer:
    """Append lines to a run file. A stopped run keeps all lines before the last flush.

    Parameters
    ----------
    file
        The open file.
    counts
        The number of observations with each status in the file already.
    running_hash
        The running checksum of the lines in the file already; the writer updates it.
    """

    def __init__(
        self,
        file: BinaryIO,
        counts: Mapping[str, int] | None = None,
        running_hash: Hash | None = None,
    ) -> None:
        self._file = file
        self._hash = hashlib.sha256() if running_hash is None else running_hash
        self.counts: Counter[str] = Counter(counts)

    def open(self, header: Header) -> None:
        """Append the header."""
        self._write({"kind": "header", "format": FORMAT, **asdict(header)})
        self.flush()

    def add(self, observation: Observation) -> None:
        """Append one observation."""
        self.counts[observation.status] += 1
        self._write(observation.line())

    def copy(self, line: bytes) -> None:
        """Append a line of another run file, which ``counts`` contains already."""
        self._hash.update(line)
        self._file.write(line)

    def close(self) -> None:
        """Append the footer, and write the file to its disk."""
        footer = Footer(
            observations=self.counts.total(),
            statuses=dict(sorted(self.counts.items())),
            checksum=_checksum(self._hash),
        )
        self._write({"kind": "footer", **asdict(footer)})
        durable_files.sync(self._file)

    def flush(self) -> None:
        """Hand all lines to the operating system, which keeps them if this process ends."""
        self._file.flush()

    def _write(self, fields: Mapping[str, Any]) -> None:
        # A framework's words may hold half of a surrogate pair, which has no bytes in UTF-8.
        text = json.dumps(fields, ensure_ascii=False) + "\n"
        self.copy(text.encode(errors="replace"))


def _checksum(running_hash: Hash) -> str:
    return running_hash.hexdigest()[:32]


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """Open a file to append to, for this process alone.

    Parameters
    ----------
    path
        The file, which is made with its folders if needed.

    Yields
    ------
    BinaryIO
        The open file.

    Raises
    ------
    RunError
        While another process has it open.
    OSError
        If it cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not file_locks.try_to_hold(file):
            raise RunError(f"{path}: another run is being written there")
        yield file


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Writer]:
    """Write a run file from its start; without an exception it ends with a footer.

    Parameters
    ----------
    path
        The file.
    header
        Its header.

    Yields
    ------
    Writer
        The writer, after the header.

    Raises
    ------
    RunError, OSError
        As of `appending`.
    """
    with appending(path) as file:
        file.truncate(0)
        writer = Writer(file)
        writer.open(header)
        yield writer
        writer.close()
    durable_files.sync_folder(path.parent)


def read(path: Path) -> Run:
    """Return the run at ``path``; raise `RunError` for anything that is not a run file."""
    header: Header | None = None
    observations: dict[Key, Observation] = {}
    complete = False
    structure: Any = OBSERVATION
    for number, line in enumerate(lines(path, structure), 1):
        if isinstance(line, Header):
            header = line
        elif isinstance(line, Footer):
            complete = True
        else:
            observation = msgspec.convert(line, Observation, from_attributes=True)
            if observation.key in observations:
                raise RunError(f"{path}:{number}: {observation.key} was observed twice")
            observations[observation.key] = observation
    assert header is not None  # or `lines` had raised
    return Run(
        path=path, header=header, observations=tuple(observations.values()), complete=complete
    )


class Observed(Protocol):
    """The least that a reader needs of an observation."""

    @property
    def status(self) -> Status:
        """The status, which the footer counts."""


Line = TypeVar("Line", bound=Observed)


def lines(path: Path, observation: type[Line]) -> Iterator[Header | Line | Footer]:
    """Read a run file line by line.

    All readers refuse the same files, as the whole line is checked whatever fields are read. An
    incomplete last line, which a stopped run may leave, is skipped. A key may occur twice.

    Parameters
    ----------
    path
        The file.
    observation
        The fields to read, as a struct with the tag ``kind="observation"``, so that a reader of
        millions of lines keeps no others.

    Yields
    ------
    Header, then observations, then Footer
        The footer only if the run is complete.

    Raises
    ------
    RunError
        For a line that cannot be read, with its number; after the last one, if the footer
        contradicts the lines.
    """
    try:
        with path.open("rb") as file:
            opening = file.readline(LONGEST_LINE)
            yield decode_header(path, opening)
            yield from _lines_after_header(path, file, observation, hashlib.sha256(opening))
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None


def _lines_after_header(
    path: Path, file: BinaryIO, observation: type[Line], running_hash: Hash
) -> Iterator[Line | Footer]:
    structure: Any = observation
    decoder: Any = msgspec.json.Decoder(OBSERVATION | FOOTER)
    partial_decoder = None if structure is OBSERVATION else msgspec.json.Decoder(observation)
    counts: dict[str, int] = dict.fromkeys(get_args(Status), 0)
    footer: Footer | None = None
    for number, text in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), 2):
        if footer is not None:
            raise RunError(f"{path}:{number}: a line after the footer")
        if not text.endswith(b"\n"):
            if len(text) == LONGEST_LINE:
                raise RunError(f"{path}:{number}: a line must have at most {LONGEST_LINE} bytes")
            return  # The run was stopped while it wrote this line.
        line = decode(path, number, text, decoder)
        if isinstance(line, FOOTER):
            footer = msgspec.convert(line, Footer, from_attributes=True)
        else:
            counts[line.status] += 1
            running_hash.update(text)
            yield partial_decoder.decode(text) if partial_decoder else line
    if footer is not None:
        _check_footer(path, footer, Counter(counts), _checksum(running_hash))
        yield footer


def _check_footer(path: Path, footer: Footer, counts: Counter[str], checksum: str) -> None:
    """Raise `RunError` if the footer contradicts the lines."""
    total = counts.total()
    if footer.observations != total:
        raise RunError(
            f"{path}: the footer counts {footer.observations} observations, and there are {total}"
        )
    statuses = counts if footer.statuses is None else footer.statuses
    for status in sorted(counts.keys() | statuses.keys()):
        if statuses.get(status, 0) != counts[status]:
            raise RunError(
                f"{path}: the footer counts {statuses.get(status, 0)} observations with the status"
                f" {status!r}, and there are {counts[status]}"
            )
    if footer.checksum not in (None, checksum):
        raise RunError(
            f"{path}: this run was edited by hand or damaged: the checksum in its footer does not"
            " hold; `conformance run` makes it anew"
        )
