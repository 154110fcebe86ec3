"""Run files: everything observed in one environment, as JSON lines, readable while they grow.

A run is a header, one line for each observation, and a footer with the counts. Without its footer
a run is incomplete, and every reader says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from conformance.observations import Observation, observation_of

FORMAT = 1


class RunError(Exception):
    """A run file that cannot be read, in a sentence that names it."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What was examined.

    apis     every API id of the framework, and whether this environment has it
    cases    digest of the cases that were asked
    sources  digest of the code, the case files and the pins, where the pins are known
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
    sources: str | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        """The framework with its backend."""
        return self.framework if self.backend is None else f"{self.framework}-{self.backend}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that was read: complete only if its footer counts what is there."""

    path: Path
    header: Header
    observations: tuple[Observation, ...]
    complete: bool


class Writer:
    """Appends observations to a run file, each flushed, so that a stopped run keeps what it has."""

    def __init__(self, file: TextIO, header: Header) -> None:
        self._file = file
        self.counts: Counter[str] = Counter()
        self._line({"kind": "header", "format": FORMAT, **asdict(header)})

    def add(self, observation: Observation) -> None:
        """Appends one observation."""
        self.counts[observation.status] += 1
        self._line(observation.line())

    def close(self) -> None:
        """Appends the footer that makes the run complete."""
        self._line(
            {
                "kind": "footer",
                "observations": self.counts.total(),
                "statuses": dict(sorted(self.counts.items())),
            }
        )

    def _line(self, fields: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(fields, ensure_ascii=False) + "\n")
        self._file.flush()


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Writer]:
    """A writer of the run file at ``path``; the footer is written only if nothing was raised."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        writer = Writer(file, header)
        yield writer
        writer.close()


def read(path: Path) -> Run:
    """The run at ``path``. Raises `RunError` for anything that is not a run file."""
    try:
        with path.open(encoding="utf-8") as file:
            return _run(path, enumerate(file, 1))
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def _run(path: Path, lines: Iterable[tuple[int, str]]) -> Run:
    header: Header | None = None
    observations: dict[tuple[str, str, str], Observation] = {}
    counted: int | None = None
    for number, text in lines:
        if not text.endswith("\n"):
            break  # The line that was being written when the run was stopped.
        try:
            line = json.loads(text)
            kind = line.pop("kind")
            if counted is not None:
                raise RunError(f"{path}:{number}: a line after the footer")
            if kind == "header":
                header = _header(path, line)
            elif kind == "observation":
                observation = observation_of(line)
                if observation.key in observations:
                    raise RunError(f"{path}:{number}: {observation.key} was observed twice")
                observations[observation.key] = observation
            elif kind == "footer":
                counted = line["observations"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(f"{path}:{number}: not a line of a run file: {error!r}") from None
    if header is None:
        raise RunError(f"{path}:1: not a run file: there is no header")
    if counted is not None and counted != len(observations):
        raise RunError(
            f"{path}: the footer counts {counted} observations, and there are {len(observations)}"
        )
    return Run(
        path=path,
        header=header,
        observations=tuple(observations.values()),
        complete=counted is not None,
    )


def _header(path: Path, line: dict[str, Any]) -> Header:
    version = line.pop("format")
    if version != FORMAT:
        raise RunError(f"{path}:1: format {version!r}, and this version reads format {FORMAT}")
    return Header(**line)
