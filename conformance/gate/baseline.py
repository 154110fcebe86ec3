"""Baselines: what was last accepted of each framework, small enough to be read in a review.

A table of one line for each API and case, under a head that says of what it is and sums it up, so
that an edit by hand is noticed.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conformance.gate.snapshot import Answer, CannotCompare, Snapshot, Source
from conformance.observations import MODES, STATUSES, Key, Status
from conformance.runs.selection import selected

FOLDER = Path("reports", "baseline")
FORMAT = 1
LONGEST = 2**30
"""Bytes of a baseline: of ten million answers."""
OPENING = "# conformance baseline"
COLUMNS = ("api", "case", "content", *MODES)
FACTS = ("framework", "backend", "version", "runtime class")
AS_NATIVE = "as native"


def text(accepted: Snapshot) -> str:
    """The baseline as its file holds it: sorted, and the same on every day and machine."""
    head = "".join(f"{line}\n" for line in _head(accepted.source))
    table = io.StringIO()
    write = csv.writer(table, lineterminator="\n").writerow
    write(COLUMNS)
    by_case: dict[tuple[str, str, str], dict[str, Answer]] = {}
    for (api, case, mode), answer in accepted.answers.items():
        by_case.setdefault((api, case, answer.content), {})[mode] = answer
    for row, answers in sorted(by_case.items()):
        write((*row, *_cells(answers)))
    rest = table.getvalue()
    return f"{head}{CHECKSUM}{checksum(head, rest)}\n{rest}"


CHECKSUM = "# checksum: "


def checksum(head: str, rest: str) -> str:
    """What stands under a head, and changes with everything above and below it."""
    return hashlib.sha256(f"{head}\0{rest}".encode()).hexdigest()[:32]


def _head(source: Source) -> Iterator[str]:
    yield f"{OPENING}, format {FORMAT}, written by `conformance accept` and by nobody's hand"
    yield f"# framework: {source.framework}"
    if source.backend is not None:
        yield f"# backend: {source.backend}"
    if source.version is not None:
        yield f"# version: {source.version}"
    if source.runtime_class is not None:
        yield f"# runtime class: {source.runtime_class}"
    if source.selection is not None:
        yield from (f"# selected by: {words}" for words in source.selection.options())
    for api, there in sorted(source.apis.items()):
        yield f"# {'api' if there else 'no api'}: {api}"


def _cells(answers: Mapping[str, Answer]) -> Iterator[str]:
    native = answers.get("native")
    yield _cell(native) if native else ""
    recipe = answers.get("recipe")
    if native and recipe == native:
        yield AS_NATIVE
    else:
        yield _cell(recipe) if recipe else ""


def _cell(answer: Answer) -> str:
    """Such as ``mismatch float32 1x1x5 0123456789abcdef; kernel flip: flipped``."""
    words = " ".join(("/".join(answer.statuses), answer.mark)).strip()
    if not answer.explanations:
        return words
    return f"{words}; {' | '.join(' + '.join(names) for names in answer.explanations)}"


def is_baseline(path: Path) -> bool:
    """Whether the file at ``path`` is to be read as a baseline: a run file begins with a brace.

    A baseline with a broken first line is one all the same. Raises ``OSError``.
    """
    with path.open("rb") as file:
        return path.suffix == ".csv" or file.read(1) != b"{"


def among(folder: Path, candidate: Source) -> Path:
    """Return the baseline in a folder that is of the candidate's framework and runtime class.

    Raises
    ------
    CannotCompare
        Where there is none: a difference from another class would be the machine's.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    if candidate.stem in paths:
        return paths[candidate.stem]
    write = f"`conformance accept RUN... --to {folder}` writes one of your own"
    name, runtime_class = candidate.name, candidate.runtime_class
    classes = [stem.partition(".")[2] for stem in paths if stem.partition(".")[0] == name]
    if not classes:
        names = ", ".join(sorted({stem.partition(".")[0] for stem in paths})) or "none"
        raise CannotCompare(f"{folder}: no baseline of {name!r}, only of {names}; {write}")
    if runtime_class is None:
        raise CannotCompare(
            f"{candidate.path}: it does not say in which runtime class it ran, and baselines of"
            f" {name} are for {_either(classes)}; a new run says it"
        )
    raise CannotCompare(
        f"{folder}: no baseline of {name} for the runtime class {runtime_class!r}, only for"
        f" {_either(classes)}, which may answer otherwise without any change of {name}; {write}"
    )


def _either(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names if name) or "none in particular"


def read(path: Path) -> Snapshot:
    """The baseline at ``path``. Raises `CannotCompare` for a file that `text` has not made."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise _damaged(path, f"a baseline has at most {LONGEST} bytes")
        held = _unbroken(data).decode()
    except OSError as error:
        raise CannotCompare(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise _damaged(path, "it is not text") from None
    return parsed(path, held)


def parsed(path: Path, held: str) -> Snapshot:
    """Read the text of a baseline.

    Parameters
    ----------
    path
        Where it stands.
    held
        As `text` makes it.

    Raises
    ------
    CannotCompare
        For what `text` has not made.
    """
    head, found, rest = held.partition(f"\n{CHECKSUM}")
    head += "\n"
    summed, _, rest = rest.partition("\n")
    if not head.startswith(f"{OPENING}, format {FORMAT},"):
        raise _damaged(path, f"it does not begin with '{OPENING}, format {FORMAT}'")
    if not found or summed != checksum(head, rest):
        raise _damaged(path, "its checksum does not hold")
    try:
        return Snapshot(_source(path, head), _answers(rest))
    except (ValueError, csv.Error) as error:  # not by hand, but by something else
        raise _damaged(path, f"it holds what no baseline holds: {error}") from None


def _unbroken(data: bytes) -> bytes:
    """Lines may all have got the ends that are usual on Windows: that is no edit."""
    everywhere = data.count(b"\r\n") == data.count(b"\n")
    return data.replace(b"\r\n", b"\n") if everywhere else data


def _damaged(path: Path, why: str) -> CannotCompare:
    return CannotCompare(
        f"{path}: this baseline was edited by hand or damaged: {why};"
        f" `conformance accept RUN... --to {path.parent}` writes it"
    )


def _source(path: Path, head: str) -> Source:
    facts: dict[str, str] = {}
    apis: dict[str, bool] = {}
    parts: list[str] = []
    for line in head.splitlines()[1:]:
        what, _, value = line.removeprefix("# ").partition(": ")
        if what in ("api", "no api"):
            apis[value] = what == "api"
        elif what == "selected by":
            parts.append(value)
        elif what in FACTS:
            facts[what] = value
        else:
            raise ValueError(f"a line that begins with {line[:40]!r}")
    if "framework" not in facts:
        raise ValueError("it is of no framework")
    return Source(
        path=path,
        framework=facts["framework"],
        backend=facts.get("backend"),
        version=facts.get("version"),
        runtime_class=facts.get("runtime class"),
        apis=apis,
        selection=selected(parts),
    )


def _answers(rest: str) -> dict[Key, Answer]:
    rows = csv.reader(rest.splitlines(), strict=True)
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
    said, _, mark = words.partition(" ")
    statuses = tuple(map(_status, said.split("/")))
    explanations = tuple(tuple(one.split(" + ")) for one in names.split(" | ")) if names else ()
    return Answer(statuses, mark, explanations, content)


def _status(word: str) -> Status:
    for status in STATUSES:
        if word == status:
            return status
    raise ValueError(f"the status {word[:40]!r}")
