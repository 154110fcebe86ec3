"""Load case files, and report everything that is wrong in any of them, each with its place."""

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from conformance.cases.entry import build_case
from conformance.cases.error_messages import complaints
from conformance.cases.errors import CaseError
from conformance.cases.model import Case, Document, Place, Problem
from conformance.cases.schema import FileHead
from conformance.cases.size_limits import MAX_BYTES
from conformance.cases.vary import expand
from conformance.cases.yaml_node import Node
from conformance.cases.yaml_source import read
from conformance.cases.yaml_syntax import Complaint, Spot

SUFFIXES = (".yaml", ".yml")
_NAME = re.compile(r"[\w.-]{1,200}")


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


def load(paths: str | Path | Sequence[str | Path], *, check: bool = True) -> Loaded:
    """Load the cases in files and folders.

    Whatever a file or a path is, this function does not raise; it returns problems.

    Parameters
    ----------
    paths
        A file or a folder of them, or several.
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
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
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
    path: Path, ids: dict[str, Place], *, check: bool
) -> tuple[list[Case], list[Problem]]:
    """Return the cases of a file, and its problems; add its ids to ``ids``."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return [], [_unreadable(path, f"this cannot be read: {error.strerror or error}")]
    entries, file_problems = _parse(str(path), data, check)
    cases, problems = [], list(file_problems)
    for case, case_id, place in entries:
        if case_id in ids:
            sentence = f"this id was already given at {ids[case_id]}"
            problems.append(Problem(place, case_id, sentence))
        elif case is not None:
            cases.append(case)
        if case_id is not None:
            ids.setdefault(case_id, place)
    return cases, problems


@lru_cache(maxsize=64)  # some commands read the corpus twice, and some programs run many commands
def _parse(
    file: str, data: bytes, check: bool
) -> tuple[list[tuple[Case | None, str | None, Place]], list[Problem]]:
    """Return every case of a file, or None for a wrong one, with its id and place, and problems."""
    root, text_complaints = read(data)
    problems = [
        Problem(Place(file, *spot), _id_at(root, spot), sentence)
        for spot, sentence in text_complaints
    ]
    places = {problem.place for problem in problems}
    entries = []
    for case, case_id, place, case_complaints in _entries(root, file, check=check):
        # A value that the reader of the text has complained about needs no second sentence.
        problems.extend(
            Problem(Place(file, *spot), case_id, sentence)
            for spot, sentence in case_complaints
            if Place(file, *spot) not in places
        )
        entries.append((case, case_id, place))
    return entries, problems


def _entries(
    root: Node | None, file: str, *, check: bool
) -> Iterator[tuple[Case | None, str | None, Place, list[Complaint]]]:
    """Yield every case of a file, or None for a wrong one, with its id, place and complaints."""
    if root is None:
        return
    try:
        header = FileHead.model_validate(root.value).document
    except ValidationError as error:
        yield None, None, Place(file, 1, 1), list(complaints(error, FileHead, root))
        return
    document = Document(**dict(header)) if header else None
    for entry in root.mapping()["cases"].entries():
        try:
            for node in expand(entry):
                place = Place(file, *node.find(("id",)))
                case, case_complaints = build_case(node, place, document, check=check)
                yield case, _id(node), place, case_complaints
        except CaseError as error:
            case_complaints = [(entry.find(path), sentence) for path, sentence in error.faults]
            yield None, _id(entry), Place(file, *entry.find(("id",))), case_complaints


def _id(node: Node) -> str | None:
    name = node.value.get("id") if isinstance(node.value, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else None


def _id_at(root: Node | None, spot: Spot) -> str | None:
    """Return the id of the case that a place is in, None if it is in none."""
    cases = root.child("cases") if root is not None else None
    entries = cases.entries() if cases is not None else []
    index = bisect_right(entries, spot, key=lambda entry: entry.spot) - 1
    return _id(entries[index]) if index >= 0 else None


def _unreadable(path: Path, sentence: str) -> Problem:
    return Problem(Place(str(path), 1, 1), None, sentence, unreadable=True)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Return the problems by place, each once, as all variants of a case may share one."""
    first = {(problem.place, problem.sentence): problem for problem in reversed(problems)}
    return sorted(first.values(), key=lambda problem: problem.place)
