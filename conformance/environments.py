"""Environments: where a framework lives, found by its interpreter or made from pins with uv.

What is made holds the pins and what they need, and nothing of ours. The same pins on the same
Python give the same folder, so that it is made once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance import locking
from conformance.printable import PrintableError

READY = "conformance-ready"
"""A file whose presence says that the environment was made to its end."""
OLDEST_PYTHON = (3, 8)
"""What a worker runs on at least."""


class CannotBuild(PrintableError):
    """An environment that cannot be made, with the installer's last words."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Where a framework is to be asked.

    framework  its name
    pins       requirements to make an environment of; none where ``python`` has the framework
    python     the path of an interpreter or, with pins, a version such as "3.11"
    backend    of a framework that has several; None leaves it to what is set up there
    firm       packages whose pin holds even where the others give way to another version
    options    of the installer, besides the pins
    """

    framework: str
    pins: tuple[str, ...] = ()
    python: str = sys.executable
    backend: str | None = None
    firm: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """The folder that it is made in, where it has pins."""
        return _home(self.pins, self.python, self.options)

    @property
    def is_made(self) -> bool:
        """Whether its interpreter can be had without making anything."""
        return not self.pins or _is_ready(self.home, self.home / "bin" / "python")

    def with_pins(self, pins: Sequence[str]) -> Environment:
        """The same with these in the place of its pins of the same packages; others are not its.

        Raises ``packaging.requirements.InvalidRequirement``.
        """
        given = {_package(pin): pin for pin in pins}
        return replace(self, pins=tuple(given.get(_package(pin), pin) for pin in self.pins))

    def executable(self) -> str:
        """Its interpreter, made now unless it is there. Raises `CannotBuild`."""
        return str(build(self.pins, self.python, self.options)) if self.pins else self.python


def _package(pin: str) -> str:
    return canonicalize_name(Requirement(pin).name)


def pinned() -> Mapping[str, Environment]:
    """The environments of ``environments.toml`` by name."""
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        name: Environment(
            framework=table["framework"],
            pins=tuple(table["pins"]),
            python=table.get("python", this),
            backend=table.get("backend"),
            firm=tuple(table.get("firm", ())),
        )
        for name, table in tables.items()
    }


def folder() -> Path:
    """Where environments are kept: CONFORMANCE_ENVIRONMENTS, or a folder in the user's cache."""
    chosen = os.environ.get("CONFORMANCE_ENVIRONMENTS")
    if chosen:
        return Path(chosen).resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "conformance", "environments")


def build(pins: Sequence[str], python: str, options: Sequence[str] = ()) -> Path:
    """The interpreter of an environment with ``pins``, made now unless it was made before.

    python   a version such as "3.11", or the path of an interpreter; it has to be installed
    options  of the installer, besides the pins
    Whoever else wants the same one meanwhile waits for it. Raises `CannotBuild`.
    """
    home = _home(pins, python, options)
    executable = home / "bin" / "python"
    if _is_ready(home, executable):
        return executable
    with _alone(home.with_suffix(".lock")):
        if not _is_ready(home, executable):
            shutil.rmtree(home, ignore_errors=True)
            uv("venv", "--quiet", "--no-python-downloads", "--python", python, str(home))
            uv("pip", "install", "--quiet", "--python", str(executable), *options, *pins)
            (home / READY).write_text("\n".join(sorted(pins)) + "\n", encoding="utf-8")
    return executable


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


def _home(pins: Sequence[str], python: str, options: Sequence[str]) -> Path:
    key = "\n".join((python, *sorted(pins), *options))
    return folder() / hashlib.sha256(key.encode()).hexdigest()[:12]


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
        locking.hold(file)
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
