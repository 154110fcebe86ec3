"""The text of one case file into cases, and into sentences about what is wrong in it.

Apart from `loading`, as what this needs takes longer to import than cases that were kept to load.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from pydantic import ValidationError

from conformance.cases.entry import case_of
from conformance.cases.error_messages import complaints
from conformance.cases.errors import Refused
from conformance.cases.model import Case, Document, Place, Problem
from conformance.cases.schema import FileHead
from conformance.cases.vary import expanded
from conformance.cases.yaml_source import Complaint, Node, read

_NAME = re.compile(r"[\w.-]{1,200}")


def cases_of(
    data: bytes, file: str, ids: dict[str, Place], *, check: bool
) -> tuple[list[Case], list[Problem]]:
    """The cases in the text of ``file``, and its problems; its ids are added to ``ids``."""
    root, found = read(data)
    problems = [Problem(Place(file, *spot), None, sentence) for spot, sentence in found]
    if root is None:
        return [], problems
    problems = _with_ids(problems, root)
    known = {problem.place for problem in problems}
    cases = []
    for case, case_id, place, wrong in _entries(root, file, check=check):
        # What the reader of the text already told of a value needs no second sentence.
        told = [Problem(Place(file, *spot), case_id, sentence) for spot, sentence in wrong]
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
    for entry in root.mapping()["cases"].entries():
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
