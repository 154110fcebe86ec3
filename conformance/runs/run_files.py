"""Write and read run files: the observations of one environment, as JSON lines.

A run is a header, one line for each observation, and a footer with the counts and a checksum of
the lines before it. Readers check the lines against the footer; a run without one is incomplete.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar

import msgspec

from conformance.observations import STATUSES, Key, Observation, names_from_format_1
from conformance.runs.run_records import FORMAT, NAMES_IN_FORMAT_1
from conformance.runs.run_records import Footer as Footer
from conformance.runs.run_records import Header as Header
from conformance.runs.selection import Selection as Selection
from conformance.utils import durable_files, file_locks
from conformance.utils.printable import PrintableError
from conformance.utils.reading import reading

LONGEST_LINE = 2**24
"""Bytes of a line: far more than an observation takes, and far less than any memory."""
_LONGEST_NAME = 200
"""Characters of the names in a header, such as a version."""
Hash: TypeAlias = "hashlib._Hash"
"""The running checksum of lines."""
T = TypeVar("T")


class RunError(PrintableError):
    """A run file that cannot be read, in a sentence that names it."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run from a file; it is complete if there is a footer."""

    path: Path
    header: Header
    observations: tuple[Observation, ...]
    complete: bool


class Writer:
    """Append lines to an open run file. The system keeps each line even if this process ends."""

    def __init__(self, file: BinaryIO) -> None:
        self.counts: Counter[str] = Counter()
        self._file = file
        self._hash = hashlib.sha256()

    def open(self, header: Header) -> None:
        """Append the header."""
        self._write({"kind": "header", **asdict(replace(header, format=FORMAT))})

    def add(self, observation: Observation) -> None:
        """Append one observation."""
        self.counts[observation.status] += 1
        self._write(observation.line())

    def close(self) -> None:
        """Append the footer, and write the file to its disk."""
        footer = Footer(
            observations=self.counts.total(),
            statuses=dict(sorted(self.counts.items())),
            checksum=_checksum(self._hash),
        )
        self._write({"kind": "footer", **asdict(footer)})
        durable_files.sync(self._file)

    def _write(self, line: Mapping[str, Any]) -> None:
        # A framework's words may hold half of a surrogate pair, which has no bytes in UTF-8.
        data = f"{json.dumps(line, ensure_ascii=False)}\n".encode(errors="replace")
        self._hash.update(data)
        self._file.write(data)
        self._file.flush()


def _checksum(running_hash: Hash) -> str:
    return running_hash.hexdigest()[:32]


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """Open a file to append to, for this process alone; it is made with its folders if needed.

    Raise `RunError` while another process has it open, ``OSError`` if it cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not file_locks.try_to_hold(file):
            raise RunError(f"{path}: another run is being written there")
        yield file


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Writer]:
    """Write a run file from its header on; without an exception it ends with a footer.

    Yield the writer, after the header. Raise errors as of `appending`.
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
    header, *rest = lines(path)
    assert isinstance(header, Header)  # the first one always is
    observations: dict[Key, Observation] = {}
    for number, line in enumerate(rest, 2):
        if isinstance(line, Observation):
            if line.key in observations:
                raise RunError(f"{path}:{number}: {line.key} was observed twice")
            observations[line.key] = line
    complete = bool(rest) and isinstance(rest[-1], Footer)
    return Run(
        path=path, header=header, observations=tuple(observations.values()), complete=complete
    )


def lines(path: Path) -> Iterator[Header | Observation | Footer]:
    """Read a run file line by line.

    All readers refuse the same files. An incomplete last line, which a stopped run may leave, is
    skipped. A key may occur twice.

    Yields the header, the observations, and the footer if the run is complete. Raises ``RunError``
    for a line that cannot be read, with its number; after the last one, if the footer contradicts
    the lines.
    """
    with reading(path, RunError), path.open("rb") as file:
        first = file.readline(LONGEST_LINE)
        header = _decode_header(path, first)
        yield header
        numbered_lines = enumerate(iter(partial(file.readline, LONGEST_LINE), b""), 2)
        yield from _lines_after_header(path, numbered_lines, header.format, first)


def _decode_header(path: Path, line: bytes) -> Header:
    """Return the header on the first line; raise `RunError` if there is none."""
    if not line.endswith(b"\n"):
        raise RunError(f"{path}:1: not a run file: there is no header")
    fields = _fields(path, 1, line)
    if fields.get("kind") != "header":
        raise RunError(f"{path}:1: not a run file: there is no header")
    version = fields.get("format")
    if type(version) is not int or not 1 <= version <= FORMAT:
        raise RunError(
            f"{path}:1: format {version!r}, and this version reads formats up to {FORMAT}"
        )
    header = _record(path, 1, fields, {"header": Header}, version)
    for name in ("framework", "version", "backend", "python", "numpy"):
        if len(getattr(header, name) or "") > _LONGEST_NAME:
            raise RunError(f"{path}:1: {name} must have at most {_LONGEST_NAME} characters")
    return header


def _lines_after_header(
    path: Path,
    numbered_lines: Iterator[tuple[int, bytes]],
    version: int,
    first: bytes,
) -> Iterator[Observation | Footer]:
    running_hash = hashlib.sha256(first)
    counts: Counter[str] = Counter(dict.fromkeys(STATUSES, 0))
    footer: Footer | None = None
    for number, text in numbered_lines:
        if footer is not None:
            raise RunError(f"{path}:{number}: a line after the footer")
        if not text.endswith(b"\n"):
            if len(text) == LONGEST_LINE:
                raise RunError(f"{path}:{number}: a line must have at most {LONGEST_LINE} bytes")
            return  # The run was stopped while it wrote this line.
        line = _record(path, number, _fields(path, number, text), _KINDS, version)
        if isinstance(line, Footer):
            footer = line
        else:
            counts[line.status] += 1
            running_hash.update(text)
            if version == 1:
                line = replace(line, explanations=names_from_format_1(line.explanations))
            yield line
    if footer is not None:
        _check_footer(path, footer, counts, _checksum(running_hash))
        yield footer


_KINDS: Mapping[str, type[Observation] | type[Footer]] = {
    "observation": Observation,
    "footer": Footer,
}
"""The types of the lines after the header."""


def _fields(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """Return the fields of a line; raise `RunError` if it is not a JSON object."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise _wrong_line(path, number, error) from None


def _record(
    path: Path, number: int, line: dict[str, Any], kinds: Mapping[str, type[T]], version: int
) -> T:
    """Return the record on a line; raise `RunError` if it is of none of these kinds."""
    kind = line.pop("kind", None)
    if not isinstance(kind, str) or kind not in kinds:
        raise _wrong_line(path, number, f"`kind` must be {' or '.join(kinds)}, got {kind!r}")
    names = _field_names(kinds[kind], version)  # type: ignore[arg-type]  # a class is hashable
    for name in line.keys() - names.keys():
        raise _wrong_line(path, number, f"Object contains unknown field `{name}`")
    if version == 1:
        line = {names[name]: value for name, value in line.items()}
    try:
        return msgspec.convert(line, kinds[kind])
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise _wrong_line(path, number, error) from None


@cache
def _field_names(record: Any, version: int) -> Mapping[str, str]:
    """Return the fields of a record by their names in a version of the format."""
    old_names = NAMES_IN_FORMAT_1 if version == 1 else {}
    return {old_names.get(field.name, field.name): field.name for field in fields(record)}


def _wrong_line(path: Path, number: int, reason: object) -> RunError:
    return RunError(f"{path}:{number}: not a line of a run file: {reason}")


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
