"""Read from runs the answers that the gate compares, without the frameworks' messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import TypeAlias

import msgspec

from conformance.observations import ANSWERED, STATUSES, Key, Observation, Status, refusal_words
from conformance.runs import run_files
from conformance.runs.run_files import Footer, Header, RunError
from conformance.runs.selection import Selection
from conformance.utils.printable import PrintableError

Names: TypeAlias = tuple[tuple[str, ...], ...]
"""Explanations of an observation, each as the names of its conventions."""

REAL = "real-valued"
"""The mark of an answer to an inexact case, whose last bits mean nothing."""
NONDETERMINISTIC = "unsteady"
"""The mark of an answer that differed when the same call was repeated."""


class CannotCompare(PrintableError):
    """Two files that cannot be compared, with a sentence that says why."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The part of an observation that can be compared.

    Parameters
    ----------
    statuses
        One; several, sorted, where runs of the same framework do not agree.
    mark
        The dtype, shape and digest; `REAL`, `NONDETERMINISTIC`, or empty where there was no answer.
    explanations
        Of a mismatch.
    content
        The digest of the case.
    """

    statuses: tuple[Status, ...]
    mark: str
    explanations: Names
    content: str


@dataclass(frozen=True, kw_only=True)
class ObservationLine(Observation):
    """An observation, with the parts of it that the gate compares."""

    @property
    def key(self) -> Key:
        """The API, the case and the mode; equal names share their memory."""
        return intern(self.api), intern(self.case), self.mode

    @property
    def message(self) -> str | None:
        """The framework's message, below the known limit that explains it where there is one."""
        return (
            self.detail if self.limitation is None else refusal_words(self.limitation, self.detail)
        )

    @property
    def answer(self) -> Answer:
        """The part that is compared."""
        statuses = _STATUS_TUPLES[self.status]
        return Answer(statuses, self._mark, self.explanations, intern(self.content))

    @property
    def _mark(self) -> str:
        if not self.exact:
            return REAL if self.status in ANSWERED else ""
        if self.shape is None or self.status not in ANSWERED:
            return ""
        return f"{_array_type(self.dtype, self.shape)} {self.digest}"


_STATUS_TUPLES: Mapping[Status, tuple[Status]] = {status: (status,) for status in STATUSES}


@lru_cache(maxsize=2**12)
def _array_type(dtype: str | None, shape: tuple[int, ...]) -> str:
    return f"{dtype} {'x'.join(map(str, shape)) or 'scalar'}"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The framework that answered, and the file with its answers.

    Parameters
    ----------
    apis
        Every API id, and whether the framework has the API.
    runtime_class
        None where it is not known.
    files
        The case files that the run names.
    selection
        The selected cases and APIs; None for all.
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
        """The framework with its backend, as a name."""
        return Header(framework=self.framework, backend=self.backend).name

    @property
    def stem(self) -> str:
        """The name with the runtime class: the stem of the baseline's file."""
        return self.name if self.runtime_class is None else f"{self.name}.{self.runtime_class}"

    @property
    def title(self) -> str:
        """The framework with its backend, as text."""
        return self.framework if self.backend is None else f"{self.framework} on {self.backend}"


@dataclass(frozen=True)
class Snapshot:
    """All answers of one framework in one environment."""

    source: Source
    answers: dict[Key, Answer]


def opened(path: Path) -> tuple[Source, Iterator[ObservationLine]]:
    """Open the run at ``path``.

    Returns
    -------
    Source
        The framework that answered.
    iterator of ObservationLine
        Its observations, one after the other.

    Raises
    ------
    CannotCompare
        Where nothing could be observed, and after the last observation where the run is
        incomplete.
    RunError
        For a file that is not a run file.
    """
    lines = run_files.lines(path, ObservationLine)
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


def _observations(
    path: Path, lines: Iterator[Header | ObservationLine | Footer]
) -> Iterator[ObservationLine]:
    for line in lines:
        if isinstance(line, ObservationLine):
            yield line
        else:
            return
    raise CannotCompare(f"{path}: the run is incomplete: it was stopped before its end")


def given(path: Path) -> Snapshot:
    """Return all answers of the run at ``path``; it raises as `opened` does."""
    source, observations = opened(path)
    answers: dict[Key, Answer] = {}
    for observation in observations:
        key = observation.key
        if key in answers:
            raise RunError(f"{path}: {key} was observed twice")
        answers[key] = observation.answer
    return Snapshot(source, answers)
