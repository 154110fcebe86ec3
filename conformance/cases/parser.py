"""Parse the text of one case file into cases and problems."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from pydantic import ValidationError

from conformance.cases.entry import build_case
from conformance.cases.error_messages import complaints
from conformance.cases.errors import CaseError
from conformance.cases.model import Case, Document, Place, Problem
from conformance.cases.schema import FileHead
from conformance.cases.vary import expand
from conformance.cases.yaml_node import Node
from conformance.cases.yaml_source import read
from conformance.cases.yaml_syntax import Complaint

_NAME = re.compile(r"[\w.-]{1,200}")


def parse_cases(
    data: bytes, file: str, ids: dict[str, Place], *, check: bool
) -> tuple[list[Case], list[Problem]]:
    """Return the valid cases of a file, and its problems.

    Parameters
    ----------
    data
        The bytes of the file.
    file
        Its name, for places.
    ids
        The place of every id so far; the file's ids are added.
    check
        Whether the statements of cases are compared with the oracle.
    """
    root, complaints_of_text = read(data)
    problems = [
        Problem(Place(file, *spot), None, sentence) for spot, sentence in complaints_of_text
    ]
    if root is None:
        return [], problems
    problems = _with_ids(problems, root)
    places = {problem.place for problem in problems}
    cases = []
    for case, case_id, place, case_complaints in _entries(root, file, check=check):
        # A value that the reader of the text has complained about needs no second sentence.
        problems.extend(
            Problem(Place(file, *spot), case_id, sentence)
            for spot, sentence in case_complaints
            if Place(file, *spot) not in places
        )
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
    """Yield every case of a file, or None for a wrong one, with its id, place and complaints."""
    try:
        head = FileHead.model_validate(root.value)
    except ValidationError as error:
        yield None, None, Place(file, 1, 1), list(complaints(error, FileHead, root))
        return
    header = head.document
    document = Document(header.id, header.title, header.source) if header else None
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


def _with_ids(problems: list[Problem], root: Node) -> list[Problem]:
    """Return the problems of the text with the ids of the cases that they stand in."""
    cases = root.child("cases")
    entries = cases.children if cases is not None else None
    if not isinstance(entries, list):
        return problems
    starts = [entry.spot for entry in entries]
    problems_with_ids = []
    for problem in problems:
        index = bisect_right(starts, (problem.place.line, problem.place.column)) - 1
        case_id = _id(entries[index]) if index >= 0 else None
        problems_with_ids.append(Problem(problem.place, case_id, problem.sentence))
    return problems_with_ids
