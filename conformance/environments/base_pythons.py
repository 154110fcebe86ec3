"""Find the Python that an environment is made of, or have uv download it."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.environments.installer import CannotBuild, uv
from conformance.workers import pythons

DOWNLOADS = "CONFORMANCE_PYTHON_DOWNLOADS"
"""The environment variable that says whether uv may download a Python that is not installed."""

_ANSWERS = {"": False, "0": False, "no": False, "false": False, "never": False}
_ANSWERS |= {"1": True, "yes": True, "true": True, "allow": True}


class NoPython(CannotBuild):
    """An environment cannot be made as its Python is not installed, with a remedy."""


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

    Parameters
    ----------
    request
        As of `pythons.find`.
    download
        As of `may_download`.

    Returns
    -------
    str
        Its path, or the request itself if `pythons` cannot read it, as uv may.

    Raises
    ------
    CannotBuild
        `NoPython` if it is not installed and may not be downloaded.
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
