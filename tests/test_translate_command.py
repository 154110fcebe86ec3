"""``conformance translate``: which runs it takes what it says from."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from mutated_runs import APIS, TRANSLATE, bases

from conformance import shipped
from conformance.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    bases(tmp_path)
    monkeypatch.setattr(shipped, "CASES", tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal() -> str:
    words = [*TRANSLATE, "--run", "torch.jsonl", "--run", "tensorflow.jsonl"]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 2
    return " ".join(ran.stderr.split())


def without_a_footer(path: Path, was: str = "", instead: str = "") -> None:
    """The same run with something else in it, summed up by nothing."""
    lines = path.read_text().replace(was, instead).splitlines()[:-1]
    path.write_text("\n".join(lines) + '\n{"kind": "footer", "observations": 12}\n')


@pytest.mark.parametrize(
    ("was", "instead", "why"),
    [
        ('"backend": null', '"backend": "jax"', "torch.jsonl: PyTorch has no backends to choose"),
        ('"framework": "torch"', '"framework": "keras"', f"no run has observed {APIS['torch']}"),
    ],
)
def test_a_run_of_something_else_is_refused(folder: Path, was: str, instead: str, why: str) -> None:
    without_a_footer(folder / "torch.jsonl", was, instead)
    assert why in refusal()


def test_runs_that_are_not_complete_are_named(folder: Path) -> None:
    for name in ("torch.jsonl", "tensorflow.jsonl"):
        (folder / name).write_bytes((folder / name).read_bytes().rpartition(b'{"kind": "foot')[0])
    assert "there is no complete run in torch.jsonl, tensorflow.jsonl" in refusal()
