"""500 command lines, the same every time."""

from pathlib import Path

import pytest
from attacked import ended_well
from command_lines import BATCH, SEEDS, lines, place, statuses

from conformance.adapters.registry import FRAMEWORKS
from conformance.utils import resources


@pytest.mark.parametrize("seed", range(100, 100 + SEEDS))
def test_a_command_line_ends_as_its_help_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setattr(resources, "CASES", resources.CASES)
    monkeypatch.setattr(resources, "HISTORY", resources.HISTORY)
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    for number, words in enumerate(lines(BATCH, seed)):
        folder = tmp_path / str(number)
        place(folder)
        monkeypatch.chdir(folder)
        ended_well(words, statuses(words))
