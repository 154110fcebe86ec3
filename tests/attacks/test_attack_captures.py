"""2,000 broken captures, the same every time."""

from pathlib import Path

import pytest
from attacked import ended_well
from mutated_captures import mutants, words

from conformance.utils import resources

BATCH, SEEDS = 200, range(100, 110)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_capture_gives_a_case_or_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    (tmp_path / "corpus").mkdir()
    one = "cases:\n  - {id: one, why: A., x: [1], kernel: [2]}\n"
    (tmp_path / "corpus" / "one.yaml").write_text(one)
    monkeypatch.setattr(resources, "CASES", tmp_path / "corpus")
    for mutant in mutants(BATCH, seed):
        ended_well(words(mutant, tmp_path / "call.npz"), {0, 2})
