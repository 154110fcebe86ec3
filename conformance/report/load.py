"""The runs of one report: read, held to what a report can show, and put in its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from packaging.version import InvalidVersion, Version

from conformance.adapters.registry import FRAMEWORKS
from conformance.runs import run_files
from conformance.runs.run_files import Run, RunError
from conformance.utils.text import plain


@dataclass(frozen=True, eq=False)
class Environment:
    """A run as the report speaks of it.

    title  with the framework: ``keras 3.15.1 on jax``
    short  beside an API, which names the framework already: ``3.15.1 on jax``
    """

    run: Run
    title: str
    short: str

    @property
    def framework(self) -> str:
        """The framework's name."""
        return self.run.header.framework

    @property
    def trouble(self) -> str | None:
        """Why the run is not all that it was to be."""
        if self.run.header.failure is not None:
            return plain(self.run.header.failure)
        if not self.run.complete:
            return "The run is incomplete: it was stopped before its end."
        return None


@dataclass(frozen=True)
class Column:
    """One API in one environment."""

    run: int
    api: str
    environment: Environment

    @property
    def title(self) -> str:
        """The API with its version, such as ``keras.ops.conv (3.15.1 on torch)``."""
        return f"{self.api} ({self.environment.short})"


def alike(
    columns: Iterable[Column], shown: Mapping[Column, object]
) -> tuple[tuple[str, tuple[Column, ...]], ...]:
    """Columns of an API of which the same is shown, together under one title."""
    groups: list[tuple[str, list[Column]]] = []
    for api, own in groupby(columns, lambda column: column.api):
        by_content: list[tuple[object, list[Column]]] = []
        for column in own:
            same = next((found for what, found in by_content if what == shown[column]), None)
            if same is None:
                by_content.append((shown[column], [column]))
            else:
                same.append(column)
        groups += [(api, found) for _, found in by_content]
    return tuple((_together(api, found), tuple(found)) for api, found in groups)


def _together(api: str, columns: Sequence[Column]) -> str:
    return f"{api} ({'; '.join(column.environment.short for column in columns)})"


def load(paths: Sequence[Path]) -> tuple[Environment, ...]:
    """The runs at ``paths``, those of a framework side by side whatever order they come in.

    Raises `RunError` for a file that is no run file, and for two runs of the same environment.
    """
    return environments([run_files.read(path) for path in paths])


def environments(read: Iterable[Run]) -> tuple[Environment, ...]:
    """The runs in the report's order. Raises `RunError` as `load` does."""
    given = list(read)
    for run in given:
        _refuse_unknown(run)
    ordered = sorted(given, key=_order)
    _refuse_twice(ordered)
    failed = Counter(run.header.framework for run in ordered if run.header.failure is not None)
    versions = Counter(map(_version_of, ordered))
    return tuple(
        _environment(
            run,
            among_failed=failed[run.header.framework] > 1,
            among_classes=versions[_version_of(run)] > 1,
        )
        for run in ordered
    )


def _version_of(run: Run) -> tuple[str | None, ...]:
    return run.header.framework, run.header.version, run.header.backend


def _order(run: Run) -> tuple[object, ...]:
    header = run.header
    names = list(FRAMEWORKS)
    place = names.index(header.framework) if header.framework in FRAMEWORKS else len(names)
    return (
        place,
        header.failure is not None,
        header.backend or "",
        _version(header.version or ""),
        header.runtime_class or "",
        run.path.name,
        str(run.path),
    )


def _version(words: str) -> tuple[bool, Version, str]:
    """What versions are put in order by, those that are no versions first."""
    try:
        return True, Version(words), words
    except InvalidVersion:
        return False, Version("0"), words


def _environment(run: Run, *, among_failed: bool, among_classes: bool) -> Environment:
    header = run.header
    if header.failure is not None:
        # Where nothing ran, nobody knows the version, and only the file tells two from each other.
        short = f"not run, {plain(run.path.stem)}" if among_failed else "not run"
        return Environment(run, f"{header.framework} ({short})", short)
    short = plain(header.version or "version unknown")
    if header.backend is not None:
        short += f" on {plain(header.backend)}"
    if among_classes:
        short += f", {plain(header.runtime_class or 'runtime class unknown')}"
    return Environment(run, f"{header.framework} {short}", short)


def _refuse_twice(ordered: Sequence[Run]) -> None:
    paths: set[Path] = set()
    seen: dict[tuple[str | None, ...], Run] = {}
    for run in ordered:
        if run.path.absolute() in paths:
            raise RunError(f"{run.path}: the same run is given twice")
        paths.add(run.path.absolute())
        if run.header.failure is not None:
            continue
        key = (*_version_of(run), run.header.runtime_class)
        if key in seen:
            title = _environment(run, among_failed=False, among_classes=True).title
            raise RunError(
                f"{seen[key].path} and {run.path} are both of {title};"
                " a report takes one run of each version, backend and runtime class"
            )
        seen[key] = run


def _refuse_unknown(run: Run) -> None:
    if run.header.framework not in FRAMEWORKS:
        raise RunError(
            f"{run.path}: its framework is {run.header.framework!r}, which is none of"
            f" {', '.join(FRAMEWORKS)}"
        )
    for observation in run.observations:
        names = (observation.api, observation.case, observation.op, *observation.topics)
        marks = (observation.dtype or "", observation.digest or "", observation.content)
        if not all(map(str.isprintable, (*names, *marks))):
            raise RunError(
                f"{run.path}: {observation.key}: a name that holds characters nobody can read"
            )
