"""``conformance translate``: which run files it refuses, and which it passes over."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from mutated_runs import TRANSLATE, bases

from conformance.cli.app import main
from conformance.utils import resources


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    bases(tmp_path)
    monkeypatch.setattr(resources, "CASES", tmp_path / "corpus")
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
        ('"framework": "torch"', '"framework": "t"', "torch.jsonl: there is no framework 't' here"),
    ],
)
def test_a_run_of_what_is_not_here_is_refused(
    folder: Path, was: str, instead: str, why: str
) -> None:
    without_a_footer(folder / "torch.jsonl", was, instead)
    assert why in refusal()


def test_a_run_speaks_for_no_api_of_another_framework(folder: Path) -> None:
    was, instead = '"framework": "tensorflow"', '"framework": "jax"'
    without_a_footer(folder / "tensorflow.jsonl", was, instead)
    ran = CliRunner().invoke(main, [*TRANSLATE, "--run", "tensorflow.jsonl"])
    assert "jax" not in ran.output


def test_a_run_that_is_not_complete_is_named(folder: Path) -> None:
    path = folder / "torch.jsonl"
    path.write_bytes(path.read_bytes().rpartition(b'{"kind": "foot')[0])
    assert "torch.jsonl: the run is incomplete: it was stopped before its end" in refusal()
