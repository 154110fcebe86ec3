"""Runs uv, which makes environments and knows what there is to install, with what pip is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache

from conformance.utils.printable import PrintableError


class CannotBuild(PrintableError):
    """An environment that cannot be made, with the installer's last words."""


def uv(*arguments: str, given: str = "", variables: Mapping[str, str] | None = None) -> str:
    """Runs uv.

    Parameters
    ----------
    *arguments
        Its command and options.
    given
        What it reads on standard input.
    variables
        Environment variables, besides ours.

    Returns
    -------
    str
        What it prints on standard output.

    Raises
    ------
    CannotBuild
        With its words where it fails.
    """
    return _run(arguments, given, variables or {}).stdout


def messages(*arguments: str) -> str:
    """Runs uv as `uv` does, for what it says of its work.

    Parameters
    ----------
    *arguments
        Its command and options.

    Returns
    -------
    str
        What it prints on standard error.

    Raises
    ------
    CannotBuild
        With its words where it fails.
    """
    return _run(arguments, "", {}).stderr


def _run(
    arguments: Sequence[str], given: str, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        (program(), *arguments),
        env={**os.environ, **_find_links(), **_compile(), **variables},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotBuild(" ".join(done.stderr.split())[-500:])
    return done


def program() -> str:
    """Finds uv.

    Returns
    -------
    str
        Its path.

    Raises
    ------
    CannotBuild
        Where it is not installed.
    """
    path = shutil.which("uv")
    if path is None:
        raise CannotBuild("uv is not installed; `python -m pip install uv` installs it")
    return path


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


@cache
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
