"""Case files read, with everything that is wrong in any of them told at once, each at its place."""

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
    """The cases that are right, and what is wrong with the others, both in the order of the files.

    While there are problems the cases are not all that the files mean to hold.
    """

    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]


def load(paths: Sequence[Path], *, check: bool = True) -> Loaded:
    """The cases in ``paths``, files or folders of them, and everything that is wrong there.

    With ``check``, what cases state is held against the oracle. Nothing that can be typed into a
    file or given as a path raises: it comes back as a problem.
    """
    cases: list[Case] = []
    problems: list[Problem] = []
    ids: dict[str, Place] = {}
    seen: set[Path] = set()
    for path in paths:
        files, complaint = _files(path)
        if complaint:
            problems.append(_unreadable(path, complaint))
        for file in files:
            real = Path(os.path.realpath(file))
            if real in seen:  # as of a folder and a file in it
                continue
            seen.add(real)
            found, wrong = _load_file(file, ids, check=check)
            cases.extend(found)
            problems.extend(_in_order(wrong))
    return Loaded(tuple(cases), tuple(problems))


def _files(path: Path) -> tuple[list[Path], str | None]:
    """The case files at ``path``, and a sentence if there can be none."""
    try:
        if path.is_file():
            return [path], None
        if not path.is_dir():
            return [], "there is no such file or folder"
        found = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    except (OSError, ValueError) as problem:
        return [], f"this cannot be read: {getattr(problem, 'strerror', None) or problem}"
    return found, None if found else "this folder has no case files (*.yaml, *.yml)"


def _load_file(
    file: Path, ids: dict[str, Place], *, check: bool
) -> tuple[list[Case], list[Problem]]:
    """The cases of a file, and its problems; the file's ids are added to ``ids``."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        return [], [_unreadable(file, f"this cannot be read: {problem.strerror or problem}")]
    from conformance.cases.parser import cases_of  # what it needs is slow to import

    return cases_of(data, str(file), ids, check=check)


def _unreadable(path: Path, sentence: str) -> Problem:
    return Problem(Place(str(path), 1, 1), None, sentence, unreadable=True)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Problems by their places; what is wrong in every variant of a case is told once."""
    first = {(problem.place, problem.sentence): problem for problem in reversed(problems)}
    return sorted(first.values(), key=lambda problem: problem.place)
