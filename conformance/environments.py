"""Environments: where a framework lives, found by its interpreter or made from pins with uv.

What is made holds the pins and what they need, and nothing of ours. The same pins on the same
Python give the same folder, so that it is made once. What the pins need has exact versions in
``constraints/NAME.txt``, which ``nox -s constraints`` writes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONSTRAINTS = Path(__file__).with_name("constraints")
"""The folder of exact versions of all that the environments of ``environments.toml`` install."""
READY = "conformance-ready"
"""A file whose presence says that the environment was made to its end."""
OLDEST_PYTHON = (3, 8)
"""What a worker runs on at least."""


class CannotBuild(Exception):
    """An environment that cannot be made, with the installer's last words."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Where a framework is to be asked.

    framework    its name
    pins         requirements to make an environment of; none where ``python`` has the framework
    python       the path of an interpreter or, with pins, a version such as "3.11"
    backend      of a framework that has several; None leaves it to what is set up there
    firm         packages whose pin holds even where the others give way to another version
    options      of the installer, besides the pins
    constraints  exact versions of what the pins need, as requirements
    strict       whether the constraints hold; if not, each gives way where the pins need it
    variables    environment variables that its interpreter is started with, such as the switches
                 that choose kernels
    portable     whether it answers the same on every machine
    """

    framework: str
    pins: tuple[str, ...] = ()
    python: str = sys.executable
    backend: str | None = None
    firm: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    strict: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    portable: bool = True

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
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    this = f"{sys.version_info.major}.{sys.version_info.minor}"

    def environment(name: str) -> Environment:
        base = tables[name].get("like", name)
        table = tables[base] | tables[name]
        return Environment(
            framework=table["framework"],
            pins=tuple(table["pins"]),
            python=table.get("python", this),
            backend=table.get("backend"),
            firm=tuple(table.get("firm", ())),
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
    """The interpreter of an environment of pins, made now unless it was made before.

    Its Python has to be installed. Whoever else wants the same environment meanwhile waits for it.
    Raises `CannotBuild`.
    """
    home = environment.home
    executable = home / "bin" / "python"
    if _is_ready(home, executable):
        return executable
    with _alone(home.with_suffix(".lock")):
        if not _is_ready(home, executable):
            shutil.rmtree(home, ignore_errors=True)
            python = environment.python
            uv("venv", "--quiet", "--no-python-downloads", "--python", python, str(home))
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


def pythons() -> tuple[str, ...]:
    """The versions of Python that are installed here and that a worker runs on, the newest first.

    Of each the first two numbers, such as "3.11". Raises `CannotBuild`.
    """
    told = uv("python", "list", "--only-installed", "--output-format", "json")
    found = {
        (one["version_parts"]["major"], one["version_parts"]["minor"])
        for one in json.loads(told)
        if (one["implementation"], one["variant"]) == ("cpython", "default")
    }
    usable = sorted((version for version in found if version >= OLDEST_PYTHON), reverse=True)
    return tuple(f"{major}.{minor}" for major, minor in usable)


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
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def uv(*arguments: str, given: str = "") -> str:
    """What uv prints, told ``given`` on standard input. Raises `CannotBuild` with its words."""
    program = shutil.which("uv")
    if program is None:
        raise CannotBuild("uv is not installed; `python -m pip install uv` installs it")
    done = subprocess.run(
        (program, *arguments),
        env={**os.environ, **_find_links(), **_compile()},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotBuild(" ".join(done.stderr.split())[-500:])
    return done.stdout


def _compile() -> dict[str, str]:
    """Modules are compiled when they are installed where no later import would keep them so."""
    kept = "UV_COMPILE_BYTECODE" in os.environ or not sys.dont_write_bytecode
    return {} if kept else {"UV_COMPILE_BYTECODE": "1"}


def _find_links() -> dict[str, str]:
    """pip's own find-links, which uv does not read, for wheels that are kept beside an index."""
    if "UV_FIND_LINKS" in os.environ:
        return {}
    links = os.environ.get("PIP_FIND_LINKS")
    if links is None:
        links = _configured()
    return {"UV_FIND_LINKS": ",".join(links.split())} if links.split() else {}


def _configured() -> str:
    """What pip is configured with; an environment that uv made has no pip of its own to ask."""
    pip = shutil.which("pip")
    for command in ((sys.executable, "-m", "pip"), *([(pip,)] if pip else [])):
        asked = subprocess.run(
            (*command, "config", "get", "global.find-links"),
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0:
            return asked.stdout
    return ""
