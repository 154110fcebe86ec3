"""However a run file is broken, its readers end with a sentence, and never say that it changed."""

from pathlib import Path

import pytest
from mutated_runs import READERS, bases, hand_over, is_read, mutants

from conformance.utils import resources

SAMPLE = 30  # the rest is attacked in tests/attacks


@pytest.mark.parametrize("name", READERS)
def test_a_broken_run_is_read_as_a_run_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    right = bases(tmp_path)
    monkeypatch.setattr(resources, "CASES", tmp_path / "corpus")
    assert is_read(tmp_path / "torch.jsonl")
    for mutant in mutants(SAMPLE, 0, list(right.values())):
        hand_over(name, mutant)
