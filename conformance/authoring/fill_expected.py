"""Expected answers put into case files, so that people review numbers and need not make them.

Only what is missing is inserted, where the parser says that a case ends; every other byte stays.
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


@dataclass(frozen=True)
class Filled:
    """What became of the cases of one file.

    written  ids of those that say now what is expected
    left     the reason for each of the others that do not
    """

    file: Path
    written: tuple[str, ...]
    left: Mapping[str, str]


@dataclass(frozen=True)
class Spot:
    """Where an entry of a file's cases stands.

    column  of its keys, or of its brace, counted from 0
    end     the index in the text where the last thing that it says ends
    flow    whether it is in braces
    """

    column: int
    end: int
    flow: bool


def fill(paths: Sequence[Path]) -> list[Filled]:
    """Writes the oracle's answers into the files in ``paths``, for the cases that state nothing.

    A file with problems is left alone, as it is not known what it says.
    """
    loaded = load(paths)
    files: dict[str, dict[str, Case]] = {}
    for case in loaded.cases:
        files.setdefault(case.place.file, {})[case.id] = case
    for problem in loaded.problems:
        files.pop(problem.place.file, None)
    return [_fill(Path(file), cases) for file, cases in files.items()]


def sentences(filled: Sequence[Filled]) -> Iterator[str]:
    """What became of all files, for a person."""
    for one in filled:
        if one.written:
            yield f"{one.file}: wrote what is expected of {', '.join(one.written)}"
    reasons = Counter(reason for one in filled for reason in one.left.values())
    for reason, count in reasons.most_common():
        yield f"{count} left alone: {reason}"


def _fill(file: Path, cases: Mapping[str, Case]) -> Filled:
    data = file.read_bytes().decode("utf-8")
    text = data.removeprefix(BOM)
    says = said_by(text)
    left: dict[str, str] = {}
    answers: dict[int, dict[str, Any]] = {}
    for place, entry in enumerate(says["cases"]):
        if "expected" in entry:
            continue
        stated = None if "vary" in entry else expected(cases[entry["id"]])
        if stated is None:
            left[entry["id"]] = VARIES
        elif "shape" in stated:
            left[entry["id"]] = MANY
        else:
            answers[place] = stated
    made, ids = text, {says["cases"][place]["id"] for place in answers}
    for place, spot in reversed(list(enumerate(_spots(text)))):
        if place in answers:
            made = _inserted(made, spot, answers[place])
            says["cases"][place]["expected"] = _plain(answers[place])
    if said_by(made) != says:
        return Filled(file, (), left | dict.fromkeys(ids, ODD))
    if answers:
        try:
            file.write_bytes((data[: len(data) - len(text)] + made).encode("utf-8"))
        except OSError as problem:
            why = f"in {file}, which cannot be written: {problem.strerror}"
            return Filled(file, (), left | dict.fromkeys(ids, why))
    return Filled(file, tuple(entry["id"] for entry in says["cases"] if entry["id"] in ids), left)


def _spots(text: str) -> Iterator[Spot]:
    """Where each entry of the list under ``cases`` stands, in their order."""
    depth, key, begun, end = 0, "", None, 0
    for event in events(text):
        opens = isinstance(event, ev.CollectionStartEvent)
        closes = isinstance(event, ev.CollectionEndEvent)
        depth += opens - closes
        if depth == 1 and isinstance(event, ev.ScalarEvent):
            key = event.value  # or a value under the document's keys, which hold no list
        if key != "cases":
            continue
        if opens and depth == 3 and begun is None:
            begun = event
        elif closes and depth == 2 and begun is not None:
            yield Spot(begun.start_mark.column, end, begun.flow_style)
            begun = None
        elif isinstance(event, ev.ScalarEvent | ev.AliasEvent) or _is_bracket(event):
            end = event.end_mark.index


def _is_bracket(event: Any) -> bool:
    """Whether an event is the end of a list or mapping that is seen; of others it is further on."""
    width = event.end_mark.index - event.start_mark.index
    return isinstance(event, ev.CollectionEndEvent) and width == 1


def _inserted(text: str, spot: Spot, stated: Mapping[str, Any]) -> str:
    """The text with what is expected after the last thing that an entry says."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if spot.flow:
        before, after = text[: spot.end], text[spot.end :]
        begun = len(before) - (before.rfind("\n") + 1)
        said = pair("expected", stated, " " * (spot.column + 1), closing=1)
        short = f", {said.lstrip()}"
        rest = len(after.partition("\n")[0].rstrip())
        if "\n" in said or begun + len(short) + rest > WIDTH:
            short = f",\n{said}"
        return before + short.replace("\n", newline) + after
    # The text of a block scalar goes on to whatever comes after its line breaks.
    end = len(text[: spot.end].rstrip())
    end = next((at for at in (text.find(newline, end),) if at >= 0), len(text))
    said = pair("expected", stated, " " * spot.column).replace("\n", newline)
    return f"{text[:end]}{newline}{said}{text[end:]}"


def _plain(stated: Mapping[str, Any]) -> dict[str, Any]:
    """What is expected, as it is read from a file again."""
    return dict(said_by(f"expected: {flow(stated)}")["expected"])
