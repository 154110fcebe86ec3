"""Finds the Pythons that are installed here, however a person names them.

PATH alone is not enough. A version manager puts a shim there for every version that it keeps, and
a shim of one that is not chosen only prints an error. So every candidate is run once, and what does
not start is passed over for the folders where managers keep the Pythons themselves.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from conformance.workers import process

OLDEST = (3, 8)
"""The oldest Python that a worker runs on."""
HERE = Path(sys.executable)
"""The Python that runs this package."""

Numbers: TypeAlias = tuple[int, ...]

_SHIMS = "shims"
_SECONDS = 30.0  # that a candidate may take to say its version
_BYTES = 2**14  # that it may print
_PROBE = (
    "import sys; print('conformance', '.'.join(map(str, sys.version_info[:3])),"
    " sys.implementation.name, getattr(sys, 'abiflags', ''))"
)
_ANSWER = re.compile(r"^conformance (\d+)\.(\d+)\.(\d+) cpython ?[a-su-z]*$", re.MULTILINE)
_REQUEST = re.compile(r"(?:python)?(\d+(?:\.\d+){0,2})?", re.IGNORECASE)
_NAME = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True)
class Python:
    """An installed Python: three numbers of its version, and the path that starts it."""

    version: Numbers
    executable: Path


@dataclass(frozen=True)
class Manager:
    """A program that keeps several Pythons, each in a folder of its own.

    variable  the environment variable that names its folder
    folder    the folder otherwise, with ``{data}`` for the one of the user's data
    versions  where in that folder the Pythons are
    """

    name: str
    variable: str
    folder: str
    versions: str = ""

    @property
    def path(self) -> Path:
        """The folder of its Pythons, whether it is there or not."""
        data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        folder = os.environ.get(self.variable) or self.folder.format(data=data)
        return Path(os.path.expanduser(folder), self.versions)  # noqa: PTH111  # it never raises

    def installations(self) -> list[Path]:
        """The folders of its Pythons, the newest first, without virtual environments."""
        folders = [path for path in self.path.glob("*") if not _is_there(path / "pyvenv.cfg")]
        return sorted(folders, key=lambda path: (_digits(path.name), path.name), reverse=True)


MANAGERS = (
    Manager("pyenv", "PYENV_ROOT", "~/.pyenv", "versions"),
    Manager("uv", "UV_PYTHON_INSTALL_DIR", "{data}/uv/python"),
    Manager("mise", "MISE_DATA_DIR", "{data}/mise", "installs/python"),
    Manager("asdf", "ASDF_DATA_DIR", "~/.asdf", "installs/python"),
)
"""In the order in which they are searched."""


def numbers(request: str) -> Numbers | None:
    """Reads the version that a request names.

    Parameters
    ----------
    request
        Such as ``3.8``, ``3.8.18``, ``python3.8`` or ``python``.

    Returns
    -------
    tuple of int or None
        As many numbers as there are in it; None where it is no version, but a path or another name.
    """
    match = _REQUEST.fullmatch(request)
    return _digits(match[1] or "") if match and request else None


def find(request: str) -> str | None:
    """Finds the Python that a request names.

    A path is taken as it is, unless it is a shim that does not start: that one stands for its name.
    A version is searched for on PATH, in this Python, and in the folders of version managers. Any
    other name is looked up on PATH.

    Parameters
    ----------
    request
        A version or a name as of `numbers`, or the path of an interpreter or of the folder that it
        is installed in.

    Returns
    -------
    str or None
        The path of an interpreter, which may not exist where a path was named; None where there is
        no such Python.
    """
    if os.sep in request:
        path = _interpreter(request)
        if path.parent.name != _SHIMS or _probed(path):
            return str(path)
        request = path.name
    version = numbers(request)
    if version is None:
        return shutil.which(request)
    found = (_probed(path) for path in _candidates(version))
    fitting = (p for p in found if p and p.version[: len(version)] == version)
    return next((str(python.executable) for python in fitting), None)


def canonical(request: str) -> str:
    """Names a Python in the one way that tells it from others: by its version, or its path.

    Parameters
    ----------
    request
        As of `find`.

    Returns
    -------
    str
        A version such as ``3.8`` for whatever names one, an absolute path for a path, and anything
        else as it is.
    """
    if os.sep in request:
        path = _interpreter(request).absolute()
        if path.parent.name != _SHIMS:
            return str(path)
        request = path.name
    version = numbers(request)
    if version is not None and len(version) < 2:
        version = (version_of(request) or ())[:2]
    return ".".join(map(str, version)) if version else request


def version_of(request: str) -> Numbers | None:
    """Tells the version of the Python that a request names.

    Parameters
    ----------
    request
        As of `find`.

    Returns
    -------
    tuple of int or None
        The numbers that are named, if that are two at least, or else those of the Python that is
        found; None where there is no such Python.
    """
    version = numbers(request)
    if version is not None and len(version) > 1:
        return version
    path = find(request)
    python = path and _probed(Path(path))
    return python.version if python else None


def versions() -> tuple[str, ...]:
    """Lists the versions of Python that are installed here and that a worker runs on.

    Returns
    -------
    tuple of str
        Of each the first two numbers, such as ``3.11``, the newest first.
    """
    with ThreadPoolExecutor(8) as pool:
        found = [python for python in pool.map(_probed, set(_candidates(None))) if python]
    usable = {python.version[:2] for python in found if python.version >= OLDEST}
    return tuple(".".join(map(str, version)) for version in sorted(usable, reverse=True))


def missing(request: str, remedy: str = "") -> str:
    """Says that there is no such Python, and what was tried.

    Parameters
    ----------
    request
        As of `find`, which has found nothing for it.
    remedy
        What would help: it stands before what was tried, as that may be long.

    Returns
    -------
    str
        A sentence without its full stop.
    """
    name = Path(request).name if os.sep in request else request
    version = numbers(name)
    if version is None:
        return f"there is no interpreter {name}"
    wanted = ".".join(map(str, version))
    broken = [path for path in _on_path(version) if not _probed(path)]
    passed_over = f" (where {broken[0]} does not start as an ordinary Python)" if broken else ""
    tried = [f"PATH{passed_over}"]
    if len(version) > 1:
        tried.append("the Python that runs this")
        for manager in MANAGERS:
            if _is_there(manager.path):
                there = ", ".join(path.name for path in manager.installations()) or "none"
                tried.append(f"{manager.name}'s in {manager.path} ({there})")
    sentence = f"there is no Python {wanted} here" if wanted else "there is no Python here"
    return f"{sentence}{remedy and f'; {remedy}'}; tried were {', '.join(tried)}"


def _interpreter(request: str) -> Path:
    path = os.path.expanduser(request)  # noqa: PTH111  # it never raises
    return Path(path, "bin", "python") if os.path.isdir(path) else Path(path)  # noqa: PTH112


def _is_there(path: Path) -> bool:
    """Unlike the method of a path, this raises nothing where a folder may not be looked into."""
    return os.path.exists(path)  # noqa: PTH110


def _digits(words: str) -> Numbers:
    return tuple(int(number) for number in re.findall(r"\d+", words))


def _candidates(version: Numbers | None) -> Iterator[Path]:
    """Where such a Python may be, the preferred place first; None for every Python.

    A name without a minor version means what PATH says, and nothing that a manager keeps.
    """
    yield from _on_path(version)
    if version is not None and len(version) < 2:
        return
    yield HERE
    name = "python3.*[0-9]" if version is None else f"python{version[0]}.{version[1]}"
    for manager in MANAGERS:
        for folder in manager.installations():
            yield from (folder / "bin").glob(name)


def _on_path(version: Numbers | None) -> Iterator[Path]:
    for folder in map(Path, os.get_exec_path()):
        if version is None:
            names = sorted(p.name for p in folder.glob("python*") if _NAME.fullmatch(p.name))
        else:
            ends = (".".join(map(str, version[:n])) for n in range(min(2, len(version)), -1, -1))
            names = [f"python{end}" for end in ends]
        paths = (folder / name for name in names)
        yield from (path for path in paths if os.access(path, os.X_OK))


def _probed(executable: Path) -> Python | None:
    """The Python that is started by a path; None where that is none, or not an ordinary one."""
    try:
        status = executable.stat()
    except OSError:
        return None
    return _started(executable, (status.st_ino, status.st_size, status.st_mtime_ns))


@cache
def _started(executable: Path, _state: tuple[int, ...]) -> Python | None:
    """As of a state of its file: a shim takes a third of a second to say that it does not start."""
    try:
        output = process.printed((str(executable), "-c", _PROBE), seconds=_SECONDS, most=_BYTES)
    except (OSError, ValueError):
        return None
    match = _ANSWER.search(output.decode(errors="replace"))
    return match and Python(tuple(int(match[n]) for n in (1, 2, 3)), executable)
