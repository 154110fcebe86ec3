"""Finds installed Pythons by a path, a version or a name.

PATH alone is not enough: a version manager puts a shim there for every version that it has, and the
shim of a version that is not selected only prints an error. So this module runs each candidate
once, skips those that do not start, and searches the folders of the managers.
"""

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
_SECONDS = 30.0  # that a candidate may take to print its version
_BYTES = 2**14  # that it may print
_PROBE = (
    "import sys; print('conformance', '.'.join(map(str, sys.version_info[:3])),"
    " sys.implementation.name, getattr(sys, 'abiflags', ''))"
)
_ANSWER = re.compile(r"^conformance (\d+)\.(\d+)\.(\d+) cpython ?[a-su-z]*$", re.MULTILINE)
_REQUEST = re.compile(r"(?:python)?(\d+(?:\.\d+){0,2})?", re.IGNORECASE)
_NAME = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True)
class Manager:
    """A program that installs several Pythons, each in a folder of its own.

    Parameters
    ----------
    variable
        The environment variable that names its folder.
    folder
        The folder where the variable is not set, with ``{data}`` for that of the user's data.
    versions
        The path of the Pythons in that folder.
    """

    name: str
    variable: str
    folder: str
    versions: str = ""

    @property
    def path(self) -> Path:
        """The folder of its Pythons, which may not exist."""
        data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        folder = os.environ.get(self.variable) or self.folder.format(data=data)
        return Path(os.path.expanduser(folder), self.versions)  # noqa: PTH111  # it never raises

    def installations(self) -> list[Path]:
        """List the folders of its Pythons, the newest first, without virtual environments."""
        folders = [path for path in self.path.glob("*") if not _exists(path / "pyvenv.cfg")]
        return sorted(folders, key=lambda path: (_digits(path.name), path.name), reverse=True)


MANAGERS = (
    Manager("pyenv", "PYENV_ROOT", "~/.pyenv", "versions"),
    Manager("uv", "UV_PYTHON_INSTALL_DIR", "{data}/uv/python"),
    Manager("mise", "MISE_DATA_DIR", "{data}/mise", "installs/python"),
    Manager("asdf", "ASDF_DATA_DIR", "~/.asdf", "installs/python"),
)
"""The managers, in the order of the search."""


def numbers(request: str) -> Numbers | None:
    """Return the numbers of the version that a request names.

    A request is such as ``3.8``, ``3.8.18``, ``python3.8`` or ``python``; None for a path and for
    any other name.
    """
    match = _REQUEST.fullmatch(request)
    return _digits(match[1] or "") if match and request else None


def find(request: str) -> str | None:
    """Find the Python that a request names, and return its path; None if there is no such Python.

    A path, also that of the folder of an interpreter, is returned even if it does not exist, unless
    it is a shim that does not start, which counts as its name. A version as of `numbers` is
    searched for on PATH, in this Python, and in the folders of version managers. Any other name is
    looked up on PATH.
    """
    if os.sep in request:
        path = _interpreter(request)
        if path.parent.name != _SHIMS or _probe(path):
            return str(path)
        request = path.name
    version = numbers(request)
    if version is None:
        return shutil.which(request)
    for candidate in _candidates(version):
        candidate_version = _probe(candidate)
        if candidate_version and candidate_version[: len(version)] == version:
            return str(candidate)
    return None


def canonical(request: str) -> str:
    """Return the canonical name of a Python that `find` takes: its version, or its path.

    That is a version such as ``3.8`` for whatever names one, an absolute path for a path, and
    anything else as it is.
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
    """Return the version of the Python that a request names, as `find` takes it.

    These are the numbers in the request if there are two or more, otherwise those of the Python
    that `find` returns; None if there is no such Python.
    """
    version = numbers(request)
    if version is not None and len(version) > 1:
        return version
    path = find(request)
    return _probe(Path(path)) if path else None


def versions() -> tuple[str, ...]:
    """List the installed versions of Python that a worker runs on, the newest first.

    Each has two numbers, such as ``3.11``.
    """
    with ThreadPoolExecutor(8) as pool:
        installed = [version for version in pool.map(_probe, set(_candidates(None))) if version]
    usable = {version[:2] for version in installed if version >= OLDEST}
    return tuple(".".join(map(str, version)) for version in sorted(usable, reverse=True))


def missing(request: str, remedy: str = "") -> str:
    """Write that there is no such Python, and where `find` has looked; without a full stop.

    A remedy stands before the places of the search, as these may be many.
    """
    name = Path(request).name if os.sep in request else request
    version = numbers(name)
    if version is None:
        return f"there is no interpreter {name}"
    broken = [path for path in _on_path(version) if not _probe(path)]
    remark = f" (where {broken[0]} does not start as an ordinary Python)" if broken else ""
    places = [f"PATH{remark}"]
    if len(version) > 1:
        places.append("the Python that runs this")
        for manager in MANAGERS:
            if _exists(manager.path):
                folders = ", ".join(path.name for path in manager.installations()) or "none"
                places.append(f"{manager.name}'s in {manager.path} ({folders})")
    number = ".".join(map(str, version))
    sentence = f"there is no Python {number} here" if number else "there is no Python here"
    return f"{sentence}{remedy and f'; {remedy}'}; tried were {', '.join(places)}"


def _interpreter(request: str) -> Path:
    path = os.path.expanduser(request)  # noqa: PTH111  # it never raises
    return Path(path, "bin", "python") if os.path.isdir(path) else Path(path)  # noqa: PTH112


def _exists(path: Path) -> bool:
    """Return whether a path exists; unlike its method, this never raises `PermissionError`."""
    return os.path.exists(path)  # noqa: PTH110


def _digits(words: str) -> Numbers:
    return tuple(int(number) for number in re.findall(r"\d+", words))


def _candidates(version: Numbers | None) -> Iterator[Path]:
    """List the paths that such a Python may have, the preferred first; None for every Python.

    A version without a minor number is searched for on PATH only.
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


def _probe(executable: Path) -> Numbers | None:
    """Return the version of the Python at a path; None if there is no ordinary one."""
    try:
        status = executable.stat()
    except OSError:
        return None
    return _run_probe(executable, (status.st_ino, status.st_size, status.st_mtime_ns))


@cache
def _run_probe(executable: Path, _state: tuple[int, ...]) -> Numbers | None:
    """Run the probe, once for each state of the file, as a shim takes a third of a second."""
    try:
        output = process.read_output((str(executable), "-c", _PROBE), seconds=_SECONDS, most=_BYTES)
    except (OSError, ValueError):
        return None
    match = _ANSWER.search(output.decode(errors="replace"))
    return match and tuple(int(match[n]) for n in (1, 2, 3))
