"""Environments: where a framework lives, found by its interpreter or made from pins with uv.

What is made holds the pins and what they need, and nothing of ours. The same pins on the same
Python give the same folder, so that it is made once. What the pins need has exact versions in
``constraints/NAME.txt``, which ``nox -s constraints`` writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.environments.installer import CannotBuild as CannotBuild
from conformance.environments.installer import program, uv
from conformance.utils import file_locks
from conformance.workers import pythons

CONSTRAINTS = Path(__file__).with_name("constraints")
"""The folder of exact versions of all that the environments of ``environments.toml`` install."""
READY = "conformance-ready"
"""A file whose presence says that the environment was made to its end."""
DOWNLOADS = "CONFORMANCE_PYTHON_DOWNLOADS"
"""The environment variable that says whether uv may download a Python that is not installed."""

_ANSWERS = {"": False, "0": False, "no": False, "false": False, "never": False}
_ANSWERS |= {"1": True, "yes": True, "true": True, "allow": True}


class NoPython(CannotBuild):
    """An environment that cannot be made as its Python is not installed, with what would help."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Where a framework is to be asked.

    framework    its name
    pins         requirements to make an environment of; none where ``python`` has the framework
    python       the path of an interpreter or, with pins, a version such as "3.11"
    backend      of a framework that has several; None leaves it to what is set up there
    locked         packages whose pin holds even where the others give way to another version
    options      of the installer, besides the pins
    constraints  exact versions of what the pins need, as requirements
    strict       whether the constraints hold; if not, each gives way where the pins need it
    variables    environment variables that its interpreter is started with, such as the switches
                 that choose kernels
    portable     whether it answers the same on every machine
    download     whether uv may download ``python`` where it is not installed; None leaves it to the
                 environment variable `DOWNLOADS`
    """

    framework: str
    pins: tuple[str, ...] = ()
    python: str = sys.executable
    backend: str | None = None
    locked: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    strict: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    portable: bool = True
    download: bool | None = field(default=None, compare=False)

    @property
    def identity(self) -> tuple[str, ...]:
        """All words that decide what is installed in it, in an order of their own."""
        strictness = (f"strict={self.strict}",) if self.constraints else ()
        return (self.python, *sorted(self.pins), *self.options, *self.constraints, *strictness)

    @property
    def home(self) -> Path:
        """The folder that it is made in, where it has pins."""
        key = "\n".join(self.identity)
        return folder() / hashlib.sha256(key.encode()).hexdigest()[:12]

    @property
    def is_made(self) -> bool:
        """Whether its interpreter can be had without making anything."""
        return not self.pins or _is_ready(self.home, self.home / "bin" / "python")

    @property
    def missing_python(self) -> str | None:
        """Why it cannot be made for lack of its Python, in a sentence; None where it can."""
        if self.is_made or pythons.numbers(self.python) is None or pythons.find(self.python):
            return None
        try:
            return None if may_download(self.download) else _missing(self.python)
        except CannotBuild as error:
            return str(error)

    def with_pins(self, pins: Sequence[str]) -> Environment:
        """The same with these in the place of its pins of the same packages; others are not its.

        What else is installed stays as it is, less what other pins cannot do with.
        Raises ``packaging.requirements.InvalidRequirement``.
        """
        replacements = {_package(pin): pin for pin in pins}
        changed = tuple(replacements.get(_package(pin), pin) for pin in self.pins)
        return replace(self, pins=changed, strict=self.strict and changed == self.pins)

    def executable(self) -> str:
        """Its interpreter, made now unless it is there. Raises `CannotBuild`."""
        return str(build(self)) if self.pins else self.python


def _package(pin: str) -> str:
    return canonicalize_name(Requirement(pin).name)


def pinned() -> Mapping[str, Environment]:
    """The environments of ``environments.toml`` by name."""
    tables = tomllib.loads(
        Path(__file__).with_name("environments.toml").read_text(encoding="utf-8")
    )
    this = f"{sys.version_info.major}.{sys.version_info.minor}"

    def environment(name: str) -> Environment:
        base = tables[name].get("like", name)
        table = tables[base] | tables[name]
        return Environment(
            framework=table["framework"],
            pins=tuple(table["pins"]),
            python=table.get("python", this),
            backend=table.get("backend"),
            locked=tuple(table.get("firm", ())),
            variables=table.get("variables", {}),
            portable=table.get("portable", True),
            constraints=_constraints(base, table["pins"]),
        )

    return {name: environment(name) for name in tables}


def folder() -> Path:
    """Where environments are kept: CONFORMANCE_ENVIRONMENTS, or a folder in the user's cache."""
    chosen = os.environ.get("CONFORMANCE_ENVIRONMENTS")
    if chosen:
        return Path(chosen).resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "conformance", "environments")


def _constraints(name: str, pins: Sequence[str]) -> tuple[str, ...]:
    """What an environment installs besides its pins; nothing is known of one that is new."""
    file = CONSTRAINTS / f"{name}.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    named = {_package(pin) for pin in pins}
    pinned_lines = [line for line in lines if line and not line.startswith("#")]
    return tuple(line for line in pinned_lines if line.partition("==")[0] not in named)


def build(environment: Environment) -> Path:
    """Makes an environment of pins unless it was made before, and marks it as in use here.

    Whoever else wants the same one meanwhile waits for it.

    Parameters
    ----------
    environment
        One with pins.

    Returns
    -------
    Path
        Its interpreter.

    Raises
    ------
    CannotBuild
        Where it cannot be made; `NoPython` for lack of its Python.
    """
    home = environment.home
    executable = home / "bin" / "python"
    occupy(home)
    if _is_ready(home, executable):
        return executable
    with _alone(home.with_suffix(".lock")):
        if not _is_ready(home, executable):
            program()  # without uv no Python is of use
            base = python_for(environment.python, environment.download)
            shutil.rmtree(home, ignore_errors=True)
            uv("venv", "--quiet", "--no-python-downloads", "--python", base, str(home))
            _install(environment, executable)
            pins = "\n".join(sorted(environment.pins))
            (home / READY).write_text(f"{pins}\n", encoding="utf-8")
    return executable


def _install(environment: Environment, executable: Path) -> None:
    """The pins and what they need, as far as the constraints say in which version."""
    words = ("--quiet", "--python", str(executable), *environment.options)
    if not environment.constraints:
        uv("pip", "install", *words, *environment.pins)
        return
    file = environment.home / "constraints.txt"
    file.write_text("".join(f"{line}\n" for line in environment.constraints), encoding="utf-8")
    if not environment.strict:  # uv stays with the versions in its output file where it can
        pins = "\n".join(environment.pins)
        uv("pip", "compile", *words, "--output-file", str(file), "-", given=pins)
    uv("pip", "install", *words, "--constraint", str(file), *environment.pins)


def may_download(download: bool | None) -> bool:
    """Says whether uv may download a Python that is not installed.

    Parameters
    ----------
    download
        What the command line says; None leaves it to the environment variable `DOWNLOADS`.

    Raises
    ------
    CannotBuild
        Where the variable holds a word that means neither.
    """
    if download is not None:
        return download
    word = os.environ.get(DOWNLOADS, "")
    if word.lower() not in _ANSWERS:
        words = ", ".join(filter(None, _ANSWERS))
        raise CannotBuild(f"{DOWNLOADS} must be one of {words}, got {word!r}")
    return _ANSWERS[word.lower()]


def fetch(version: str) -> str:
    """Has uv download a Python, and leave what is on PATH as it is.

    Parameters
    ----------
    version
        Such as "3.11".

    Returns
    -------
    str
        The path of the interpreter.

    Raises
    ------
    CannotBuild
        With uv's words where it cannot.
    """
    uv("python", "install", "--quiet", version, variables={"UV_PYTHON_INSTALL_BIN": "0"})
    path = pythons.find(version)
    if path is None:
        raise CannotBuild(f"uv has installed Python {version}, and {pythons.missing(version)}")
    return path


def python_for(request: str, download: bool | None = None) -> str:
    """Finds a Python to make environments of, or has uv download it if that is allowed.

    Parameters
    ----------
    request
        As of `pythons.find`.
    download
        As of `may_download`.

    Returns
    -------
    str
        Its path, or the request itself where it is none that `pythons` can read: uv knows more.

    Raises
    ------
    CannotBuild
        `NoPython` where it is not there and may not be downloaded.
    """
    path = pythons.find(request)
    if path is not None:
        return path
    if pythons.numbers(request) is None:
        return request
    if may_download(download):
        return fetch(request)
    raise NoPython(_missing(request))


def _missing(request: str) -> str:
    version = ".".join(map(str, pythons.numbers(Path(request).name) or ()))
    remedy = f"`{f'uv python install {version}'.strip()}` installs one, and"
    return pythons.missing(request, f"{remedy} --download-python or {DOWNLOADS}=1 lets us do it")


def installed(executable: str) -> Mapping[str, str]:
    """The versions of what is installed beside an interpreter, by its name in small letters.

    Raises `CannotBuild`.
    """
    told = uv("pip", "list", "--quiet", "--format", "json", "--python", executable)
    return {one["name"].lower(): one["version"] for one in json.loads(told)}


def _is_ready(home: Path, executable: Path) -> bool:
    return (home / READY).exists() and executable.exists()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Waits for other processes and threads; a lock that dies with its holder, unlike a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise CannotBuild(f"environments cannot be kept in {path.parent}: {error}") from None
    with file:
        file_locks.hold(file)
        yield


USED = ".used"
"""The suffix of the file beside an environment that its users lock, and that is as old as its last
use."""


def occupy(home: Path) -> None:
    """Marks an environment as in use for as long as this process lives, and notes when.

    Whoever removes environments leaves it alone meanwhile. Where its folder may not be written to,
    nobody is told.

    Parameters
    ----------
    home
        The folder of the environment, whether it is made yet or not.
    """
    with _OCCUPYING, suppress(OSError):
        if home not in _OCCUPIED:
            home.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(home.with_suffix(USED), os.O_RDWR | os.O_CREAT, 0o666)
            _OCCUPIED[home] = file  # never closed: the lock ends with the process
            os.utime(file)
            file_locks.share(file)


_OCCUPYING = threading.Lock()
_OCCUPIED: dict[Path, int] = {}
