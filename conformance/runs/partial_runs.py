"""Resume a stopped run, so that its file ends as if the run had not been stopped.

Several workers add their observations in the order in which they finish. At the end, the
observations are sorted into the order of the cases, so that the file does not depend on how the run
was made.
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
from conformance.runs.run_files import Footer, Hash, Header, RunError, Writer
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


_DECODER = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, kw_only=True)
class StoppedRun:
    """The content of a run file that a run can resume from.

    Attributes
    ----------
    header
        The header.
    done
        The keys of its observations.
    counts
        The number of observations with each status.
    end
        The end of the last whole line, in bytes.
    running_hash
        The running checksum of the lines up to there.
    complete
        Whether there is a footer.
    """

    header: Header
    done: frozenset[Key]
    counts: Counter[str]
    end: int
    running_hash: Hash
    complete: bool


def read(path: Path) -> StoppedRun | None:
    """Read the run at ``path`` to resume it.

    Parameters
    ----------
    path
        A run file, or where one is to be written.

    Returns
    -------
    StoppedRun or None
        None if there is no header, or one with a failure.

    Raises
    ------
    RunError
        If the file is not a run file.
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
    return StoppedRun(
        header=header,
        done=frozenset(done),
        counts=counts,
        end=end,
        running_hash=_hash(path, end),
        complete=complete,
    )


def _hash(path: Path, end: int) -> Hash:
    """Return the hash of the first ``end`` bytes of a run file."""
    running_hash = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(min(_CHUNK, end - file.tell())):
                running_hash.update(chunk)
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    return running_hash


def is_worth_keeping(path: Path) -> bool:
    """Return whether a file has any content other than a run that failed before it observed."""
    try:
        if not path.is_file() or not path.stat().st_size:
            return False
        return read(path) is not None
    except (RunError, OSError):
        return True


def require_known_keys(path: Path) -> None:
    """Raise `RunError` for a file that is not a run file, so that a run does not overwrite it.

    The beginning of the header is enough, as a run may have been stopped there.
    """
    try:
        with path.open("rb") as file:
            opening = file.read(len(_OPENING))
    except OSError:
        return
    if not _OPENING.startswith(opening):
        raise RunError(f"{path}: this is no run file, and would be overwritten; name another one")


def _end(path: Path) -> int:
    """Return the end of the last whole line of a file, in bytes; 0 if there is no file."""
    try:
        with path.open("rb") as file:
            start = file.seek(0, 2)
            while start:
                start, size = max(0, start - _CHUNK), min(start, _CHUNK)
                file.seek(start)
                newline = file.read(size).rfind(b"\n")
                if newline >= 0:
                    return start + newline + 1
    except FileNotFoundError:
        pass
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    return 0


@dataclass(frozen=True, kw_only=True)
class PartialRun:
    """A run file that is being written.

    Attributes
    ----------
    writer
        Appends to the file.
    done
        The keys of the observations that a stopped run left there.
    complete
        Whether there is nothing more to add.
    """

    writer: Writer
    done: frozenset[Key] = frozenset()
    complete: bool = False


@contextmanager
def writing(
    path: Path, header: Header, keys: Iterable[Key], *, resume: bool
) -> Iterator[PartialRun]:
    """Start a run file or resume one; `finish` completes it.

    Parameters
    ----------
    path
        The file.
    header
        The header of the run.
    keys
        The keys of all its observations.
    resume
        Whether to keep the observations of a stopped run.

    Yields
    ------
    PartialRun
        The file, after its header and the observations that it keeps.

    Raises
    ------
    RunError
        If the stopped run has another header or other keys, if the file is not a run file, or while
        another process writes it.
    """
    require_known_keys(path)
    with run_files.appending(path) as file:
        stopped = read(path) if resume else None
        if stopped is None:
            file.truncate(0)
            writer = Writer(file)
            writer.open(header)
            yield PartialRun(writer=writer)
        else:
            _require_same_run(path, stopped, header, keys)
            if not stopped.complete:
                file.truncate(stopped.end)
            writer = Writer(file, stopped.counts, stopped.running_hash)
            yield PartialRun(writer=writer, done=stopped.done, complete=stopped.complete)


_FIELD_NAMES = {
    "selection": "the selection",
    "cases": "the digest of the cases",
    "sources": "the digest of code, cases, pins and options",
    "asked": "the way of asking",
}


def _require_same_run(path: Path, stopped: StoppedRun, header: Header, keys: Iterable[Key]) -> None:
    # The digest of the cases says whether they are the same, whatever names their files have now.
    selection = header.selection
    if selection and stopped.header.selection:
        selection = replace(selection, cases=stopped.header.selection.cases)
    before = asdict(stopped.header)
    after = asdict(replace(header, files=stopped.header.files, selection=selection))
    differences = [
        f"{_FIELD_NAMES.get(name, name)} was {before[name]!r} and is {after[name]!r}"
        for name in before
        if before[name] != after[name]
    ]
    unknown = stopped.done.difference(keys)
    if unknown:
        differences.append(f"nobody asks now for {' '.join(min(unknown))}")
    if differences:
        raise RunError(
            f"{path}: another run was stopped there than this one: {'; '.join(differences)}"
        )


def finish(path: Path, writer: Writer, keys: Callable[[], Iterator[Key]]) -> None:
    """Complete a run file: sort its observations, and append the footer.

    Parameters
    ----------
    path
        The file.
    writer
        Its writer.
    keys
        Returns the keys of all observations in their order, at each call.

    Raises
    ------
    RunError
        Unless the file has each of these observations once, and no other.
    """
    writer.flush()
    with path.open("rb") as file:
        file.readline()
        if all(actual == key for actual, key in zip_longest(map(_key, file), keys())):
            writer.close()
        else:
            file.seek(0)
            temporary = path.with_name(f"{path.name}.ordered")
            with temporary.open("wb") as ordered:
                copy = Writer(ordered, writer.counts)
                copy.copy(file.readline())
                for line in _ordered(path, file, keys()):
                    copy.copy(line)
                copy.close()
            temporary.replace(path)
    durable_files.sync_folder(path.parent)


def _ordered(path: Path, lines: Iterator[bytes], keys: Iterator[Key]) -> Iterator[bytes]:
    """Yield the lines in the order of the keys, keeping only those that are read too early."""
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
    return _DECODER.decode(line).key
