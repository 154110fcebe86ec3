"""Run uv with the settings of pip, npm, and find or download the Python of an environment."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from conformance.utils.printable import PrintableError
from conformance.workers import pythons

DOWNLOADS = "CONFORMANCE_PYTHON_DOWNLOADS"
"""The environment variable that says whether uv may download a Python that is not installed."""

_ANSWERS = {"": False, "0": False, "no": False, "false": False, "never": False}
_ANSWERS |= {"1": True, "yes": True, "true": True, "allow": True}


LONGEST = 3600.0
"""Seconds that one call of uv may take."""


class CannotBuild(PrintableError):
    """An environment cannot be made, with the last words of the installer's error."""


class NoPython(CannotBuild):
    """An environment cannot be made as its Python is not installed, with a remedy."""


def uv(
    *arguments: str, stdin: str = "", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run uv, and return what it prints; raise `CannotBuild` with its error if it fails."""
    environment = {**_find_links(), **_compilation(), **(variables or {})}
    return _run((program(), *arguments), environment, stdin=stdin)


def npm_install(folder: Path, packages: Sequence[str], lock: str) -> None:
    """Have npm install packages and no others than those of a lock file, and run none of them.

    ``lock`` is the text of a lock file in which every package has a version and a digest. Raises
    ``CannotBuild`` if it fails, or if Node or npm are not installed.
    """
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            raise CannotBuild(f"{name} is not installed; Node.js 20 or later has it")
    (folder / "package.json").write_text(package_json(packages), encoding="utf-8")
    (folder / "package-lock.json").write_text(lock, encoding="utf-8")
    _run(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), {}, folder=folder)


def package_json(packages: Sequence[str]) -> str:
    """Return the text of the file by which npm is asked for packages."""
    dependencies = dict(package.rsplit("@", 1) for package in packages)
    return json.dumps({"name": "environment", "private": True, "dependencies": dependencies})


def _run(
    words: Sequence[str],
    variables: Mapping[str, str],
    *,
    stdin: str = "",
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run an installer; raise `CannotBuild` with its error if it fails."""
    try:
        process = subprocess.run(
            words,
            env={**os.environ, **variables},
            input=stdin,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        name = f"{Path(words[0]).name} {words[1]}"
        raise CannotBuild(f"{name} did not end within {LONGEST:g} seconds") from None
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
        words = (*command, "config", "get", "global.find-links")
        with suppress(subprocess.TimeoutExpired):
            process = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=LONGEST
            )
            if process.returncode == 0:
                return process.stdout
    return ""


def may_download(download: bool | None) -> bool:
    """Return whether uv may download a Python that is not installed.

    ``download`` is what the command line says; None leaves it to the environment variable
    `DOWNLOADS`. Raise `CannotBuild` if the variable holds an unknown word.
    """
    if download is not None:
        return download
    word = os.environ.get(DOWNLOADS, "")
    if word.lower() not in _ANSWERS:
        words = ", ".join(filter(None, _ANSWERS))
        raise CannotBuild(f"{DOWNLOADS} must be one of {words}, got {word!r}")
    return _ANSWERS[word.lower()]


def python_for(request: str, download: bool | None = None) -> str:
    """Find a Python to make environments of, or have uv download it if that is allowed.

    The request is as of `pythons.find`, and ``download`` as of `may_download`. Return the path, or
    the request itself if `pythons` cannot read it, as uv may. Raise `NoPython` if the Python is not
    installed and may not be downloaded.
    """
    path = pythons.find(request)
    if path is not None:
        return path
    if pythons.numbers(request) is None:
        return request
    if may_download(download):
        return _download(request)
    raise NoPython(missing(request))


def _download(version: str) -> str:
    """Have uv download a Python, and leave those on PATH as they are."""
    uv("python", "install", "--quiet", version, variables={"UV_PYTHON_INSTALL_BIN": "0"})
    path = pythons.find(version)
    if path is None:
        raise CannotBuild(f"uv has installed Python {version}, and {pythons.missing(version)}")
    return path


def missing(request: str) -> str:
    """Return a sentence on a Python that is not installed, with its remedies."""
    version = ".".join(map(str, pythons.numbers(Path(request).name) or ()))
    remedy = f"`{f'uv python install {version}'.strip()}` installs one, and"
    return pythons.missing(request, f"{remedy} --download-python or {DOWNLOADS}=1 lets us do it")
