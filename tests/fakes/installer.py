"""The fake uv on PATH, and its memory."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fakes import pythons

from conformance.environments import definitions, installer

FAKE = Path(__file__).with_name("uv.py")


class Uv:
    """What the fake installer was told, and what it is to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def calls(self) -> list[dict[str, Any]]:
        recorded = self.folder / "calls.jsonl"
        if not recorded.exists():
            return []
        return [json.loads(line) for line in recorded.read_text().splitlines()]

    @property
    def made(self) -> list[list[str]]:
        """What was to be installed, in turn."""
        words = [call["arguments"] for call in self.calls]
        return [one for one in words if one[:2] == ["pip", "install"] and "--dry-run" not in one]

    def fail_on(self, *words: str) -> None:
        """From now on, whatever is told all words of one of these fails."""
        (self.folder / "fails on").write_text("\n".join(words))

    def say(self, command: str, told: object, word: str = "") -> None:
        """What it prints for a command of two words, where ``word`` is among the others."""
        text = told if isinstance(told, str) else json.dumps(told)
        (self.folder / f"{command} {word or command.split()[1]}").write_text(text)

    def has_pythons(self, *minors: int) -> None:
        """These are on PATH, and no others."""
        for path in self.folder.glob("python*"):
            path.unlink()
        for minor in minors:
            pythons.write(self.folder / f"python3.{minor}", f"3.{minor}.1")

    def leave(self) -> None:
        """Uses no environment any longer, as if this process had ended."""
        while definitions._OCCUPIED:
            os.close(definitions._OCCUPIED.popitem()[1])

    def has_wheels(self, wheels: Mapping[str, int | None]) -> None:
        """These can be downloaded, by their pins, with their sizes; the newest come last."""
        (self.folder / "wheels").write_text(json.dumps(wheels))

    def releases(self, versions: Iterable[str], word: str = "--json") -> None:
        """What pip lists, where it is told ``word``."""
        self.say("tool run", {"name": "plain", "versions": list(versions)}, word)


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    """A fake uv and Python 3.11 and 3.12 on PATH; its environments are made in ``folder``."""
    pythons.isolate(folder, monkeypatch)
    own = folder / "uv"
    own.mkdir()
    script = own / "uv"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(own))
    monkeypatch.setenv("FAKE_UV", str(own))
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(folder / "environments"))
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    for told in ("UV_FIND_LINKS", "UV_COMPILE_BYTECODE"):
        monkeypatch.delenv(told, raising=False)
    installer._configured_links.cache_clear()
    uv = Uv(own)
    uv.has_pythons(11, 12)
    return uv
