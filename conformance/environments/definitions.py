"""Define the environments of frameworks, and make them from pins with uv.

An environment of pins contains the pins and their dependencies, and not this package. Equal pins on
the same Python have the same folder, so it is made once. The exact versions of the dependencies
are in ``constraints/NAME.txt``, which ``nox -s constraints`` writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.adapters.interop import CPU
from conformance.environments.installer import DOWNLOADS as DOWNLOADS
from conformance.environments.installer import CannotBuild as CannotBuild
from conformance.environments.installer import NoPython as NoPython
from conformance.environments.installer import may_download as may_download
from conformance.environments.installer import missing, npm_install, program, python_for, uv
from conformance.utils import file_locks, resources
from conformance.workers import pythons

Tier = Literal["default", "extra", "large"]
CONSTRAINTS = Path(__file__).with_name("constraints")
"""The folder with the exact versions of what ``environments.toml`` installs."""
NPM = Path(__file__).with_name("npm")
"""The folder with the same for packages of JavaScript."""
READY = "conformance-ready"
"""A file that is only in complete environments."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An interpreter that has a framework, or the pins to make one with.

    Attributes
    ----------
    pins
        Requirements to make an environment with; empty if ``python`` has the framework.
    python
        The path of an interpreter or, with pins, a version such as "3.11".
    backend
        Of a framework that has several; None leaves it to the framework's own settings.
    locked
        Packages whose pin holds even if the others give way to another version.
    build
        Requirements of what builds packages that have no wheel.
    options
        Of the installer, besides the pins.
    constraints
        Exact versions of the dependencies, as requirements.
    strict
        Whether the constraints hold; if not, each gives way if a pin needs another version.
    variables
        Environment variables of its interpreter, such as those that select kernels.
    device
        What it computes on.
    portable
        Whether it answers the same on every machine.
    history
        Whether the history of its first package is recorded with it.
    timeout_multiplier
        How many times as long as another one it may take for an answer.
    tier
        When it is run: by default, among the extra ones, or by name only as it is large.
    npm, lock
        Packages of JavaScript, such as ``onnxruntime-node@1.30.0``, and the text of npm's file of
        the versions and digests of all that they need.
    download
        Whether uv may download ``python`` if it is not installed; None leaves it to the environment
        variable `DOWNLOADS`.
    """

    framework: str
    pins: tuple[str, ...] = ()
    python: str = sys.executable
    backend: str | None = None
    locked: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    strict: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    device: str = CPU
    portable: bool = True
    history: bool = True
    timeout_multiplier: float = 1
    tier: Tier = "default"
    npm: tuple[str, ...] = ()
    lock: str = ""
    download: bool | None = field(default=None, compare=False)

    @property
    def identity(self) -> tuple[str, ...]:
        """All words that decide what is installed, in a fixed order."""
        strictness = (f"strict={self.strict}",) if self.constraints else ()
        words = (self.python, *sorted(self.pins), *self.build, *self.options, *self.constraints)
        return (*words, *strictness, *self.npm, *filter(None, (self.lock,)))

    @property
    def home(self) -> Path:
        """The folder that it is made in, if it has pins."""
        key = "\n".join(self.identity)
        return folder() / hashlib.sha256(key.encode()).hexdigest()[:12]

    @property
    def is_made(self) -> bool:
        """Whether there is nothing left to make."""
        return not self.pins or _is_ready(self.home, self.home / "bin" / "python")

    @property
    def missing_python(self) -> str | None:
        """Why its Python is missing, in a sentence; None if it is not."""
        if self.is_made or pythons.numbers(self.python) is None or pythons.find(self.python):
            return None
        try:
            return None if may_download(self.download) else missing(self.python)
        except CannotBuild as error:
            return str(error)

    def with_pins(self, pins: Sequence[str]) -> Environment:
        """Return an environment with other pins of the same packages; an equal one if none changes.

        The other packages keep their versions, except where the new pins need others. Pins of
        packages that it has no pin of are ignored. Raise ``InvalidRequirement`` if a pin is not a
        requirement.
        """
        replacements = {_package(pin): pin for pin in pins}
        changed = tuple(replacements.get(_package(pin), pin) for pin in self.pins)
        return replace(self, pins=changed, strict=self.strict and changed == self.pins)

    def executable(self) -> str:
        """Return its interpreter, and make it if needed; raise `CannotBuild` if that fails."""
        return str(build(self)) if self.pins else self.python


def _package(pin: str) -> str:
    return canonicalize_name(Requirement(pin).name)


def pinned() -> Mapping[str, Environment]:
    """Return the environments of ``environments.toml`` by name."""
    tables = resources.table(__file__, "environments.toml")
    this_version = f"{sys.version_info.major}.{sys.version_info.minor}"

    def environment(name: str) -> Environment:
        base = tables[name].get("like", name)
        table = {"python": this_version} | tables[base] | tables[name]
        constraints = _constraints(base, table["pins"])
        lock = NPM.joinpath(f"{base}.json").read_text(encoding="utf-8") if "npm" in table else ""
        return msgspec.convert({**table, "constraints": constraints, "lock": lock}, Environment)

    return {name: environment(name) for name in tables}


def folder() -> Path:
    """Return the folder of environments: CONFORMANCE_ENVIRONMENTS, or one in the user's cache."""
    path = os.environ.get("CONFORMANCE_ENVIRONMENTS")
    if path:
        return Path(path).resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "conformance", "environments")


def _constraints(name: str, pins: Sequence[str]) -> tuple[str, ...]:
    """Return the requirements besides the pins; none for an environment without a file."""
    file = CONSTRAINTS / f"{name}.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    packages = {_package(pin) for pin in pins}
    requirements = [line for line in lines if line and not line.startswith("#")]
    return tuple(line for line in requirements if line.partition("==")[0] not in packages)


def build(environment: Environment) -> Path:
    """Make an environment of pins unless it exists, and mark it as in use by this process.

    Other processes that need the same one wait meanwhile. Return its interpreter; raise
    `CannotBuild` if it cannot be made, `NoPython` if its Python is missing.
    """
    home = environment.home
    executable = home / "bin" / "python"
    occupy(home)
    if _is_ready(home, executable):
        return executable
    with _lock(home.with_suffix(".lock")):
        if not _is_ready(home, executable):
            program()  # without uv no Python is of use
            base = python_for(environment.python, environment.download)
            shutil.rmtree(home, ignore_errors=True)
            uv("venv", "--quiet", "--no-python-downloads", "--python", base, str(home))
            _install(environment, executable)
            if environment.npm:
                npm_install(home, environment.npm, environment.lock)
            pins = "\n".join(sorted(environment.pins))
            (home / READY).write_text(f"{pins}\n", encoding="utf-8")
    return executable


def _install(environment: Environment, executable: Path) -> None:
    """Install the pins and their dependencies, in the versions of the constraints."""
    words = ("--quiet", "--python", str(executable), *environment.options)
    if environment.build:
        build_file = environment.home / "build-constraints.txt"
        build_file.write_text("\n".join(environment.build), encoding="utf-8")
        words += ("--build-constraint", str(build_file))
    if not environment.constraints:
        uv("pip", "install", *words, *environment.pins)
        return
    file = environment.home / "constraints.txt"
    file.write_text("".join(f"{line}\n" for line in environment.constraints), encoding="utf-8")
    if not environment.strict:  # uv stays with the versions in its output file where it can
        pins = "\n".join(environment.pins)
        uv("pip", "compile", *words, "--output-file", str(file), "-", stdin=pins)
    uv("pip", "install", *words, "--constraint", str(file), *environment.pins)


def installed(executable: str) -> Mapping[str, str]:
    """Return the versions of the packages of an interpreter, by their names in lower case.

    Raise `CannotBuild` if uv cannot list them.
    """
    output = uv("pip", "list", "--quiet", "--format", "json", "--python", executable).stdout
    return {package["name"].lower(): package["version"] for package in json.loads(output)}


def _is_ready(home: Path, executable: Path) -> bool:
    return (home / READY).exists() and executable.exists()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock, which other processes and threads wait for, and which ends with its holder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise CannotBuild(f"environments cannot be kept in {path.parent}: {error}") from None
    with file:
        file_locks.hold(file)
        yield


USED = ".used"
"""The suffix of the file beside an environment that its users lock. Its time is the last use."""


def occupy(home: Path) -> None:
    """Mark an environment as in use until this process ends, and record the time.

    `store.remove` refuses it meanwhile. Its folder need not exist yet. If it is read-only, nothing
    happens.
    """
    with _OCCUPYING, suppress(OSError):
        if home not in _OCCUPIED:
            home.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(home.with_suffix(USED), os.O_RDWR | os.O_CREAT, 0o666)
            _OCCUPIED[home] = file  # the lock ends with the process, or when it vacates
            os.utime(file)
            file_locks.share(file)


def vacate(home: Path) -> None:
    """Mark an environment as no longer in use by this process."""
    with _OCCUPYING:
        if home in _OCCUPIED:
            file = _OCCUPIED.pop(home)
            file_locks.release(file)
            os.close(file)


_OCCUPYING = threading.Lock()
_OCCUPIED: dict[Path, int] = {}
