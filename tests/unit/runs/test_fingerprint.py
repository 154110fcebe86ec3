"""What a run was made from: the same digest for the same, and another for anything else."""

from pathlib import Path

import pytest

from conformance.runs import fingerprint


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    (tmp_path / "one.yaml").write_text("one")
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "two.yml").write_text("two")
    return tmp_path


def digest(*cases: Path, words: tuple[str, ...] = (), variables: tuple[str, ...] = ()) -> str:
    return fingerprint.digest(cases, words, variables)


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


def test_how_a_file_is_named_does_not_matter(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cases)
    named = Path("nested", "two.yml"), Path("nested", "..", "nested", "two.yml")
    assert {digest(path) for path in named} == {digest(cases / "nested" / "two.yml")}
    assert digest(Path("nested")) == digest(cases / "nested")


@pytest.mark.parametrize("here", ["..", "."], ids=["below", "elsewhere"])
def test_a_case_file_that_is_moved_is_another_source(
    cases: Path, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    monkeypatch.chdir(cases / "nested" / here)
    before = digest(cases)
    (cases / "moved").mkdir()
    (cases / "one.yaml").rename(cases / "moved" / "one.yaml")
    assert digest(cases) != before


def test_a_file_that_is_named_twice_counts_once(cases: Path) -> None:
    assert digest(cases, cases / "one.yaml") == digest(cases)


def test_a_folder_that_is_called_like_a_case_file_is_no_source(cases: Path) -> None:
    before = digest(cases)
    (cases / "folder.yaml").mkdir()
    assert digest(cases) == before


def test_a_path_that_is_not_there_is_told_of_elsewhere(cases: Path) -> None:
    assert digest(cases / "none.yaml") == digest()


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


def test_a_module_that_moves_to_another_folder_is_another_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
    (tmp_path / "oracle.py").write_text("1")
    before = digest()
    (tmp_path / "gate").mkdir()
    (tmp_path / "oracle.py").rename(tmp_path / "gate" / "oracle.py")
    fingerprint._code_files.cache_clear()  # as another process has none
    assert digest() != before


def test_our_code_is_a_source(
    cases: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path_factory.mktemp("package")
    monkeypatch.setattr(fingerprint, "PACKAGE", package)
    (package / "oracle.py").write_text("1")
    before = digest(cases)
    (package / "oracle.py").write_text("2")
    fingerprint._code_files.cache_clear()  # as another process has none
    assert digest(cases) != before
