"""However a baseline is broken, it is read as one or refused in a sentence."""

from pathlib import Path

import pytest
from mutated_baselines import READERS, hand_over, mutants, texts

SAMPLE = 40  # the rest is attacked in tests/attacks


@pytest.mark.parametrize("name", READERS)
def test_a_broken_baseline_is_read_as_one_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    right = texts(tmp_path)
    for mutant in mutants(SAMPLE, 0, right):
        hand_over(name, mutant, right)
