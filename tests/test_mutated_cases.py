"""However a case file is broken, the answer is cases or sentences, soon, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutations import ALLOWED_SECONDS, BASES, load_timed, mutants

BATCH = 500
BATCHES = 20


@pytest.mark.parametrize("text", BASES)
def test_what_is_mutated_was_right(text: str, tmp_path: Path) -> None:
    loaded, _ = load_timed(text.encode(), tmp_path)
    assert loaded.problems == ()


@pytest.mark.parametrize("seed", range(BATCHES))
def test_a_broken_file_gives_cases_or_sentences_in_time(seed: int, tmp_path: Path) -> None:
    for data in mutants(BATCH, seed):
        loaded, seconds = load_timed(data, tmp_path)
        assert loaded.cases or loaded.problems
        # Time of this process alone, so that a busy machine does not count.
        assert seconds < ALLOWED_SECONDS, data
        lines = data.decode("utf-8", "replace").replace("\r", "\n").count("\n") + 1
        for problem in loaded.problems:
            assert "\n" not in str(problem), problem
            assert 1 <= problem.place.line <= lines + 1, problem
