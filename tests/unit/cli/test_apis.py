"""``conformance apis``: every API by its whole id, and why a framework cannot be asked."""

import sys
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result
from fakes import drive
from fakes.clock import PATIENCE

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import apis as module
from conformance.cli.app import main

IDS = ["plain.right", "plain.troubled", "plain.backwards", "plain.gone"]


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, ["apis", *words])


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, list[str]]:
    """What is piped of a fake in the place of PyTorch, by id."""
    # Unlike monkeypatch, this gives the frameworks back in their order.
    with patch.dict(FRAMEWORKS, {"torch": FRAMEWORKS["torch"]}, clear=True):
        drive.fake(tmp_path)
        said = ran()
    assert said.exit_code == 0, said.output
    return {row.split("\t")[0]: row.split("\t") for row in said.stdout.splitlines()}


def test_in_a_pipe_every_api_is_a_line(rows: dict[str, list[str]]) -> None:
    assert list(rows) == IDS


def test_a_line_says_what_and_where_and_whether(rows: dict[str, list[str]]) -> None:
    assert rows["plain.right"] == ["plain.right", "conv_transpose", "Plain 1.0", "yes"]


def test_an_api_that_this_version_lacks_is_said_to_be_missing(rows: dict[str, list[str]]) -> None:
    assert rows["plain.gone"][-1] == "no"


def test_ids_are_whole_however_narrow_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = module._installed
    asked = cache(lambda name: ask(FRAMEWORKS[name], sys.executable, PATIENCE))
    monkeypatch.setattr(module, "_installed", lambda framework, *_: asked(framework.name))
    ids = [api.id for framework in FRAMEWORKS.values() for api in framework.apis]
    for columns in ("0", "1", "20", "80"):
        monkeypatch.setenv("COLUMNS", columns)
        assert [row.split("\t")[0] for row in ran().stdout.splitlines()] == ids, columns


def test_the_reason_why_a_framework_cannot_be_asked_is_told(tmp_path: Path) -> None:
    prelude = "raise ImportError('libcudart.so.12: cannot open shared object file')"
    with patch.dict(FRAMEWORKS, {"torch": FRAMEWORKS["torch"]}, clear=True):
        drive.fake(tmp_path, prelude=prelude)
        said = ran()
    assert said.exit_code == 0
    assert "conformance apis: Plain: " in said.stderr
    assert "ImportError: libcudart.so.12: cannot open shared object file." in said.stderr
    assert "not installed" not in said.output


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/true", ""])
def test_an_interpreter_that_cannot_be_run_is_a_failure(python: str) -> None:
    said = ran("--python", python)
    assert (said.exit_code, said.stdout) == (2, "")


def test_on_a_terminal_ids_stand_under_their_framework(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_terminal", lambda: True)
    with patch.dict(FRAMEWORKS, {"torch": FRAMEWORKS["torch"]}, clear=True):
        drive.fake(tmp_path)
        head, *lines = ran("--python", sys.executable).stdout.splitlines()
    assert head == "Plain 1.0"
    assert [line.split()[:2] for line in lines] == [
        ["no" if name == "plain.gone" else "yes", name] for name in IDS
    ]
