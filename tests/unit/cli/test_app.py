"""The command line: help that a stranger can follow, and statuses that a script can."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import drive

import conformance
from conformance.cli.app import COMMANDS, SUMMARIES, main

RIGHT = "cases:\n  - {id: one, why: Why., x: [1, 2], kernel: [1, 10]}\n"
WRONG = "cases:\n  - {id: one, why: Why., x: [1, 2], kernel: [1, 10], stride: 0}\n"


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


# Help


def test_help_lists_every_command() -> None:
    said = ran("--help")
    assert said.exit_code == 0
    for name, summary in SUMMARIES.items():
        assert name in said.output
        assert summary.split()[0] in said.output


def test_every_command_has_a_module_and_a_summary() -> None:
    assert set(COMMANDS) == set(SUMMARIES)
    for name in COMMANDS:
        assert find_spec(f"conformance.cli.{name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_in_its_help(name: str) -> None:
    said = ran(name, "--help")
    assert said.exit_code == 0
    assert "Example:" in said.output
    assert f"conformance {name} " in said.output.partition("Example:")[2]


def test_the_short_option_helps_too() -> None:
    assert ran("-h").output == ran("--help").output


def test_the_version_is_that_of_the_package() -> None:
    assert ran("--version").output.endswith(f"version {conformance.__version__}\n")


@pytest.mark.parametrize("words", [("walk",), ("check", "--loudly"), ("run",), ("report",)])
def test_what_cannot_be_meant_is_refused(words: tuple[str, ...]) -> None:
    assert ran(*words).exit_code == 2


def test_it_is_a_module_too() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "conformance", "--version"],
        env=drive.variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.startswith("conformance")


# check


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cases.yaml"


def test_cases_without_findings_pass(file: Path) -> None:
    file.write_text(RIGHT)
    said = ran("check", str(file))
    assert said.exit_code == 0
    assert "1 case," in said.output


def test_findings_are_told_at_their_places(file: Path) -> None:
    file.write_text(WRONG)
    said = ran("check", str(file))
    assert said.exit_code == 1
    assert said.output.startswith(f"{file}:2:")
    assert "stride must be at least 1 per axis, got 0" in said.output


def test_what_the_oracle_denies_is_a_finding(file: Path) -> None:
    file.write_text(RIGHT.replace("}\n", ", expected: {numbers: [1, 12, 21]}}\n"))
    said = ran("check", str(file))
    assert said.exit_code == 1
    assert "states numbers that the oracle does not give" in said.output


def test_a_missing_file_is_a_failure_and_no_finding(tmp_path: Path) -> None:
    said = ran("check", str(tmp_path / "none.yaml"))
    assert said.exit_code == 2
    assert "there is no such file or folder" in said.output
