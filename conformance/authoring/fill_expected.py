"""Insert missing expected answers into case files, for a person to review.

An answer is inserted at the end of its case, as the YAML parser reports it; every other byte stays.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.authoring.drafts import expected_answer
from conformance.authoring.yaml_writer import BOM, READABLE, WIDTH, content_of, flow, is_same, pair
from conformance.cases import Case, load
from conformance.cases.yaml_source import Node, read

MANY = f"an answer of more than {READABLE} numbers, or of none"
VARIES = "vary, each variant of which has an answer of its own"
ODD = "written in a way that nothing can be inserted into"
"""Reasons for a case without an inserted answer."""


@dataclass(frozen=True)
class Result:
    """The result for the cases of one file that had no expected answer.

    Parameters
    ----------
    written
        The ids of the cases whose answers were inserted.
    skipped
        The reason for each of the others, by its id.
    """

    file: Path
    written: tuple[str, ...]
    skipped: Mapping[str, str]


def fill(paths: Sequence[Path]) -> list[Result]:
    """Write the oracle's answers into case files, for the cases without an expected answer.

    Parameters
    ----------
    paths
        Files and folders. Files with problems stay as they are, and have no result.
    """
    loaded = load(paths)
    files: dict[str, dict[str, Case]] = {}
    for case in loaded.cases:
        files.setdefault(case.place.file, {})[case.id] = case
    for problem in loaded.problems:
        files.pop(problem.place.file, None)
    return [_fill(Path(file), cases) for file, cases in files.items()]


def sentences(results: Sequence[Result]) -> Iterator[str]:
    """Yield sentences about the results of `fill`."""
    for result in results:
        if result.written:
            yield f"{result.file}: wrote what is expected of {', '.join(result.written)}"
    reasons = Counter(reason for result in results for reason in result.skipped.values())
    for reason, count in reasons.most_common():
        yield f"{count} left alone: {reason}"


def _fill(file: Path, cases: Mapping[str, Case]) -> Result:
    data = file.read_bytes().decode("utf-8")
    text = data.removeprefix(BOM)
    root, _ = read(text.encode())
    assert root is not None  # the file has no problems
    nodes = root.mapping()["cases"].entries()
    skipped: dict[str, str] = {}
    answers: list[tuple[Node, dict[str, Any]]] = []
    for node in nodes:
        case_id = node.value["id"]
        if "expected" in node.value:
            continue
        if "vary" in node.value:
            skipped[case_id] = VARIES
            continue
        answer = expected_answer(cases[case_id])
        if "shape" in answer:
            skipped[case_id] = MANY
        else:
            answers.append((node, answer))
    new_text, ids = text, tuple(node.value["id"] for node, _ in answers)
    for node, answer in reversed(answers):
        new_text = _insert(new_text, node, answer)
        # as a file with the answer is read
        node.value["expected"] = content_of(f"expected: {flow(answer)}")["expected"]
    if not is_same(content_of(new_text), root.value):
        return Result(file, (), skipped | dict.fromkeys(ids, ODD))
    if answers:
        try:
            file.write_bytes((data[: len(data) - len(text)] + new_text).encode("utf-8"))
        except OSError as problem:
            reason = f"in {file}, which cannot be written: {problem.strerror}"
            return Result(file, (), skipped | dict.fromkeys(ids, reason))
    return Result(file, ids, skipped)


def _insert(text: str, node: Node, answer: Mapping[str, Any]) -> str:
    """Insert an expected answer after the last value of an entry."""
    newline = "\r\n" if "\r\n" in text else "\n"
    start = node.spot[1] - 1
    if node.is_flow:
        before, after = text[: node.end], text[node.end :]
        column = len(before) - (before.rfind("\n") + 1)
        line = pair("expected", answer, " " * (start + 1), closing=1)
        insertion = f", {line.lstrip()}"
        tail = len(after.partition("\n")[0].rstrip())
        if "\n" in line or column + len(insertion) + tail > WIDTH:
            insertion = f",\n{line}"
        return before + insertion.replace("\n", newline) + after
    # The parser's end of a block scalar is after the empty lines that follow it.
    end = text.find(newline, len(text[: node.end].rstrip()))
    end = end if end >= 0 else len(text)
    line = pair("expected", answer, " " * start).replace("\n", newline)
    return f"{text[:end]}{newline}{line}{text[end:]}"
