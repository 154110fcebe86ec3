"""However a case file is broken, the answer is cases or sentences, and never a traceback."""

from pathlib import Path

import pytest
from mutations import BASES, load_bytes, mutants

from conformance.cases.size_limits import check_cost
from conformance.question import Chain

BATCH = 500
BATCHES = 2  # the rest is attacked in tests/attacks


@pytest.mark.parametrize("text", BASES)
def test_what_is_mutated_was_right(text: str, tmp_path: Path) -> None:
    assert load_bytes(text.encode(), tmp_path).problems == ()


@pytest.mark.parametrize("seed", range(BATCHES))
def test_a_broken_file_gives_cases_that_are_not_too_large_or_sentences(
    seed: int, tmp_path: Path
) -> None:
    for data in mutants(BATCH, seed):
        loaded = load_bytes(data, tmp_path)
        assert loaded.cases or loaded.problems
        for case in loaded.cases:
            asked = case.question
            for question in asked.questions if isinstance(asked, Chain) else (asked,):
                check_cost(question)  # or it raises: nothing that takes long is loaded
        lines = data.decode("utf-8", "replace").replace("\r", "\n").count("\n") + 1
        for problem in loaded.problems:
            assert "\n" not in str(problem), problem
            assert 1 <= problem.place.line <= lines + 1, problem
