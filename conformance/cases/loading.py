"""Case files read, with everything that is wrong in any of them told at once, each at its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from conformance.cases.case import Case, Document, Place
from conformance.cases.entries import case_of
from conformance.cases.models import FileHead
from conformance.cases.refusal import Refused
from conformance.cases.sentences import complaints
from conformance.cases.variants import expanded
from conformance.cases.yaml_source import MAX_BYTES, Complaint, Node, read

SUFFIXES = (".yaml", ".yml")
_NAME = re.compile(r"[\w.-]{1,200}")


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a case file, in a sentence; ``case_id`` where it is one case's."""

    place: Place
    case_id: str | None
    sentence: str

    def __str__(self) -> str:
        case = f"{self.case_id}: " if self.case_id else ""
        return f"{self.place}: {case}{self.sentence}"


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
    for path in paths:
        files, complaint = _files(path)
        if complaint:
            problems.append(Problem(Place(str(path), 1, 1), None, complaint))
        for file in files:
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
        return [], f"this cannot be read: {problem}"
    return found, None if found else "this folder has no case files (*.yaml, *.yml)"


def _load_file(
    file: Path, ids: dict[str, Place], *, check: bool
) -> tuple[list[Case], list[Problem]]:
    """The cases of a file, and its problems; the file's ids are added to ``ids``."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        why = problem.strerror or problem
        return [], [Problem(Place(str(file), 1, 1), None, f"this cannot be read: {why}")]
    root, found = read(data)
    problems = [Problem(Place(str(file), *spot), None, sentence) for spot, sentence in found]
    if root is None:
        return [], problems
    problems = _with_ids(problems, root)
    known = {problem.place for problem in problems}
    cases = []
    for case, case_id, place, wrong in _entries(root, str(file), check=check):
        # What the reader of the text already told of a value needs no second sentence.
        told = [Problem(Place(str(file), *spot), case_id, sentence) for spot, sentence in wrong]
        problems.extend(problem for problem in told if problem.place not in known)
        if case_id in ids:
            sentence = f"this id was already given at {ids[case_id]}"
            problems.append(Problem(place, case_id, sentence))
        elif case is not None:
            cases.append(case)
        if case_id is not None:
            ids.setdefault(case_id, place)
    return cases, problems


def _entries(
    root: Node, file: str, *, check: bool
) -> Iterator[tuple[Case | None, str | None, Place, list[Complaint]]]:
    """Every case in a file, or None, with its id if there is one, its place and what is wrong."""
    try:
        head = FileHead.model_validate(root.value)
    except ValidationError as error:
        yield None, None, Place(file, 1, 1), list(complaints(error, FileHead, root))
        return
    said = head.document
    document = Document(said.id, said.title, said.source) if said else None
    for index in range(len(head.cases)):
        entry = root.mapping()["cases"].item(index)
        try:
            for node in expanded(entry):
                place = Place(file, *node.find(("id",)))
                case, wrong = case_of(node, place, document, check=check)
                yield case, _id(node), place, wrong
        except Refused as refused:
            wrong = [(entry.find(path), sentence) for path, sentence in refused.wrongs]
            yield None, _id(entry), Place(file, *entry.find(("id",))), wrong


def _id(node: Node) -> str | None:
    name = node.value.get("id") if isinstance(node.value, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else None


def _with_ids(problems: list[Problem], root: Node) -> list[Problem]:
    """Problems of the text with the id of the case that they stand in."""
    cases = root.child("cases")
    entries = cases.children if cases is not None else None
    if not isinstance(entries, list):
        return problems
    starts = [entry.spot for entry in entries]
    named = []
    for problem in problems:
        index = bisect_right(starts, (problem.place.line, problem.place.column)) - 1
        case_id = _id(entries[index]) if index >= 0 else None
        named.append(Problem(problem.place, case_id, problem.sentence))
    return named


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Problems by their places; what is wrong in every variant of a case is told once."""
    first = {(problem.place, problem.sentence): problem for problem in reversed(problems)}
    return sorted(first.values(), key=lambda problem: problem.place)
