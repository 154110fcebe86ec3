"""Whatever is typed, a command ends with a documented status and a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacked import ended_well
from command_lines import lines, place, statuses

from conformance import shipped
from conformance.frameworks import FRAMEWORKS

SAMPLE = 40


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run: with no program on the way to it, so that nothing is installed."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setattr(shipped, "CASES", shipped.CASES)
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    return tmp_path / "place"


@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_command_line_ends_as_its_help_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    *_, words = lines(number + 1, seed=0)
    place(folder)
    monkeypatch.chdir(folder)
    ended_well(words, statuses(words))
