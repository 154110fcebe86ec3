"""Load case files, and report everything that is wrong in any of them, each with its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.cases.model import Case, Place, Problem
from conformance.cases.size_limits import MAX_BYTES

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, eq=False)
class Loaded:
    """The valid cases, and the problems of the others, both in the order of the files.

    If there are problems, some cases of the files are missing here.

    Parameters
    ----------
    cases
        The valid cases.
    problems
        Everything that is wrong.
    """

    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]


def load(paths: Sequence[Path], *, check: bool = True) -> Loaded:
    """Load the cases in files and folders.

    Whatever a file or a path is, this function does not raise; it returns problems.

    Parameters
    ----------
    paths
        Files, or folders of them.
    check
        Whether the statements of cases are compared with the oracle.

    Returns
    -------
    Loaded
        The valid cases, and everything that is wrong.
    """
    cases: list[Case] = []
    problems: list[Problem] = []
    ids: dict[str, Place] = {}
    real_paths: set[Path] = set()
    for path in paths:
        files, complaint = _files(path)
        if complaint:
            problems.append(_unreadable(path, complaint))
        for file in files:
            real_path = Path(os.path.realpath(file))
            if real_path in real_paths:  # as of a folder and a file in it
                continue
            real_paths.add(real_path)
            file_cases, file_problems = _load_file(file, ids, check=check)
            cases.extend(file_cases)
            problems.extend(_in_order(file_problems))
    return Loaded(tuple(cases), tuple(problems))


def _files(path: Path) -> tuple[list[Path], str | None]:
    """Return the case files at ``path``, and a sentence if there are none."""
    try:
        if path.is_file():
            return [path], None
        if not path.is_dir():
            return [], "there is no such file or folder"
        files = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    except (OSError, ValueError) as error:
        return [], f"this cannot be read: {getattr(error, 'strerror', None) or error}"
    return files, None if files else "this folder has no case files (*.yaml, *.yml)"


def _load_file(
    file: Path, ids: dict[str, Place], *, check: bool
) -> tuple[list[Case], list[Problem]]:
    """Return the cases of a file, and its problems; add its ids to ``ids``."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return [], [_unreadable(file, f"this cannot be read: {error.strerror or error}")]
    from conformance.cases.parser import parse_cases  # its dependencies are slow to import

    return parse_cases(data, str(file), ids, check=check)


def _unreadable(path: Path, sentence: str) -> Problem:
    return Problem(Place(str(path), 1, 1), None, sentence, unreadable=True)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Return the problems by place, each once, as all variants of a case may share one."""
    first = {(problem.place, problem.sentence): problem for problem in reversed(problems)}
    return sorted(first.values(), key=lambda problem: problem.place)
