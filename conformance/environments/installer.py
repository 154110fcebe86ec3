"""Run uv with the settings of pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache

from conformance.utils.printable import PrintableError


class CannotBuild(PrintableError):
    """An environment cannot be made, with the last words of the installer's error."""


def uv(*arguments: str, stdin: str = "", variables: Mapping[str, str] | None = None) -> str:
    """Run uv, and return its standard output; raise `CannotBuild` with its error if it fails.

    Parameters
    ----------
    *arguments
        Its command and options.
    stdin
        Its standard input.
    variables
        Environment variables, besides those of this process.
    """
    return _run(arguments, stdin, variables or {}).stdout


def messages(*arguments: str) -> str:
    """Run uv as `uv` does, and return its messages on standard error."""
    return _run(arguments, "", {}).stderr


def _run(
    arguments: Sequence[str], stdin: str, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    process = subprocess.run(
        (program(), *arguments),
        env={**os.environ, **_find_links(), **_compilation(), **variables},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise CannotBuild(" ".join(process.stderr.split())[-500:])
    return process


def program() -> str:
    """Return the path of uv; raise `CannotBuild` if it is not installed."""
    path = shutil.which("uv")
    if path is None:
        raise CannotBuild("uv is not installed; `python -m pip install uv` installs it")
    return path


def _compilation() -> dict[str, str]:
    """Compile modules at installation, unless imports compile them and keep the result."""
    if "UV_COMPILE_BYTECODE" in os.environ or not sys.dont_write_bytecode:
        return {}
    return {"UV_COMPILE_BYTECODE": "1"}


def _find_links() -> dict[str, str]:
    """Return the find-links of pip, which uv does not read, for wheels beside an index."""
    if "UV_FIND_LINKS" in os.environ:
        return {}
    links = os.environ.get("PIP_FIND_LINKS")
    if links is None:
        links = _configured_links()
    return {"UV_FIND_LINKS": ",".join(links.split())} if links.split() else {}


@cache
def _configured_links() -> str:
    """Return the find-links of pip's configuration, from another pip if this Python has none."""
    pip = shutil.which("pip")
    for command in ((sys.executable, "-m", "pip"), *([(pip,)] if pip else [])):
        process = subprocess.run(
            (*command, "config", "get", "global.find-links"),
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode == 0:
            return process.stdout
    return ""
