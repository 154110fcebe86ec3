"""However a captured call is broken, `new` writes a case or a sentence, and never a traceback."""

from pathlib import Path

import pytest
from attacked import ended_well
from mutated_captures import mutants, words

from conformance.utils import resources

SAMPLE = 200


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of one case, which is read sooner than the whole."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "one.yaml").write_text("cases:\n  - {id: one, why: A., x: [1], kernel: [2]}\n")
    monkeypatch.setattr(resources, "CASES", corpus)
    return tmp_path


@pytest.mark.parametrize("seed", range(2))
def test_a_broken_capture_gives_a_case_or_a_sentence(folder: Path, seed: int) -> None:
    ends = set()
    for mutant in mutants(SAMPLE, seed):
        line = words(mutant, folder / "call.npz")
        ends.add(ended_well(line, {0, 2}).exit_code)
    assert ends == {0, 2}
