"""Turn runs of the same framework into the baseline that later runs are compared with.

An answer that differs between these runs is recorded as nondeterministic, as the gate would report
it again and again otherwise.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

from conformance.gate import baseline
from conformance.gate.snapshot import CannotCompare, Snapshot, read_run, stem
from conformance.recorded_answers import NONDETERMINISTIC, Answer, agree
from conformance.utils import durable_files
from conformance.utils.text import FORMULA, count

_FILE_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def snapshots(paths: Sequence[Path]) -> dict[str, Snapshot]:
    """Merge the runs at ``paths`` into one snapshot for each framework and runtime class.

    Raises ``CannotCompare`` for runs that failed, are incomplete or contradict each other. Raises
    ``RunError`` for a file that is not a run file.

    Returns
    -------
    dict of str to Snapshot
        By the names of the baselines, sorted.
    """
    by_name: dict[str, list[Snapshot]] = {}
    for path in paths:
        run = read_run(path)
        _refuse_unwritable(run)
        by_name.setdefault(stem(run.header), []).append(run)
    return {name: reduce(_merge, runs) for name, runs in sorted(by_name.items())}


def paths(snapshots: Mapping[str, Snapshot], folder: Path) -> tuple[Path, ...]:
    """Return the paths of the files that `write` writes."""
    return tuple(folder / f"{name}.csv" for name in snapshots)


def write(snapshots: Mapping[str, Snapshot], folder: Path) -> tuple[Path, ...]:
    """Write a baseline for each snapshot, all or none, and return their paths.

    Raises ``CannotCompare`` for a snapshot that no baseline can hold. Raises ``OSError`` where the
    files cannot be written.
    """
    texts = map(_text, snapshots.values())
    files = dict(zip(paths(snapshots, folder), texts, strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    durable_files.replace(files)
    return tuple(files)


def _text(run: Snapshot) -> bytes:
    """Return a baseline, after a check that reading it gives the same answers."""
    text, path = baseline.text(run), run.path
    try:
        answers = baseline.parse(path, text).answers
    except CannotCompare:
        answers = {}
    for key, answer in run.answers.items():
        if answers.get(key) != answer:
            raise CannotCompare(f"{path}: no baseline can hold what it says of {' '.join(key)}")
    return text.encode()


def refuse_narrower(snapshots: Mapping[str, Snapshot], folder: Path) -> None:
    """Raise `CannotCompare` where a partial run would replace a baseline with more answers."""
    for path, run in zip(paths(snapshots, folder), snapshots.values(), strict=True):
        selection = run.header.selection
        if selection is None or not path.is_file():
            continue
        surplus = baseline.read(path).answers.keys() - run.answers.keys()
        if surplus:
            raise CannotCompare(
                f"{path} has {count(len(surplus), 'answer')} more than a run of {selection};"
                " accept a run of everything, or name another folder with --to"
            )


def nondeterministic_count(run: Snapshot) -> int:
    """Return how many answers were not the same in every run."""
    return sum(answer.mark == NONDETERMINISTIC for answer in run.answers.values())


def _merge(first: Snapshot, second: Snapshot) -> Snapshot:
    _refuse_contradiction(first, second)
    answers = {
        key: _common_answer(answer, second.answers[key]) for key, answer in first.answers.items()
    }
    return replace(first, answers=answers)


def _common_answer(first: Answer, second: Answer) -> Answer:
    statuses = tuple(sorted({*first.statuses, *second.statuses}))
    if first.statuses == second.statuses and agree(first, second):
        shared = tuple(names for names in first.explanations if names in second.explanations)
        return Answer(statuses, first.mark, shared, first.content)
    return Answer(statuses, NONDETERMINISTIC, (), first.content)


def _refuse_contradiction(first: Snapshot, second: Snapshot) -> None:
    prefix = f"{first.path} and {second.path} are both of {first.header.name}, but"
    versions = first.header.version, second.header.version
    if versions[0] != versions[1]:
        raise CannotCompare(f"{prefix} of the versions {versions[0]} and {versions[1]}")
    if first.header.apis != second.header.apis:
        raise CannotCompare(f"{prefix} have not the same APIs")
    for key in first.answers.keys() ^ second.answers.keys():
        raise CannotCompare(f"{prefix} only one of them asked {' '.join(key)}")
    for key, answer in first.answers.items():
        if answer.content != second.answers[key].content:
            raise CannotCompare(f"{prefix} {key[1]} was not the same case")


def _refuse_unwritable(run: Snapshot) -> None:
    path, name = run.path, stem(run.header)
    if not run.answers:
        raise CannotCompare(f"{path}: there are no observations to accept")
    if not _FILE_NAME.fullmatch(name):
        raise CannotCompare(f"{path}: no file can be called after {name!r}")
    for word in _words(run):
        if not word.isprintable():
            raise CannotCompare(f"{path}: {word!r} holds characters nobody can read")
    for cell in _cells(run):
        if cell.startswith(FORMULA):
            raise CannotCompare(f"{path}: {cell!r} would be a formula where a table shows it")


def _header(run: Snapshot) -> Iterable[str]:
    selection = run.header.selection.options() if run.header.selection else ()
    return run.header.version or "", *selection, *run.header.apis


def _cells(run: Snapshot) -> Iterable[str]:
    """Yield the texts that begin a cell where a program reads the whole file as a table."""
    for line in _header(run):
        yield from (part.strip(" ") for part in line.split(",")[1:])
    for (api, case, _), answer in run.answers.items():
        yield from (api, case, answer.content)


def _words(run: Snapshot) -> Iterable[str]:
    yield from _header(run)
    for key, answer in run.answers.items():
        yield from (*key, answer.mark, answer.content)
        for names in answer.explanations:
            yield from names
