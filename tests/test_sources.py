"""What a run was made from: the same digest for the same, and another for anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import sources


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    (tmp_path / "one.yaml").write_text("one")
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "two.yml").write_text("two")
    return tmp_path


def digest(*cases: Path, words: tuple[str, ...] = (), variables: tuple[str, ...] = ()) -> str:
    return sources.digest(cases, words, variables)


def test_the_same_has_the_same_digest(cases: Path) -> None:
    assert digest(cases, words=("a",)) == digest(cases, words=("a",))


def test_a_case_file_that_changes_is_another_source(cases: Path) -> None:
    before = digest(cases)
    (cases / "nested" / "two.yml").write_text("three")
    assert digest(cases) != before


def test_a_case_file_that_is_added_is_another_source(cases: Path) -> None:
    before = digest(cases)
    (cases / "three.yaml").write_text("three")
    assert digest(cases) != before


def test_a_file_that_holds_no_cases_is_no_source(cases: Path) -> None:
    before = digest(cases)
    (cases / "notes.md").write_text("notes")
    assert digest(cases) == before


def test_a_single_file_is_a_source(cases: Path) -> None:
    assert digest(cases / "one.yaml") != digest(cases / "nested" / "two.yml")


def test_the_order_in_which_files_are_named_does_not_matter(cases: Path) -> None:
    one, two = cases / "one.yaml", cases / "nested" / "two.yml"
    assert digest(one, two) == digest(two, one)


@pytest.mark.parametrize(
    ("words", "others"),
    [(("a",), ("b",)), (("a", "b"), ("b", "a")), (("ab",), ("a", "b")), ((), ("",))],
)
def test_other_words_are_another_source(
    cases: Path, words: tuple[str, ...], others: tuple[str, ...]
) -> None:
    assert digest(cases, words=words) != digest(cases, words=others)


def test_a_variable_is_a_source(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_BACKEND", "fast")
    fast = digest(cases, variables=("SOME_BACKEND",))
    monkeypatch.setenv("SOME_BACKEND", "slow")
    assert digest(cases, variables=("SOME_BACKEND",)) != fast


def test_our_code_is_a_source(
    cases: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path_factory.mktemp("package")
    monkeypatch.setattr(sources, "PACKAGE", package)
    (package / "oracle.py").write_text("1")
    before = digest(cases)
    (package / "oracle.py").write_text("2")
    assert digest(cases) != before
