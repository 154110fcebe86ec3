"""Write and read baselines: files of the accepted answers, small enough to be read in a review.

A baseline is a table with a line for each API and case, below a header that names its source. The
header has a checksum, which reveals an edit by hand.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from conformance.gate.snapshot import Candidate, CannotCompare, Snapshot, stem
from conformance.observations import MODES, STATUSES, Key, Status, names_from_format_1
from conformance.recorded_answers import NONDETERMINISTIC, Answer
from conformance.runs.run_files import Header
from conformance.runs.selection import parse_options
from conformance.utils.reading import reading

FOLDER = Path("reports", "baseline")
FORMAT = 2
LONGEST = 2**30
"""Bytes of a baseline; ten million answers fit."""
OPENING = "# conformance baseline"
COLUMNS = ("api", "case", "content", *MODES)
LABELS = ("framework", "backend", "version", "runtime class")
"""The lines about the environment, which are fields of the header."""
AS_NATIVE = "as native"


def text(snapshot: Snapshot) -> str:
    """Return the text of a baseline: sorted, and the same on every day and machine."""
    header = "".join(f"{line}\n" for line in _header_lines(snapshot.header))
    table = io.StringIO()
    write = csv.writer(table, lineterminator="\n").writerow
    write(COLUMNS)
    by_case: dict[tuple[str, str, str], dict[str, Answer]] = {}
    for (api, case, mode), answer in snapshot.answers.items():
        by_case.setdefault((api, case, answer.content), {})[mode] = answer
    for row, answers in sorted(by_case.items()):
        write((*row, *_cells(answers)))
    rows = table.getvalue()
    return f"{header}{CHECKSUM}{checksum(header, rows)}\n{rows}"


CHECKSUM = "# checksum: "


def checksum(header: str, rows: str) -> str:
    """Return a digest of a baseline's header and table."""
    return hashlib.sha256(f"{header}\0{rows}".encode()).hexdigest()[:32]


def _header_lines(header: Header) -> Iterator[str]:
    yield f"{OPENING}, format {FORMAT}, written by `conformance accept` and by nobody's hand"
    for label in LABELS:
        value = getattr(header, label.replace(" ", "_"))
        if value is not None:
            yield f"# {label}: {value}"
    if header.selection is not None:
        yield from (f"# selected by: {words}" for words in header.selection.options())
    for api, is_available in sorted(header.apis.items()):
        yield f"# {'api' if is_available else 'no api'}: {api}"


def _cells(answers: Mapping[str, Answer]) -> tuple[str, str]:
    native, recipe = (_cell(answers[mode]) if mode in answers else "" for mode in MODES)
    return native, AS_NATIVE if native and recipe == native else recipe


def _cell(answer: Answer) -> str:
    """Return a cell such as ``mismatch float32 1x1x5 0123456789abcdef; kernel flip: flipped``."""
    words = " ".join(("/".join(answer.statuses), answer.mark)).strip()
    if not answer.explanations:
        return words
    return f"{words}; {' | '.join(' + '.join(names) for names in answer.explanations)}"


def is_baseline(path: Path) -> bool:
    """Return whether the file at ``path`` is a baseline: a run file begins with a brace.

    A file with a broken first line counts as a baseline.

    Raises ``OSError`` where the file cannot be read.
    """
    with path.open("rb") as file:
        return path.suffix == ".csv" or file.read(1) != b"{"


def baseline_path(folder: Path, candidate: Candidate) -> Path:
    """Return the path of the baseline in a folder that a run is compared with.

    It is of the same framework, backend and runtime class.

    Raises ``CannotCompare`` where there is none: a difference from another class may come from the
    machine.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    if stem(candidate.header) in paths:
        return paths[stem(candidate.header)]
    advice = (
        f"`conformance accept RUN... --to {folder}` writes one of your own, and"
        f" `conformance gate history {candidate.path}` compares with the nearest releases"
    )
    name, runtime_class = candidate.header.name, candidate.header.runtime_class
    classes = [stem.partition(".")[2] for stem in paths if stem.partition(".")[0] == name]
    if not classes:
        names = ", ".join(sorted({stem.partition(".")[0] for stem in paths})) or "none"
        raise CannotCompare(f"{folder}: no baseline of {name!r}, only of {names}; {advice}")
    if runtime_class is None:
        raise CannotCompare(
            f"{candidate.path}: it does not say in which runtime class it ran, and baselines of"
            f" {name} are for {_either(classes)}; a new run says it"
        )
    raise CannotCompare(
        f"{folder}: no baseline of {name} for the runtime class {runtime_class!r}, only for"
        f" {_either(classes)}, which may answer otherwise without any change of {name}; {advice}"
    )


def _either(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names if name) or "none in particular"


def read(path: Path) -> Snapshot:
    """Return the answers of the baseline at ``path``.

    Raises ``CannotCompare`` for a file that cannot be read, or that `text` has not made.
    """
    with reading(path, CannotCompare), path.open("rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise _damaged(path, f"a baseline has at most {LONGEST} bytes")
    try:
        content = _with_unix_line_ends(data).decode()
    except UnicodeDecodeError:
        raise _damaged(path, "it is not text") from None
    return parse(path, content)


def parse(path: Path, content: str) -> Snapshot:
    """Return the answers in the text of a baseline; errors name ``path``.

    Raises ``CannotCompare`` for a text that `text` has not made.
    """
    header, separator, tail = content.partition(f"\n{CHECKSUM}")
    header += "\n"
    digest, _, rows = tail.partition("\n")
    formats = [f"{OPENING}, format {number}," for number in range(1, FORMAT + 1)]
    if not header.startswith(tuple(formats)):
        raise _damaged(path, f"it does not begin with '{OPENING}, format {FORMAT}'")
    if not separator or digest != checksum(header, rows):
        raise _damaged(path, "its checksum does not hold")
    try:
        answers = _answers(rows)
        if header.startswith(formats[0]):
            answers = {key: _with_present_names(answer) for key, answer in answers.items()}
        return Snapshot(path, _header(header), answers)
    except (ValueError, csv.Error) as error:  # a program wrote it, with a checksum that is right
        raise _damaged(path, f"it holds what no baseline holds: {error}") from None


def _with_unix_line_ends(data: bytes) -> bytes:
    """Replace Windows line ends where every line has one: that is no edit."""
    is_from_windows = data.count(b"\r\n") == data.count(b"\n")
    return data.replace(b"\r\n", b"\n") if is_from_windows else data


def _damaged(path: Path, reason: str) -> CannotCompare:
    return CannotCompare(
        f"{path}: this baseline was edited by hand or damaged: {reason};"
        f" `conformance accept RUN... --to {path.parent}` writes it"
    )


def _header(lines: str) -> Header:
    fields: dict[str, Any] = {}
    apis: dict[str, bool] = {}
    parts: list[str] = []
    for line in lines.splitlines()[1:]:
        label, _, value = line.removeprefix("# ").partition(": ")
        if label in ("api", "no api"):
            apis[value] = label == "api"
        elif label == "selected by":
            parts.append(value)
        elif label in LABELS:
            fields[label.replace(" ", "_")] = value
        else:
            raise ValueError(f"a line that begins with {line[:40]!r}")
    if "framework" not in fields:
        raise ValueError("it is of no framework")
    return Header(**fields, apis=apis, selection=parse_options(parts))


def _answers(table: str) -> dict[Key, Answer]:
    rows = csv.reader(table.splitlines(), strict=True)
    if next(rows, None) != list(COLUMNS):
        raise ValueError(f"its columns are not {', '.join(COLUMNS)}")
    answers: dict[Key, Answer] = {}
    for api, case, content, native, recipe in rows:
        if recipe == AS_NATIVE:
            recipe = native
        for mode, cell in zip(MODES, (native, recipe), strict=True):
            if (api, case, mode) in answers:
                raise ValueError(f"{api} {case} {mode} stands in it twice")
            if cell:
                answers[api, case, mode] = _answer(cell, content)
    return answers


def _answer(cell: str, content: str) -> Answer:
    words, _, names = cell.partition("; ")
    states, _, mark = words.partition(" ")
    statuses = tuple(map(_status, states.split("/")))
    explanations = tuple(tuple(e.split(" + ")) for e in names.split(" | ")) if names else ()
    return Answer(statuses, mark, explanations, content)


def _with_present_names(answer: Answer) -> Answer:
    """Return an answer of a baseline of format 1 with the names that are written now."""
    explanations = names_from_format_1(answer.explanations)
    mark = NONDETERMINISTIC if answer.mark == "unsteady" else answer.mark
    return msgspec.structs.replace(answer, mark=mark, explanations=explanations)


def _status(word: str) -> Status:
    for status in STATUSES:
        if word == status:
            return status
    raise ValueError(f"the status {word[:40]!r}")
