"""1,000 broken baselines, the same every time, and what every command that reads them does."""

from pathlib import Path

import pytest
from mutated_baselines import READERS, hand_over, mutants, texts

BATCH, SEEDS = 250, range(100, 104)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_baseline_is_read_as_one_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    right = texts(tmp_path)
    for mutant in mutants(BATCH, seed, right):
        for name in READERS:
            hand_over(name, mutant, right)
