"""What the gate compares: answers without the words around them, which are nobody's behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import TypeAlias

import msgspec

from conformance.observations import ANSWERED, STATUSES, Key, Mode, Status, refused
from conformance.runs import run_files
from conformance.runs.run_files import Footer, Header, RunError
from conformance.runs.selection import Selection
from conformance.utils.printable import PrintableError

Names: TypeAlias = tuple[tuple[str, ...], ...]
"""Explanations as an observation holds them, by the names of their conventions."""

REAL = "real-valued"
"""The mark of an answer to a case that is not exact: its last bits mean nothing."""
NONDETERMINISTIC = "unsteady"
"""The mark of an answer that was another one when the same was asked again."""


class CannotCompare(PrintableError):
    """Two things that cannot be held against each other, in a sentence that says why."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What an API gave for a case, as far as it can be compared.

    statuses  one; several, sorted, where runs of the same thing did not agree
    mark      dtype, shape and digest; `REAL`, `UNSTEADY`, or empty where there was no answer
    content   digest of the case
    """

    statuses: tuple[Status, ...]
    mark: str
    explanations: Names
    content: str


class Seen(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="observation"):
    """A line of a run file, as far as the gate needs it."""

    api: str
    case: str
    mode: Mode
    status: Status
    content: str
    exact: bool
    topics: tuple[str, ...]
    explanations: Names = ()
    limit: str | None = None
    detail: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    digest: str | None = None

    @property
    def key(self) -> Key:
        """What identifies it within a run; names that recur share their memory."""
        return intern(self.api), intern(self.case), self.mode

    @property
    def said(self) -> str | None:
        """How the framework puts it, under the known limit behind it where there is one."""
        return self.detail if self.limit is None else refused(self.limit, self.detail)

    @property
    def answer(self) -> Answer:
        """What it holds against others."""
        return Answer(_ONE[self.status], self._mark, self.explanations, intern(self.content))

    @property
    def _mark(self) -> str:
        if not self.exact:
            return REAL if self.status in ANSWERED else ""
        if self.shape is None or self.status not in ANSWERED:
            return ""
        return f"{_of(self.dtype, self.shape)} {self.digest}"


_ONE: Mapping[Status, tuple[Status]] = {status: (status,) for status in STATUSES}


@lru_cache(maxsize=2**12)
def _of(dtype: str | None, shape: tuple[int, ...]) -> str:
    return f"{dtype} {'x'.join(map(str, shape)) or 'scalar'}"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Who answered, and the file that says so.

    runtime_class  that it ran in, where that is known
    apis   every API id, and whether it was there
    files  the case files that it names, as far as it names any
    selection  the part of all cases and APIs that was asked; None for all of it
    """

    path: Path
    framework: str
    backend: str | None
    version: str | None
    apis: Mapping[str, bool]
    runtime_class: str | None = None
    files: tuple[str, ...] = ()
    selection: Selection | None = None

    @property
    def name(self) -> str:
        """The framework with its backend."""
        return Header(framework=self.framework, backend=self.backend).name

    @property
    def stem(self) -> str:
        """The name with the runtime class, as baselines are called after both."""
        return self.name if self.runtime_class is None else f"{self.name}.{self.runtime_class}"

    @property
    def title(self) -> str:
        """The framework with its backend, as a person says it."""
        return self.framework if self.backend is None else f"{self.framework} on {self.backend}"


@dataclass(frozen=True)
class Snapshot:
    """All that one environment gave."""

    source: Source
    answers: dict[Key, Answer]


def opened(path: Path) -> tuple[Source, Iterator[Seen]]:
    """Who is examined by the run at ``path``, and its observations one after the other.

    Raises `CannotCompare` where nothing could be observed and, after the last observation, where
    the run is incomplete; and ``RunError`` for what is no run file.
    """
    lines = run_files.lines(path, Seen)
    header = next(lines)
    assert isinstance(header, Header)  # the first one always is
    if header.failure is not None:
        raise CannotCompare(f"{path}: nothing was observed: {header.failure}")
    source = Source(
        path=path,
        framework=header.framework,
        backend=header.backend,
        version=header.version,
        runtime_class=header.runtime_class,
        apis=header.apis,
        files=header.files,
        selection=header.selection,
    )
    return source, _observations(path, lines)


def _observations(path: Path, lines: Iterator[Header | Seen | Footer]) -> Iterator[Seen]:
    for line in lines:
        if isinstance(line, Seen):
            yield line
        else:
            return
    raise CannotCompare(f"{path}: the run is incomplete: it was stopped before its end")


def given(path: Path) -> Snapshot:
    """All that the run at ``path`` holds. Raises as `opened` does."""
    source, observations = opened(path)
    answers: dict[Key, Answer] = {}
    for seen in observations:
        key = seen.key
        if key in answers:
            raise RunError(f"{path}: {key} was observed twice")
        answers[key] = seen.answer
    return Snapshot(source, answers)
