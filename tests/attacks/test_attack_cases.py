"""10,000 broken case files, the same every time, and what every command makes of some of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from attacked import ended_well, patience
from fakes import drive
from mutations import load_bytes, mutants

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.exit_status import STATUSES
from conformance.utils import resources

BATCH, SEEDS = 500, range(20)
FEW = 60


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_file_gives_cases_or_sentences(seed: int, tmp_path: Path) -> None:
    for data in mutants(BATCH, seed):
        with patience(data):
            loaded = load_bytes(data, tmp_path)
        assert loaded.cases or loaded.problems
        lines = data.decode("utf-8", "replace").replace("\r", "\n").count("\n") + 1
        for problem in loaded.problems:
            assert "\n" not in str(problem), problem
            assert 1 <= problem.place.line <= lines + 1, problem


Line = Callable[[str], list[str]]
LINES: dict[str, Line] = {
    "check": lambda file: ["check", file, "--each"],
    "check --fix": lambda file: ["check", file, "--fix"],
    "explain": lambda file: ["explain", "made", "--cases", file, "--framework", "torch"],
    "repro": lambda file: ["repro", "plain", "--cases", file, "--api", "plain.right"],
    "run": lambda file: ["run", file, "--framework", "torch", "--out", "run.jsonl"],
    "report": lambda file: ["report", "run.jsonl", "--cases", file, "--out", "report"],
    "new": lambda file: [
        *("new", "--id", "mine", "--why", "Mine.", "--x", "[1]", "--kernel", "[2]"),
        *("--into", file),
    ],
}


@pytest.mark.parametrize("name", LINES)
def test_a_command_that_is_handed_a_broken_file_ends_as_its_help_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    drive.fake(tmp_path)
    (tmp_path / "corpus").mkdir()
    one = "cases:\n  - {id: one, why: A., x: [1], kernel: [2]}\n"
    (tmp_path / "corpus" / "one.yaml").write_text(one)
    monkeypatch.setattr(resources, "CASES", tmp_path / "corpus")
    ended_well(["run", "--framework", "torch", "--out", "run.jsonl"], {0})
    for data in mutants(FEW, seed=1000):
        (tmp_path / "mutant.yaml").write_bytes(data)
        ended_well(LINES[name]("mutant.yaml"), STATUSES[name.split()[0]])
