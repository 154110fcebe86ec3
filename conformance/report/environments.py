"""Check the runs of a report, sort them and name them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from conformance.adapters.registry import FRAMEWORKS
from conformance.runs.run_files import Run, RunError
from conformance.utils.grouping import cluster
from conformance.utils.text import plain


@dataclass(frozen=True, eq=False)
class Environment:
    """A run and its titles.

    Attributes
    ----------
    title
        Such as ``keras 3.15.1 on jax``.
    short
        The same beside an API, which names the framework already: ``3.15.1 on jax``.
    """

    run: Run
    title: str
    short: str

    @property
    def framework(self) -> str:
        """Return the name of the framework."""
        return self.run.header.framework

    @property
    def problem(self) -> str | None:
        """Return why the run failed or is incomplete, or None."""
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
        """Return the API with its version, such as ``keras.ops.conv (3.15.1 on torch)``."""
        return f"{self.api} ({self.environment.short})"


def alike(
    columns: Iterable[Column], contents: Mapping[Column, object]
) -> tuple[tuple[str, tuple[Column, ...]], ...]:
    """Group the columns of each API that have the same content."""

    def have_one_content(first: Column, other: Column) -> bool:
        return first.api == other.api and contents[first] == contents[other]

    groups = cluster(columns, have_one_content)
    shorts = ([column.environment.short for column in members] for members in groups)
    versions = ("; ".join(dict.fromkeys(names)) for names in shorts)
    return tuple(
        (f"{members[0].api} ({words})", tuple(members))
        for members, words in zip(groups, versions, strict=True)
    )


def environments(runs: Iterable[Run]) -> tuple[Environment, ...]:
    """Sort runs, so that those of one framework are side by side.

    Raises ``RunError`` for a run of an unknown framework, and for two runs of the same environment.
    """
    runs = list(runs)
    for run in runs:
        _refuse_unknown(run)
    ordered = sorted(runs, key=_order)
    _refuse_duplicates(ordered)
    failures = Counter(run.header.framework for run in ordered if run.header.failure is not None)
    versions = Counter(map(_version_of, ordered))
    return tuple(
        _environment(
            run,
            among_failures=failures[run.header.framework] > 1,
            among_classes=versions[_version_of(run)] > 1,
        )
        for run in ordered
    )


def _version_of(run: Run) -> tuple[str | None, ...]:
    return run.header.framework, run.header.version, run.header.backend


def _order(run: Run) -> tuple[object, ...]:
    header = run.header
    return (
        list(FRAMEWORKS).index(header.framework),  # an unknown one has been refused
        header.failure is not None,
        header.backend or "",
        _version(header.version or ""),
        header.runtime_class or "",
        run.path.name,
        str(run.path),
    )


def _version(words: str) -> tuple[bool, Version, str]:
    """Return the key that versions are sorted by; words that are no version come first."""
    try:
        return True, Version(words), words
    except InvalidVersion:
        return False, Version("0"), words


def _environment(run: Run, *, among_failures: bool, among_classes: bool) -> Environment:
    header = run.header
    if header.failure is not None:
        # Where nothing ran, the version is unknown, and only the files distinguish two runs.
        short = f"not run, {plain(run.path.stem)}" if among_failures else "not run"
        return Environment(run, f"{header.framework} ({short})", short)
    short = plain(header.version or "version unknown")
    if header.backend is not None:
        short += f" on {plain(header.backend)}"
    if among_classes:
        short += f", {plain(header.runtime_class or 'runtime class unknown')}"
    return Environment(run, f"{header.framework} {short}", short)


def _refuse_duplicates(ordered: Sequence[Run]) -> None:
    paths: set[Path] = set()
    by_key: dict[tuple[str | None, ...], Run] = {}
    for run in ordered:
        if run.path.absolute() in paths:
            raise RunError(f"{run.path}: the same run is given twice")
        paths.add(run.path.absolute())
        if run.header.failure is not None:
            continue
        key = (*_version_of(run), run.header.runtime_class)
        if key in by_key:
            title = _environment(run, among_failures=False, among_classes=True).title
            raise RunError(
                f"{by_key[key].path} and {run.path} are both of {title};"
                " a report takes one run of each version, backend and runtime class"
            )
        by_key[key] = run


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
