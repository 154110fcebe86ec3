"""Keep the answers of an environment, so that a run asks it only what it was never asked.

An answer is kept under a digest of all that decides it: the call with its arrays, the files of the
environment, the variables and settings that its worker gets, the worker's own code, the processor
and the system. What our code makes of an answer is computed anew in each run.
"""

import os
import platform
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from conformance.adapters import javascript
from conformance.adapters.interop import CPU
from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import processor
from conformance.question import Array
from conformance.runs.prepared_case import digest_of
from conformance.workers import batched, program, protocol, worker
from conformance.workers.batching import Task
from conformance.workers.channel import KILLED
from conformance.workers.interpreter import Interpreter
from conformance.workers.outcomes import Answer, Crash, Outcome, Refusal
from conformance.workers.protocol import RuntimeInfo

FILE = "answers.sqlite"
"""The file in the folder of an environment."""
MOST_RUNTIMES = 16
"""How many runtimes of a folder are kept; the one that was used longest ago is dropped.

TensorFlow and Keras, with oneDNN and without, share a folder, each in a run and in its tests.
"""
PATIENCE = 60.0
"""Seconds to wait for another process that writes the same file."""
UNTRACKED = frozenset(
    {"LD_AUDIT", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP"}
)
"""Variables that make Python run files outside its environment: with one, nothing is kept."""
_OF_A_SESSION = re.compile(
    r"(_|COLUMNS|COLORTERM|DISPLAY|HOSTNAME|INVOCATION_ID|JOURNAL_STREAM|LINES|LOGNAME|LS_COLORS"
    r"|MAIL|OLDPWD|PATH|PS1|PWD|SHELL|SHLVL|TERM|TMPDIR|USER|VIRTUAL_ENV|VIRTUAL_ENV_PROMPT"
    r"|WINDOWID)\Z"
    r"|(ACTIONS|BUILDKITE|CI|CONFORMANCE|COVERAGE|DBUS|GITHUB|GITLAB|NOX|PIP|PYENV|PYTEST|RUNNER"
    r"|SSH|TMUX|UV|XDG)_"
)
"""Variables of a shell, a terminal or a build: they decide no answer, and differ between runs."""
_PROGRAMS = ("c++", "cc", "clang", "g++", "gcc", "node")
"""Programs with which some frameworks compile or run what they are asked."""
_TABLES = """
create table if not exists runtimes (runtime text primary key, identity blob, used integer);
create table if not exists answers (
  runtime text, call text, outcome blob, primary key (runtime, call)
) without rowid;
"""


_DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""Errors of a full disk or a damaged file, whose message may have damaged text."""
_SEAL = 16
"""Bytes of the digest before each value."""
_IDENTITIES = msgspec.msgpack.Decoder(RuntimeInfo)


class AnswerCache:
    """The kept answers of one runtime; without a file it keeps nothing.

    A file that cannot be read or written counts as empty: a cache ends no run.

    Parameters
    ----------
    path
        The file; None to keep nothing.
    runtime
        A digest of all that decides an answer besides the call.
    is_read
        Whether kept answers are returned; if not, new answers replace them.
    """

    def __init__(
        self, path: Path | None = None, runtime: str = "", *, is_read: bool = True
    ) -> None:
        self._runtime = runtime
        self._is_read = is_read
        self._database: sqlite3.Connection | None = None
        if path is None or not path.parent.is_dir():
            return
        try:
            self._database = _opened(path)
        except _DAMAGE:
            with suppress(OSError, *_DAMAGE):
                path.unlink()
                self._database = _opened(path)

    @property
    def identity(self) -> RuntimeInfo | None:
        """What a worker of this runtime reports, if one has ever started."""
        data = self._row("select identity from runtimes where runtime = ?")
        return None if data is None else _IDENTITIES.decode(data)

    @identity.setter
    def identity(self, identity: RuntimeInfo) -> None:
        self._write(
            "insert or replace into runtimes select ?, ?, 1 + coalesce(max(used), 0) from runtimes",
            self._sealed(msgspec.msgpack.encode(identity)),
        )
        for table in ("runtimes", "answers"):
            self._execute(
                f"delete from {table} where runtime not in"
                f" (select runtime from runtimes order by used desc limit {MOST_RUNTIMES})"
            )

    def get(self, task: Task) -> Outcome | None:
        """Return the kept outcome of a task; None if there is none."""
        row = "select outcome from answers where runtime = ? and call = ?"
        data = self._row(row, task.digest)
        return None if data is None else _DECODER.decode(data)

    def add(self, task: Task, outcome: Outcome) -> None:
        """Keep an outcome, unless the load of the machine may have decided it."""
        if _is_kept(outcome):
            data = self._sealed(msgspec.msgpack.encode(outcome, enc_hook=_parts), task.digest)
            self._write("insert or replace into answers values (?, ?, ?)", task.digest, data)

    def forget(self) -> None:
        """Drop all that is kept of this runtime."""
        for table in ("runtimes", "answers"):
            self._write(f"delete from {table} where runtime = ?")

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()

    def _row(self, statement: str, *values: str) -> bytes | None:
        """Return the value of a row, unless the file was damaged there."""
        rows = self._execute(statement, self._runtime, *values) if self._is_read else []
        sealed = rows[0][0] if rows else None
        data = sealed[_SEAL:] if isinstance(sealed, bytes) else b""
        return data if self._sealed(data, *values) == sealed else None

    def _sealed(self, data: bytes, *values: str) -> bytes:
        """Return data after its digest, in which the runtime and the call are."""
        parts = (self._runtime, *values)
        return digest_of((*map(str.encode, parts), data)).encode() + data

    def _write(self, statement: str, *values: str | bytes) -> None:
        self._execute(statement, self._runtime, *values)

    def _execute(self, statement: str, *values: str | bytes) -> list[tuple[object, ...]]:
        if self._database is None:
            return []
        try:
            return self._database.execute(statement, values).fetchall()
        except _DAMAGE:
            return []


NOTHING_KEPT = AnswerCache()


def cache_of(
    environment: Environment, interpreter: Interpreter, limits: str, *, is_read: bool
) -> AnswerCache:
    """Return the cache of the worker of an environment.

    Nothing is kept of an interpreter without pins, which may change under the same version, of
    another device than the CPU, whose driver is not known here, and where a variable makes Python
    run other files.

    Parameters
    ----------
    environment, interpreter
        The environment, which was made, and its interpreter.
    limits
        The limits of the worker, in words.
    is_read
        As of `AnswerCache`.
    """
    variables = {**os.environ, **interpreter.variables}
    if not environment.pins or environment.device != CPU or variables.keys() & UNTRACKED:
        return NOTHING_KEPT
    settings = FRAMEWORKS[environment.framework].settings
    parts = (
        _own_code(),
        repr(interpreter),
        limits,
        *(
            f"{name}={value}"
            for name, value in sorted(variables.items())
            if not _OF_A_SESSION.match(name)
        ),
        *(_contents(Path(os.path.expandvars(name)).expanduser()) for name in settings),
        *_files(environment.home),
        processor(),
        platform.platform(),
    )
    runtime = digest_of(part.encode(errors="surrogateescape") for part in parts)
    return AnswerCache(environment.home / FILE, runtime, is_read=is_read)


@cache
def _own_code() -> str:
    """Return our code in a worker and for what it sends and what is kept, as it was at first.

    That of libraries of JavaScript asks them through a program of ours.
    """
    modules = (str(module.__file__) for module in (worker, batched, program, protocol))
    files = *map(Path, modules), Path(__file__), *sorted(javascript.FOLDER.glob("*.js"))
    return "".join(file.read_text(encoding="utf-8") for file in files)


def _files(home: Path) -> Iterator[str]:
    """Yield the name, size and time of each installed file, and of the programs that run them.

    Bytecode, what is compiled later and what is kept are made from them.
    """
    programs = filter(None, (shutil.which(name) for name in _PROGRAMS))
    paths = [(home / "bin" / "python").resolve(), *(Path(file).resolve() for file in programs)]
    made_later = {home / "compiled", home / "runs"}
    for folder, folders, names in os.walk(home):
        folders[:] = [
            name
            for name in folders
            if name != "__pycache__" and Path(folder, name) not in made_later
        ]
        paths += [Path(folder, name) for name in names if not name.startswith(FILE)]
    for path in sorted(paths):
        with suppress(OSError):
            status = path.stat()
            yield f"{path} {status.st_size} {int(status.st_mtime)}"


def _contents(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return f"{path}: {path.read_text(encoding='utf-8')}"
    return f"{path}: none"


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file, and make its tables if it is new; each statement is a transaction."""
    connection = sqlite3.connect(
        path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("pragma journal_mode = wal")  # a commit waits for no disk
        connection.execute("pragma synchronous = normal")
        connection.executescript(_TABLES)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_kept(outcome: Outcome) -> bool:
    """Return whether an outcome depends on nothing but the call."""
    match outcome:
        case Answer(retry=None) | Refusal(retry=None):
            return True
        case Crash(reason=reason, out_of_memory=False):
            return reason != KILLED
    return False


def _parts(array: Array) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, array.tobytes()


def _array(_type: type, parts: tuple[str, tuple[int, ...], bytes]) -> Array:
    dtype, shape, data = parts
    return np.frombuffer(data, dtype).reshape(shape).copy()


_DECODER = msgspec.msgpack.Decoder(Answer | Refusal | Crash, dec_hook=_array)
