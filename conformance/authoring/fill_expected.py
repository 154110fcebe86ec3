"""Inserts missing expected answers into case files, for a person to review.

An answer is inserted at the end of its case, as the YAML parser reports it; every other byte stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaml import events as ev

from conformance.authoring.drafts import expected
from conformance.authoring.yaml_writer import BOM, READABLE, WIDTH, flow, pair, said_by
from conformance.cases import Case, load
from conformance.cases.yaml_source import events

MANY = f"an answer of more than {READABLE} numbers, or of none"
VARIES = "vary, each variant of which has an answer of its own"
ODD = "written in a way that nothing can be inserted into"
"""Reasons for a case without an inserted answer."""


@dataclass(frozen=True)
class Result:
    """The result for the cases of one file that had no expected answer.

    Parameters
    ----------
    file
        The file.
    written
        The ids of the cases whose answers were inserted.
    skipped
        The reason for each of the others, by its id.
    """

    file: Path
    written: tuple[str, ...]
    skipped: Mapping[str, str]


@dataclass(frozen=True)
class _Position:
    """The position of a case in the text of a file.

    Parameters
    ----------
    column
        The column of its keys, or of its brace, counted from 0.
    end
        The index of the end of its last value.
    flow
        Whether it is in braces.
    """

    column: int
    end: int
    flow: bool


def fill(paths: Sequence[Path]) -> list[Result]:
    """Write the oracle's answers into case files, for the cases without an expected answer.

    Parameters
    ----------
    paths
        Files and folders. Files with problems stay as they are.

    Returns
    -------
    list of Result
        The result for each file without problems.
    """
    loaded = load(paths)
    files: dict[str, dict[str, Case]] = {}
    for case in loaded.cases:
        files.setdefault(case.place.file, {})[case.id] = case
    for problem in loaded.problems:
        files.pop(problem.place.file, None)
    return [_fill(Path(file), cases) for file, cases in files.items()]


def sentences(results: Sequence[Result]) -> Iterator[str]:
    """Describe the results of `fill`.

    Parameters
    ----------
    results
        The results.

    Yields
    ------
    str
        A sentence.
    """
    for result in results:
        if result.written:
            yield f"{result.file}: wrote what is expected of {', '.join(result.written)}"
    reasons = Counter(reason for result in results for reason in result.skipped.values())
    for reason, count in reasons.most_common():
        yield f"{count} left alone: {reason}"


def _fill(file: Path, cases: Mapping[str, Case]) -> Result:
    data = file.read_bytes().decode("utf-8")
    text = data.removeprefix(BOM)
    content = said_by(text)
    entries = content["cases"]
    skipped: dict[str, str] = {}
    answers: dict[int, dict[str, Any]] = {}
    for number, entry in enumerate(entries):
        if "expected" in entry:
            continue
        if "vary" in entry:
            skipped[entry["id"]] = VARIES
            continue
        answer = expected(cases[entry["id"]])
        if "shape" in answer:
            skipped[entry["id"]] = MANY
        else:
            answers[number] = answer
    new_text, ids = text, tuple(entries[number]["id"] for number in answers)
    for number, position in reversed(list(enumerate(_positions(text)))):
        if number in answers:
            new_text = _insert(new_text, position, answers[number])
            entries[number]["expected"] = _reread(answers[number])
    if said_by(new_text) != content:
        return Result(file, (), skipped | dict.fromkeys(ids, ODD))
    if answers:
        try:
            file.write_bytes((data[: len(data) - len(text)] + new_text).encode("utf-8"))
        except OSError as problem:
            reason = f"in {file}, which cannot be written: {problem.strerror}"
            return Result(file, (), skipped | dict.fromkeys(ids, reason))
    return Result(file, ids, skipped)


def _positions(text: str) -> Iterator[_Position]:
    """Return the position of each entry of the list under ``cases``, in their order."""
    depth, key, start, end = 0, "", None, 0
    for event in events(text):
        opens = isinstance(event, ev.CollectionStartEvent)
        closes = isinstance(event, ev.CollectionEndEvent)
        depth += opens - closes
        if depth == 1 and isinstance(event, ev.ScalarEvent):
            key = event.value  # or a value under the document's keys, which hold no list
        if key != "cases":
            continue
        if opens and depth == 3 and start is None:
            start = event
        elif closes and depth == 2 and start is not None:
            yield _Position(start.start_mark.column, end, start.flow_style)
            start = None
        elif isinstance(event, ev.ScalarEvent | ev.AliasEvent) or _is_bracket(event):
            end = event.end_mark.index


def _is_bracket(event: Any) -> bool:
    """Return whether an event is a closing bracket; the marks of a block's end are elsewhere."""
    width = event.end_mark.index - event.start_mark.index
    return isinstance(event, ev.CollectionEndEvent) and width == 1


def _insert(text: str, position: _Position, answer: Mapping[str, Any]) -> str:
    """Insert an expected answer after the last value of an entry."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if position.flow:
        before, after = text[: position.end], text[position.end :]
        column = len(before) - (before.rfind("\n") + 1)
        line = pair("expected", answer, " " * (position.column + 1), closing=1)
        insertion = f", {line.lstrip()}"
        tail = len(after.partition("\n")[0].rstrip())
        if "\n" in line or column + len(insertion) + tail > WIDTH:
            insertion = f",\n{line}"
        return before + insertion.replace("\n", newline) + after
    # The parser's end of a block scalar is after the empty lines that follow it.
    end = text.find(newline, len(text[: position.end].rstrip()))
    end = end if end >= 0 else len(text)
    line = pair("expected", answer, " " * position.column).replace("\n", newline)
    return f"{text[:end]}{newline}{line}{text[end:]}"


def _reread(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as a file with it is read."""
    return dict(said_by(f"expected: {flow(answer)}")["expected"])
