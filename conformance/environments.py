"""Environments: virtual environments made from pins with uv, kept by what they hold.

An environment holds the pins and what they need, and nothing of ours. The same pins on the same
Python give the same folder, so that it is made once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

READY = "conformance-ready"
"""A file whose presence says that the environment was made to its end."""


class CannotBuild(Exception):
    """An environment that cannot be made, with the installer's last words."""


def folder() -> Path:
    """Where environments are kept: CONFORMANCE_ENVIRONMENTS, or a folder in the user's cache."""
    chosen = os.environ.get("CONFORMANCE_ENVIRONMENTS")
    if chosen:
        return Path(chosen).resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "conformance", "environments")


def build(pins: Sequence[str], python: str) -> Path:
    """The interpreter of an environment with ``pins``, made now unless it was made before.

    python  a version such as "3.11", or the path of an interpreter; it has to be installed
    Raises `CannotBuild`.
    """
    key = hashlib.sha256("\n".join((python, *sorted(pins))).encode()).hexdigest()[:12]
    home = folder() / key
    executable = home / "bin" / "python"
    if (home / READY).exists() and executable.exists():
        return executable
    shutil.rmtree(home, ignore_errors=True)
    _uv("venv", "--quiet", "--no-python-downloads", "--python", python, str(home))
    _uv("pip", "install", "--quiet", "--python", str(executable), *pins)
    (home / READY).write_text("\n".join(sorted(pins)) + "\n", encoding="utf-8")
    return executable


def _uv(*arguments: str) -> None:
    program = shutil.which("uv")
    if program is None:
        raise CannotBuild("uv is not installed; `python -m pip install uv` installs it")
    done = subprocess.run(
        (program, *arguments),
        env={**os.environ, **_find_links()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotBuild(" ".join(done.stderr.split())[-500:])


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
