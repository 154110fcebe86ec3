"""Whatever is typed, a command ends with a documented status and a sentence."""

from pathlib import Path

import click
import pytest
from attacked import ended_well
from command_lines import BATCH, SEEDS, lines, place, statuses

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import COMMANDS, main
from conformance.utils import resources

SAMPLE = 40


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run: with no program on the way to it, so that nothing is installed."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setattr(resources, "CASES", resources.CASES)
    monkeypatch.setattr(resources, "HISTORY", resources.HISTORY)
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    return tmp_path / "place"


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_command_line_ends_as_its_help_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    *_, words = lines(number + 1, seed=0)
    place(folder)
    monkeypatch.chdir(folder)
    ended_well(words, statuses(words))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_tried(name: str) -> None:
    context = click.Context(main)
    words = {
        word
        for seed in range(100, 100 + SEEDS)
        for line in lines(BATCH, seed)
        if line[:1] == [name]
        for word in line
    }
    command = main.get_command(context, name)
    assert command is not None
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert [p.name for p in options if not words & {*p.opts, *p.secondary_opts}] == []
