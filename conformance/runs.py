"""Run files: everything observed in one environment, as JSON lines, readable while they grow.

A run is a header, one line for each observation, and a footer with the counts. Without its footer
a run is incomplete, and every reader says so.
"""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_type_hints

import msgspec

from conformance.observations import Key, Observation

FORMAT = 1


class RunError(Exception):
    """A run file that cannot be read, in a sentence that names it."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What was examined.

    apis     every API id of the framework, and whether this environment has it
    cases    digest of the cases that were asked
    files    the files that they were read from, as they were named, but for those that ship with us
    sources  digest of the code, the case files and the pins, where the pins are known
    asked    whether every question was asked by itself, or how else
    failure  why nothing could be observed at all, for an environment that could not be made
    """

    framework: str
    version: str | None = None
    backend: str | None = None
    python: str | None = None
    numpy: str | None = None
    platform: str | None = None
    apis: Mapping[str, bool] = field(default_factory=dict)
    cases: str | None = None
    files: tuple[str, ...] = ()
    sources: str | None = None
    asked: str | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        """The framework with its backend."""
        return self.framework if self.backend is None else f"{self.framework}-{self.backend}"


@dataclass(frozen=True, kw_only=True)
class Footer:
    """How many observations there are, and how many of each status."""

    observations: int
    statuses: Mapping[str, int] = field(default_factory=dict)


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
    """

    def __init__(self, file: BinaryIO, counts: Mapping[str, int] | None = None) -> None:
        self._file = file
        self.counts: Counter[str] = Counter(counts)

    def open(self, header: Header) -> None:
        """Appends the header."""
        self._line({"kind": "header", "format": FORMAT, **asdict(header)})
        self.flush()

    def add(self, observation: Observation) -> None:
        """Appends one observation."""
        self.counts[observation.status] += 1
        self._line(observation.line())

    def close(self) -> None:
        """Appends the footer that makes the run complete."""
        footer = Footer(
            observations=self.counts.total(), statuses=dict(sorted(self.counts.items()))
        )
        self._line({"kind": "footer", **asdict(footer)})
        self.flush()

    def flush(self) -> None:
        """Hands what was appended to the system, which outlives this process."""
        self._file.flush()

    def _line(self, fields: Mapping[str, Any]) -> None:
        # A framework's words may hold half of a surrogate pair, which has no bytes in UTF-8.
        text = json.dumps(fields, ensure_ascii=False) + "\n"
        self._file.write(text.encode(errors="replace"))


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """The file at ``path``, made if need be, for this process alone.

    Raises `RunError` while another one has it, and ``OSError``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"{path}: another run is being written there") from None
        except OSError:
            pass  # some shared file systems have no locks
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


def read(path: Path) -> Run:
    """The run at ``path``. Raises `RunError` for anything that is not a run file."""
    header: Header | None = None
    observations: dict[Key, Observation] = {}
    complete = False
    for number, line in enumerate(lines(path, _OBSERVATION), 1):
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


T = TypeVar("T")
Line = TypeVar("Line", bound=msgspec.Struct)


def lines(path: Path, observation: type[Line]) -> Iterator[Header | Line | Footer]:
    """What each line of a run file holds: its header, observations, and its footer if complete.

    observation  the fields that are wanted, as a struct with the tag ``kind="observation"``, so
                 that a reader of millions of lines pays for no other; it is checked against types
    Raises `RunError` for anything that is not a line of a run file, with its number; but what was
    being written when the run was stopped is left out. That a key stands twice is not noticed here.
    """
    try:
        with path.open("rb") as file:
            yield _first(path, file.readline())
            yield from _rest(path, file, observation)
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


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
    return msgspec.convert(_decoded(path, 1, text, _HEADER_LINE), Header, from_attributes=True)


def _rest(path: Path, file: BinaryIO, observation: type[Line]) -> Iterator[Line | Footer]:
    decoder = msgspec.json.Decoder(observation | _FOOTER)
    counted = 0
    footer: Footer | None = None
    for number, text in enumerate(file, 2):
        if footer is not None:
            raise RunError(f"{path}:{number}: a line after the footer")
        if not text.endswith(b"\n"):
            return  # The line that was being written when the run was stopped.
        line = _decoded(path, number, text, decoder)
        if isinstance(line, observation):
            counted += 1
            yield line
        else:
            footer = msgspec.convert(line, Footer, from_attributes=True)
    if footer is None:
        return
    if footer.observations != counted:
        raise RunError(
            f"{path}: the footer counts {footer.observations} observations, and there are {counted}"
        )
    yield footer


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
    types = get_type_hints(of)
    return msgspec.defstruct(
        of.__name__,
        [*more.items(), *((f.name, types[f.name], _default(f)) for f in fields(of))],
        kw_only=True,
        forbid_unknown_fields=True,
        tag_field="kind",
        tag=of.__name__.lower(),
    )


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
