"""10,000 broken run files, the same every time, and what every command that reads them does."""

from pathlib import Path

import pytest
from attacked import ended_well
from fakes import drive, installer
from mutated_runs import READERS, bases, hand_over, is_read, mutants

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.history import companions, releases
from conformance.utils import resources

BATCH, SEEDS = 1000, range(100, 110)
SLOW = {"reported": 10, "in all forms": 5}
"""Of so many files such a reader is handed one."""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_run_is_read_as_a_run_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    right = bases(tmp_path)
    monkeypatch.setattr(resources, "CASES", tmp_path / "corpus")
    for number, mutant in enumerate(mutants(BATCH, seed, list(right.values()))):
        for name in READERS:
            if number % SLOW.get(name, 1) == 0:
                hand_over(name, mutant)


FEW = 50
ONE = "cases:\n  - {id: one, why: A., x: [1, 2], kernel: [1, 10]}\n"
"""A corpus that is asked in no time."""


def test_a_broken_run_is_gone_on_with_or_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is gone on with ends in the file that there was, and what is refused stays as it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    drive.fake(tmp_path)
    Path("cases.yaml").write_text(ONE)
    words = ["run", "cases.yaml", "--framework", "torch", "--api", "plain.right", "--out", "run"]
    ended_well(words, {0})
    path = Path("run")
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for mutant in mutants(FEW, 200, [lines, lines[:-1]]):
        path.write_bytes(mutant.data)
        is_run = is_read(path)
        ended = ended_well([*words, "--resume"], {0, 2})
        if ended.exit_code == 2:
            assert path.read_bytes() == mutant.data
        elif not is_run:  # else it is kept as it was, whatever it says
            assert is_read(path)


def test_a_broken_run_is_not_taken_for_one_that_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Environment(framework="torch", pins=("plain==1.5", "companion==5"), python="3.11")
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    monkeypatch.setattr(companions, "pinned", lambda: {"plain": place})
    releases.uploaded.cache_clear()
    drive.aged()
    uv = installer.pretend(tmp_path, monkeypatch)
    uv.has_pythons(11)
    uv.releases(["1.5"], "--ignore-requires-python")
    uv.releases(["1.5"], "3.11")
    uv.say("pip list", [{"name": "plain", "version": "?"}, {"name": "companion", "version": "5.0"}])
    Path("cases.yaml").write_text(ONE)
    history = ["history", "plain==1.5", "--framework", "torch", "--cases", "cases.yaml"]
    ended_well(history, {0})
    (kept,) = (tmp_path / "environments").glob("*/runs/*.jsonl")
    lines = kept.read_bytes().splitlines(keepends=True)
    for mutant in mutants(FEW, 300, [lines]):
        kept.write_bytes(mutant.data)
        if ended_well(history, {0, 2}).exit_code == 0:
            assert is_read(kept)
