"""Resuming: a run that was stopped goes on, and ends in the file that it would have ended in.

Several workers give their observations as they come, and a file that is stopped holds them so. In
the end they are put into the order of the cases, so that how a run was made leaves no trace in it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from pathlib import Path

import msgspec

from conformance.observations import Key, Mode, Status
from conformance.runs import run_files
from conformance.runs.run_files import Footer, Header, RunError, Summed, Writer
from conformance.utils import durable_files

_CHUNK = 2**16
_OPENING = b'{"kind": "header"'


class _Line(msgspec.Struct, tag_field="kind", tag="observation"):
    api: str
    case: str
    mode: Mode
    status: Status

    @property
    def key(self) -> Key:
        return self.api, self.case, self.mode


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a run that was stopped has left.

    done    what was observed
    counts  how often each status was
    end     of the last whole line, in bytes
    summed  the lines up to there
    """

    header: Header
    done: frozenset[Key]
    counts: Counter[str]
    end: int
    summed: Summed
    complete: bool


def left(path: Path) -> Left | None:
    """What there is to go on from at ``path``: nothing where no run got as far as its header.

    Raises `RunError` for what is not a run file.
    """
    end = _end(path)
    if not end:
        return None
    header = None
    done: set[Key] = set()
    counts: Counter[str] = Counter()
    complete = False
    for line in run_files.lines(path, _Line):
        if isinstance(line, Header):
            header = line
        elif isinstance(line, Footer):
            complete = True
        else:
            if line.key in done:
                raise RunError(f"{path}: {line.key} was observed twice")
            done.add(line.key)
            counts[line.status] += 1
    assert header is not None  # or `lines` had raised
    if header.failure is not None:
        return None
    return Left(
        header=header,
        done=frozenset(done),
        counts=counts,
        end=end,
        summed=_summed(path, end),
        complete=complete,
    )


def _summed(path: Path, end: int) -> Summed:
    """The first ``end`` bytes of a run file."""
    summed = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(min(_CHUNK, end - file.tell())):
                summed.update(chunk)
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    return summed


def is_worth_keeping(path: Path) -> bool:
    """Whether there is anything at ``path`` but a run that says why nothing could be observed."""
    try:
        if not path.is_file() or not path.stat().st_size:
            return False
        return left(path) is not None
    except (RunError, OSError):
        return True


def require_known_keys(path: Path) -> None:
    """Raises `RunError` for a file that is no run file, and would be one after it was written to.

    The beginning of the header is enough: a run may have been stopped there.
    """
    try:
        with path.open("rb") as file:
            opening = file.read(len(_OPENING))
    except OSError:
        return
    if not _OPENING.startswith(opening):
        raise RunError(f"{path}: this is no run file, and would be overwritten; name another one")


def _end(path: Path) -> int:
    """The end of the last whole line of a file, in bytes; 0 where there is no file."""
    try:
        with path.open("rb") as file:
            start = file.seek(0, 2)
            while start:
                start, size = max(0, start - _CHUNK), min(start, _CHUNK)
                file.seek(start)
                found = file.read(size).rfind(b"\n")
                if found >= 0:
                    return start + found + 1
    except FileNotFoundError:
        pass
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    return 0


@dataclass(frozen=True, kw_only=True)
class PartialRun:
    """A run file to write to: what stands there already, and whether that is all."""

    writer: Writer
    done: frozenset[Key] = frozenset()
    complete: bool = False


@contextmanager
def writing(
    path: Path, header: Header, keys: Iterable[Key], *, resume: bool
) -> Iterator[PartialRun]:
    """A run file that is begun, or gone on with if it may and can be; `finish` ends it.

    Raises `RunError` where another run than one with this header and of these keys was stopped,
    and where one is just being written.
    """
    require_known_keys(path)
    with run_files.appending(path) as file:
        was = left(path) if resume else None
        if was is None:
            file.truncate(0)
            writer = Writer(file)
            writer.open(header)
            yield PartialRun(writer=writer)
        else:
            _refuse_others(path, was, header, keys)
            if not was.complete:
                file.truncate(was.end)
            writer = Writer(file, was.counts, was.summed)
            yield PartialRun(writer=writer, done=was.done, complete=was.complete)


_WORDS = {
    "selection": "the selection",
    "cases": "the digest of the cases",
    "sources": "the digest of code, cases, pins and options",
    "asked": "the way of asking",
}


def _refuse_others(path: Path, was: Left, now: Header, keys: Iterable[Key]) -> None:
    # However the files are named now, the digest of the cases says whether they are the same.
    selection = now.selection
    if selection and was.header.selection:
        selection = replace(selection, cases=was.header.selection.cases)
    same_names = replace(now, files=was.header.files, selection=selection)
    before, after = asdict(was.header), asdict(same_names)
    told = [
        f"{_WORDS.get(name, name)} was {before[name]!r} and is {after[name]!r}"
        for name in before
        if before[name] != after[name]
    ]
    strange = was.done.difference(keys)
    if strange:
        told.append(f"nobody asks now for {' '.join(min(strange))}")
    if told:
        raise RunError(f"{path}: another run was stopped there than this one: {'; '.join(told)}")


def finish(path: Path, writer: Writer, keys: Callable[[], Iterator[Key]]) -> None:
    """Ends the run at ``path``: its observations in the order of ``keys``, and the footer.

    Raises `RunError` unless just these were observed, each once.
    """
    writer.flush()
    with path.open("rb") as file:
        file.readline()
        if all(one == other for one, other in zip_longest(map(_key, file), keys())):
            writer.close()
        else:
            file.seek(0)
            beside = path.with_name(f"{path.name}.ordered")
            with beside.open("wb") as ordered:
                copy = Writer(ordered, writer.counts)
                copy.copy(file.readline())
                for line in _ordered(path, file, keys()):
                    copy.copy(line)
                copy.close()
            beside.replace(path)
    durable_files.sync_folder(path.parent)


def _ordered(path: Path, lines: Iterator[bytes], keys: Iterator[Key]) -> Iterator[bytes]:
    """Keeps no more lines at a time than came before their turn."""
    early: dict[Key, bytes] = {}
    for key in keys:
        while key not in early:
            line = next(lines, None)
            if line is None:
                raise RunError(f"{path}: {key} was not observed")
            early[_key(line)] = line
        yield early.pop(key)
    for key in (*early, *map(_key, lines)):
        raise RunError(f"{path}: {key} was observed, and nobody asked for it, or once only")


def _key(line: bytes) -> Key:
    return _LINE.decode(line).key


_LINE = msgspec.json.Decoder(_Line)
