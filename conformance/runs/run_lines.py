"""Define the header and the footer of a run file, and decode and check its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from conformance.adapters.runtime import Runtime
from conformance.observations import Observation
from conformance.runs.selection import Selection
from conformance.utils.printable import PrintableError

FORMAT = 1
"""The version of the format."""
_LONGEST_NAME = 200
"""Characters of the names in a header, such as a version."""
_Text = Annotated[str, msgspec.Meta(max_length=2**17)]
_Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
T = TypeVar("T")


class RunError(PrintableError):
    """A run file that cannot be read, in a sentence that names it."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first line of a run file: the runtime, and the cases that it was given.

    Attributes
    ----------
    packages
        Versions of the framework and of the packages that compute for it, by name.
    runtime_class
        The class of runtimes with equal answers, according to the probes.
    probes
        Small calls that decide the class, and whether each holds.
    device, mode, threads
        What computes, how the framework was called, and the number of threads of its libraries
        (None if they decide).
    architecture, cpu_level, cpu_model
        Of the processor, such as x86_64, and x86-64-v3 for AVX2.
    switches
        Environment variables that select kernels, as they were set for the worker.
    apis
        Every API id of the framework, and whether this environment has the API.
    cases
        Digest of the cases.
    files
        The files of the cases, as they were named, without those that ship with this package.
    sources
        Digest of the code, the case files and the pins, if there are pins.
    asked
        Whether the worker received the questions one by one, or how else.
    selection
        The part of the cases and APIs that the run covers; None for all.
    failure
        Why there are no observations, for an environment that could not be made.
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
        """The name with the version and the runtime class, if they are known."""
        words = (self.name, self.version, self.runtime_class and f"({self.runtime_class})")
        return " ".join(filter(None, words))

    @property
    def runtime(self) -> Runtime:
        """The runtime as recipes and limitations need it."""
        return Runtime(
            backend=self.backend, packages=self.packages, runtime_class=self.runtime_class
        )


@dataclass(frozen=True, kw_only=True)
class Footer:
    """The last line of a complete run file, by which readers check the others.

    Attributes
    ----------
    observations
        The number of observations.
    statuses
        The number of observations with each status.
    checksum
        Of all lines before; None in files of versions without checksums.
    """

    observations: int
    statuses: Mapping[str, int] | None = None
    checksum: str | None = None


def decode_header(path: Path, line: bytes) -> Header:
    """Return the header on the first line of a run file.

    Parameters
    ----------
    path
        The file, for errors.
    line
        Its first line.

    Returns
    -------
    Header
        The header.

    Raises
    ------
    RunError
        If it is no header, or one of another format.
    """
    if not line.endswith(b"\n"):
        raise RunError(f"{path}:1: not a run file: there is no header")
    opening = decode(path, 1, line, _OPENING_DECODER)
    if opening.kind != "header":
        raise RunError(f"{path}:1: not a run file: there is no header")
    if opening.format != FORMAT:
        raise RunError(
            f"{path}:1: format {opening.format!r}, and this version reads format {FORMAT}"
        )
    header = msgspec.convert(decode(path, 1, line, _HEADER_DECODER), Header, from_attributes=True)
    for name in ("framework", "version", "backend", "python", "numpy"):
        if len(getattr(header, name) or "") > _LONGEST_NAME:
            raise RunError(f"{path}:1: {name} must have at most {_LONGEST_NAME} characters")
    return header


def decode(path: Path, number: int, line: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what a line holds; raise `RunError` with its number if the decoder refuses it."""
    try:
        return decoder.decode(line)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise RunError(f"{path}:{number}: not a line of a run file: {error}") from None


class _Opening(msgspec.Struct):
    kind: str
    format: int | None = None


def _struct(record: type, **more: type) -> type[msgspec.Struct]:
    """Return a struct with the fields of a dataclass, which refuses a line with any other."""
    types = {name: _bounded(kind) for name, kind in get_type_hints(record).items()}
    return msgspec.defstruct(
        record.__name__,
        [*more.items(), *((f.name, types[f.name], _default(f)) for f in fields(record))],
        kw_only=True,
        forbid_unknown_fields=True,
        tag_field="kind",
        tag=record.__name__.lower(),
    )


def _bounded(kind: Any) -> Any:
    """Return a type whose texts and numbers have the bounds of `_Text` and `_Size`."""
    if kind in (str, int):
        return _Text if kind is str else _Size
    parts = tuple(map(_bounded, get_args(kind)))
    origin = get_origin(kind)
    if origin is UnionType:
        return Union[parts]  # noqa: UP007  # of types that are known only now
    return origin[parts] if origin in (tuple, Mapping) else kind


def _default(attribute: Field[Any]) -> Any:
    if attribute.default is not MISSING:
        return attribute.default
    if attribute.default_factory is MISSING:
        return msgspec.NODEFAULT
    return msgspec.field(default_factory=attribute.default_factory)


OBSERVATION, FOOTER = _struct(Observation), _struct(Footer)
"""Lines with an `Observation` and with a `Footer`."""
_OPENING_DECODER = msgspec.json.Decoder(_Opening)
_HEADER_DECODER = msgspec.json.Decoder(_struct(Header, format=int))
