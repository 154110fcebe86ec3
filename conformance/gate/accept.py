"""Accepting: runs of the same thing become the one baseline that later runs are held against.

What answers otherwise when it is asked again is recorded as that, or the gate would cry every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path

from conformance.gate import baseline, snapshot
from conformance.gate.compare import agree
from conformance.gate.snapshot import NONDETERMINISTIC, REAL, Answer, CannotCompare, Snapshot
from conformance.utils import durable_files
from conformance.utils.text import FORMULA, count

_FILE_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def accepted(paths: Sequence[Path]) -> dict[str, Snapshot]:
    """What the runs at ``paths`` come to, by the names of their baselines.

    Raises `CannotCompare` for runs that failed, are incomplete or contradict each other, and
    ``RunError`` for what is no run file.
    """
    by_name: dict[str, list[Snapshot]] = {}
    for path in paths:
        given = snapshot.given(path)
        _refuse_unwritable(given)
        by_name.setdefault(given.source.stem, []).append(given)
    return {name: reduce(_both, own) for name, own in sorted(by_name.items())}


def paths(accepted: dict[str, Snapshot], folder: Path) -> tuple[Path, ...]:
    """The files that `write` writes."""
    return tuple(folder / f"{name}.csv" for name in accepted)


def write(accepted: dict[str, Snapshot], folder: Path) -> tuple[Path, ...]:
    """Writes a baseline for each of them, all or none. Raises ``OSError``, and `CannotCompare`
    for what no baseline can hold.
    """
    texts = map(_text, accepted.values())
    files = dict(zip(paths(accepted, folder), texts, strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    durable_files.replace(files)
    return tuple(files)


def _text(given: Snapshot) -> bytes:
    """A baseline, once it is known to be read as what it was written from."""
    text, path = baseline.text(given), given.source.path
    try:
        held = baseline.parsed(path, text).answers
    except CannotCompare:
        held = {}
    for key, answer in given.answers.items():
        if held.get(key) != answer:
            raise CannotCompare(f"{path}: no baseline can hold what it says of {' '.join(key)}")
    return text.encode()


def refuse_narrower(accepted: dict[str, Snapshot], folder: Path) -> None:
    """Raises `CannotCompare` where a run of a part would replace a baseline that has more."""
    for path, given in zip(paths(accepted, folder), accepted.values(), strict=True):
        selection = given.source.selection
        if selection is None or not path.is_file():
            continue
        lost = baseline.read(path).answers.keys() - given.answers.keys()
        if lost:
            raise CannotCompare(
                f"{path} has {count(len(lost), 'answer')} more than a run of {selection};"
                " accept a run of everything, or name another folder with --to"
            )


def unsteady(given: Snapshot) -> int:
    """How many answers were not the same in every run."""
    return sum(answer.mark == NONDETERMINISTIC for answer in given.answers.values())


def _both(one: Snapshot, other: Snapshot) -> Snapshot:
    """What two runs of the same thing come to."""
    _refuse_contradiction(one, other)
    both = {key: _common(answer, other.answers[key]) for key, answer in one.answers.items()}
    return Snapshot(one.source, both)


def _common(one: Answer, other: Answer) -> Answer:
    statuses = tuple(sorted({*one.statuses, *other.statuses}))
    same = (one.statuses, one.mark) == (other.statuses, other.mark)
    if same and (one.mark != REAL or agree(one.explanations, other.explanations)):
        shared = tuple(names for names in one.explanations if names in other.explanations)
        return Answer(statuses, one.mark, shared, one.content)
    return Answer(statuses, NONDETERMINISTIC, (), one.content)


def _refuse_contradiction(one: Snapshot, other: Snapshot) -> None:
    paths = f"{one.source.path} and {other.source.path} are both of {one.source.name}, but"
    versions = one.source.version, other.source.version
    if versions[0] != versions[1]:
        raise CannotCompare(f"{paths} of the versions {versions[0]} and {versions[1]}")
    if one.source.apis != other.source.apis:
        raise CannotCompare(f"{paths} have not the same APIs")
    for key in one.answers.keys() ^ other.answers.keys():
        raise CannotCompare(f"{paths} only one of them asked {' '.join(key)}")
    for key, answer in one.answers.items():
        if answer.content != other.answers[key].content:
            raise CannotCompare(f"{paths} {key[1]} was not the same case")


def _refuse_unwritable(given: Snapshot) -> None:
    path, name = given.source.path, given.source.stem
    if not given.answers:
        raise CannotCompare(f"{path}: there are no observations to accept")
    if not _FILE_NAME.fullmatch(name):
        raise CannotCompare(f"{path}: no file can be called after {name!r}")
    for word in _words(given):
        if not word.isprintable():
            raise CannotCompare(f"{path}: {word!r} holds characters nobody can read")
    for cell in _cells(given):
        if cell.startswith(FORMULA):
            raise CannotCompare(f"{path}: {cell!r} would be a formula where a table shows it")


def _head(given: Snapshot) -> Iterable[str]:
    source = given.source
    selection = source.selection.options() if source.selection else ()
    return source.version or "", *selection, *source.apis


def _cells(given: Snapshot) -> Iterable[str]:
    """What begins a cell where the file is read as a table, in which a comma begins another."""
    for line in _head(given):
        yield from (part.strip(" ") for part in line.split(",")[1:])
    for (api, case, _), answer in given.answers.items():
        yield from (api, case, answer.content)


def _words(given: Snapshot) -> Iterable[str]:
    yield from _head(given)
    for key, answer in given.answers.items():
        yield from (*key, answer.mark, answer.content)
        for names in answer.explanations:
            yield from names
