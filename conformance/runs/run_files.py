"""Run files: everything observed in one environment, as JSON lines, readable while they grow.

A run is a header, one line for each observation, and a footer with the counts and a checksum of
the lines before it. Every reader holds the lines against the footer; without one a run is
incomplete, and every reader says so.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from functools import partial
from pathlib import Path
from types import UnionType
from typing import (
    Annotated,
    Any,
    BinaryIO,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from conformance.adapters.runtime import Runtime
from conformance.observations import Key, Observation, Status
from conformance.runs.selection import Selection
from conformance.utils import durable_files, file_locks
from conformance.utils.printable import PrintableError

FORMAT = 1
LONGEST_LINE = 2**24
"""Bytes of a line: far above what an observation takes, and far below any memory."""
LONGEST_NAME = 200
"""Characters of the names in a header, such as a version."""
Text = Annotated[str, msgspec.Meta(max_length=2**17)]
Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Summed: TypeAlias = "hashlib._Hash"
"""What lines are summed up in."""


class RunError(PrintableError):
    """A run file that cannot be read, in a sentence that names it."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What was examined.

    apis     every API id of the framework, and whether this environment has it
    cases    digest of the cases that were asked
    files    the files that they were read from, as they were named, but for those that ship with us
    packages  versions of the framework and of the packages that compute for it, by name
    runtime_class  the class of runtimes that answer alike, worked out from the probes
    probes   small calls that decide the class, and whether each holds
    device, mode, threads  what computes, how the framework was asked to, and on how many threads
             its libraries may (None where they decide)
    architecture, cpu_level, cpu_model  of the processor, such as x86_64, x86-64-v3 for AVX2
    switches  environment variables that move kernels, as they were set for the worker
    sources  digest of the code, the case files and the pins, where the pins are known
    asked    whether every question was asked by itself, or how else
    selection  the part of all cases and APIs that was to be asked; None for all of it
    failure  why nothing could be observed at all, for an environment that could not be made
    """

    framework: str
    version: str | None = None
    backend: str | None = None
    python: str | None = None
    numpy: str | None = None
    platform: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    runtime_class: str | None = None
    probes: Mapping[str, bool] = field(default_factory=dict)
    device: str | None = None
    mode: str | None = None
    threads: int | None = None
    architecture: str | None = None
    cpu_level: str | None = None
    cpu_model: str | None = None
    switches: Mapping[str, str] = field(default_factory=dict)
    apis: Mapping[str, bool] = field(default_factory=dict)
    cases: str | None = None
    files: tuple[str, ...] = ()
    sources: str | None = None
    asked: str | None = None
    selection: Selection | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        """The framework with its backend."""
        return self.framework if self.backend is None else f"{self.framework}-{self.backend}"

    @property
    def title(self) -> str:
        """The name with the version and the runtime class, as far as they are known."""
        words = (self.name, self.version, self.runtime_class and f"({self.runtime_class})")
        return " ".join(filter(None, words))

    @property
    def runtime(self) -> Runtime:
        """What recipes and limitations have to know of the place where this ran."""
        return Runtime(
            backend=self.backend, packages=self.packages, runtime_class=self.runtime_class
        )


@dataclass(frozen=True, kw_only=True)
class Footer:
    """What the lines before it are held against.

    observations  how many there are
    statuses      how many there are of each status
    checksum      of all lines before; None in files of versions that wrote none
    """

    observations: int
    statuses: Mapping[str, int] | None = None
    checksum: str | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that was read: complete only if its footer counts what is there."""

    path: Path
    header: Header
    observations: tuple[Observation, ...]
    complete: bool


class Writer:
    """Appends to a run file; what was flushed a stopped run keeps.

    counts  how often each status stands in the file already
    summed  the lines that stand in the file already; it is gone on with
    """

    def __init__(
        self,
        file: BinaryIO,
        counts: Mapping[str, int] | None = None,
        summed: Summed | None = None,
    ) -> None:
        self._file = file
        self._summed = hashlib.sha256() if summed is None else summed
        self.counts: Counter[str] = Counter(counts)

    def open(self, header: Header) -> None:
        """Appends the header."""
        self._line({"kind": "header", "format": FORMAT, **asdict(header)})
        self.flush()

    def add(self, observation: Observation) -> None:
        """Appends one observation."""
        self.counts[observation.status] += 1
        self._line(observation.line())

    def copy(self, line: bytes) -> None:
        """Appends a line of another run file, which is in ``counts`` already."""
        self._summed.update(line)
        self._file.write(line)

    def close(self) -> None:
        """Appends the footer that makes the run complete, and writes the file to its disk."""
        footer = Footer(
            observations=self.counts.total(),
            statuses=dict(sorted(self.counts.items())),
            checksum=checksum(self._summed),
        )
        self._line({"kind": "footer", **asdict(footer)})
        durable_files.sync(self._file)

    def flush(self) -> None:
        """Hands what was appended to the system, which outlives this process."""
        self._file.flush()

    def _line(self, fields: Mapping[str, Any]) -> None:
        # A framework's words may hold half of a surrogate pair, which has no bytes in UTF-8.
        text = json.dumps(fields, ensure_ascii=False) + "\n"
        self.copy(text.encode(errors="replace"))


def checksum(summed: Summed) -> str:
    """What the footer says of the lines before it."""
    return summed.hexdigest()[:32]


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """The file at ``path``, made if need be, for this process alone.

    Raises `RunError` while another one has it, and ``OSError``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not file_locks.try_to_hold(file):
            raise RunError(f"{path}: another run is being written there")
        yield file


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Writer]:
    """A writer of the run file at ``path``; the footer is written only if nothing was raised."""
    with appending(path) as file:
        file.truncate(0)
        writer = Writer(file)
        writer.open(header)
        yield writer
        writer.close()
    durable_files.sync_folder(path.parent)


def read(path: Path) -> Run:
    """The run at ``path``. Raises `RunError` for anything that is not a run file."""
    header: Header | None = None
    observations: dict[Key, Observation] = {}
    complete = False
    structure: Any = _OBSERVATION
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
    """The least that is read of an observation: the footer counts it."""

    @property
    def status(self) -> Status:
        """Its status."""


T = TypeVar("T")
Line = TypeVar("Line", bound=Observed)


def lines(path: Path, observation: type[Line]) -> Iterator[Header | Line | Footer]:
    """What each line of a run file holds: its header, observations, and its footer if complete.

    observation  the fields that are wanted, as a struct with the tag ``kind="observation"``, so
                 that a reader of millions of lines keeps no other; whatever is wanted, the whole
                 line is held to its types, and all readers refuse the same files
    Raises `RunError` for anything that is not a line of a run file, with its number, and after the
    last line where the footer says something else of them; but what was being written when the run
    was stopped is left out. That a key stands twice is not noticed here.
    """
    try:
        with path.open("rb") as file:
            opening = file.readline(LONGEST_LINE)
            yield _first(path, opening)
            yield from _rest(path, file, observation, hashlib.sha256(opening))
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None


def _first(path: Path, text: bytes) -> Header:
    if not text.endswith(b"\n"):
        raise RunError(f"{path}:1: not a run file: there is no header")
    opening = _decoded(path, 1, text, _OPENING_LINE)
    if opening.kind != "header":
        raise RunError(f"{path}:1: not a run file: there is no header")
    if opening.format != FORMAT:
        raise RunError(
            f"{path}:1: format {opening.format!r}, and this version reads format {FORMAT}"
        )
    header = msgspec.convert(_decoded(path, 1, text, _HEADER_LINE), Header, from_attributes=True)
    for what in ("framework", "version", "backend", "python", "numpy"):
        if len(getattr(header, what) or "") > LONGEST_NAME:
            raise RunError(f"{path}:1: {what} must have at most {LONGEST_NAME} characters")
    return header


def _rest(
    path: Path, file: BinaryIO, observation: type[Line], summed: Summed
) -> Iterator[Line | Footer]:
    wanted: Any = observation
    decoder: Any = msgspec.json.Decoder(_OBSERVATION | _FOOTER)
    part = None if wanted is _OBSERVATION else msgspec.json.Decoder(observation)
    counts: dict[str, int] = dict.fromkeys(get_args(Status), 0)
    footer: Footer | None = None
    for number, text in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), 2):
        if footer is not None:
            raise RunError(f"{path}:{number}: a line after the footer")
        if not text.endswith(b"\n"):
            if len(text) == LONGEST_LINE:
                raise RunError(f"{path}:{number}: a line must have at most {LONGEST_LINE} bytes")
            return  # The line that was being written when the run was stopped.
        line = _decoded(path, number, text, decoder)
        if isinstance(line, _FOOTER):
            footer = msgspec.convert(line, Footer, from_attributes=True)
        else:
            counts[line.status] += 1
            summed.update(text)
            yield part.decode(text) if part else line
    if footer is not None:
        _hold(path, footer, Counter(counts), checksum(summed))
        yield footer


def _hold(path: Path, footer: Footer, counts: Counter[str], found: str) -> None:
    """Raises `RunError` where the footer says of the lines what they are not."""
    total = counts.total()
    if footer.observations != total:
        raise RunError(
            f"{path}: the footer counts {footer.observations} observations, and there are {total}"
        )
    claimed = counts if footer.statuses is None else footer.statuses
    for status in sorted(counts.keys() | claimed.keys()):
        if claimed.get(status, 0) != counts[status]:
            raise RunError(
                f"{path}: the footer counts {claimed.get(status, 0)} observations with the status"
                f" {status!r}, and there are {counts[status]}"
            )
    if footer.checksum not in (None, found):
        raise RunError(
            f"{path}: this run was edited by hand or damaged: the checksum in its footer does not"
            " hold; `conformance run` makes it anew"
        )


def _decoded(path: Path, number: int, text: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(text)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise RunError(f"{path}:{number}: not a line of a run file: {error}") from None


class _Opening(msgspec.Struct):
    kind: str
    format: int | None = None


def _struct(of: type, **more: type) -> type[msgspec.Struct]:
    """What holds a line with the fields of a dataclass, and refuses one with any other."""
    types = {name: _bounded(of_field) for name, of_field in get_type_hints(of).items()}
    return msgspec.defstruct(
        of.__name__,
        [*more.items(), *((f.name, types[f.name], _default(f)) for f in fields(of))],
        kw_only=True,
        forbid_unknown_fields=True,
        tag_field="kind",
        tag=of.__name__.lower(),
    )


def _bounded(kind: Any) -> Any:
    """A type whose texts and numbers have the size of `Text` and `Size`."""
    if kind in (str, int):
        return Text if kind is str else Size
    parts = tuple(map(_bounded, get_args(kind)))
    origin = get_origin(kind)
    if origin is UnionType:
        return Union[parts]  # noqa: UP007  # of types that are known only now
    return origin[parts] if origin in (tuple, Mapping) else kind


def _default(of: Field[Any]) -> Any:
    if of.default is not MISSING:
        return of.default
    return (
        msgspec.NODEFAULT
        if of.default_factory is MISSING
        else msgspec.field(default_factory=of.default_factory)
    )


_OBSERVATION, _FOOTER = _struct(Observation), _struct(Footer)
_OPENING_LINE = msgspec.json.Decoder(_Opening)
_HEADER_LINE = msgspec.json.Decoder(_struct(Header, format=int))
