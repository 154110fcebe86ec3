"""Fake Pythons: scripts that say a version, where PATH or a version manager would have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.environments.definitions import DOWNLOADS
from conformance.workers import pythons


def write(path: Path, version: str, implementation: str = "cpython", flags: str = "") -> Path:
    """A program that answers as a Python does that is asked for its version."""
    return program(path, f"echo conformance {version} {implementation} {flags}")


def shim(path: Path) -> Path:
    """The shim of a version that is not chosen, as pyenv makes it."""
    return program(path, "echo 'pyenv: python: command not found' >&2; exit 127")


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def isolate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without Pythons and without leave to download any; PATH is the caller's."""
    monkeypatch.setenv("HOME", str(folder / "home"))
    for variable in ("XDG_DATA_HOME", DOWNLOADS, *(one.variable for one in pythons.MANAGERS)):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pythons, "HERE", folder / "none")
