"""``--command``: a program in any language in place of a framework."""

import csv
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli.app import main
from conformance.runs import run_files

UNRULY = Path(__file__).parents[2] / "fakes" / "unruly_program.py"
COMMAND = shlex.join([sys.executable, str(UNRULY)])
CASES = """
cases:
  - {id: copied, why: The program gives x back., x: [1, 2], kernel: [0]}
  - {id: crash, why: The program dies., x: [1, 2], kernel: [3]}
  - {id: refusal, why: The program refuses., x: [1, 2], kernel: [1]}
  - {id: skip, why: The program has no way to say it., x: [1, 2], kernel: [2]}
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(CASES)
    return path


def test_a_program_is_run_like_a_framework(cases: Path) -> None:
    result = run("run", str(cases), "--command", COMMAND, "--out", "mine.jsonl")
    assert result.exit_code == 0, result.output
    seen = run_files.read(Path("mine.jsonl"))
    assert seen.header.title == "program unruly-1 (program)"
    statuses = {o.case: o.status for o in seen.observations if o.mode == "native"}
    assert statuses == {
        "copied": "mismatch",
        "crash": "crashed",
        "refusal": "rejected",
        "skip": "inexpressible",
    }
    assert run("gate", "mine.jsonl", "mine.jsonl").exit_code == 0


def test_a_run_of_own_cases_is_reported_with_them(cases: Path) -> None:
    run("run", str(cases), "--command", COMMAND, "--out", "mine.jsonl")
    assert run("report", "mine.jsonl", "--out", "report").exit_code == 0
    with Path("report", "verdicts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["case"] for row in rows} == {"copied", "crash", "refusal", "skip"}
    assert "not run" not in {r["verdict"] for r in rows if r["api"] == "program.conv_transpose"}


def test_a_case_is_explained(cases: Path) -> None:
    result = run("explain", "copied", "--cases", str(cases), "--command", COMMAND)
    assert "program.ask('conv_transpose', 'float32', x=x, kernel=w" in result.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--command", "'"), "No closing quotation"),
        (("--command", " "), "it is empty"),
        (("--command", "a", "--framework", "torch"), "goes with no other of these"),
        (("--framework", "program"), "'program' is not one of"),
    ],
)
def test_a_command_that_is_none_is_refused(words: tuple[str, ...], sentence: str) -> None:
    result = run("run", *words)
    assert result.exit_code == 2
    assert sentence in result.output


def test_a_program_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    result = run("run", "--command", "no-such-program", "--out", str(tmp_path / "run.jsonl"))
    assert result.exit_code == 2
    assert "No such file or directory: 'no-such-program'" in result.output
