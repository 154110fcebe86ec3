"""Cases that were kept are those that reading the file again would give, or they are not used."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from case_files import MINIMAL

from conformance import caches, shipped, sources
from conformance.cases import Case, load, reading
from conformance.cases.cache import _made_by as made_by
from conformance.memory import MEMORIES, laid
from conformance.question import Chain, Pool, Question
from conformance.survey import Subject

OTHER = MINIMAL.replace("[1, 10]", "[1, 100]")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cases.yaml"
    path.write_text(MINIMAL)
    return path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read and not recalled."""
    files: list[str] = []
    cases_of = reading.cases_of

    def noting(data: bytes, file: str, *rest: Any, **more: Any) -> Any:
        files.append(file)
        return cases_of(data, file, *rest, **more)

    monkeypatch.setattr(reading, "cases_of", noting)
    return files


def loaded(*paths: Path, **how: Any) -> tuple[Case, ...]:
    told = load(paths, cached=True, **how)
    assert told.problems == ()
    return told.cases


def test_a_file_is_read_once(file: Path, read: list[str]) -> None:
    for _ in range(2):
        (case,) = loaded(file)
        assert case.id == "one"
    assert read == [str(file)]


def test_nothing_is_kept_unless_it_is_said(file: Path, read: list[str], cache: Path) -> None:
    for _ in range(2):
        load([file])
    assert len(read) == 2
    assert not cache.exists()


def test_cases_that_nobody_checked_are_not_kept(file: Path, read: list[str]) -> None:
    for _ in range(2):
        loaded(file, check=False)
    assert len(read) == 2


def test_checked_cases_are_recalled_where_nobody_checks(file: Path, read: list[str]) -> None:
    loaded(file)
    (case,) = loaded(file, check=False)
    assert case.id == "one"
    assert len(read) == 1


def same(one: Any, other: Any) -> bool:
    """To the last field, for everything that a case is made of."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    if isinstance(one, Case | Question | Chain | Pool) or hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_all_cases_are_the_same_when_they_are_recalled(read: list[str]) -> None:
    first = loaded(shipped.CASES)
    files = len(read)
    again = loaded(shipped.CASES)
    assert len(read) == files
    assert same(first, again)
    assert [Subject(case).content for case in first] == [Subject(case).content for case in again]


@pytest.mark.parametrize("memory", MEMORIES)
def test_the_order_in_memory_is_kept(memory: Any) -> None:
    x = laid(np.arange(24, dtype=np.float32).reshape(2, 3, 4), memory)
    asked = Question(
        op="conv", x=x, kernel=x, stride=(1,), padding="valid", output_padding=(0,), dilation=(1,)
    )
    again = pickle.loads(pickle.dumps(asked))
    assert again.x.strides == x.strides
    np.testing.assert_array_equal(again.x, x)


def changed_text(file: Path, _: pytest.MonkeyPatch) -> None:
    file.write_text(OTHER)


def changed_code(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "code", lambda: "another digest")


def changed_library(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.cases.cache.version", lambda name: f"{name} 0")


@pytest.mark.parametrize("change", [changed_text, changed_code, changed_library])
def test_it_is_read_again_when_something_else_has_changed(
    file: Path,
    read: list[str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    loaded(file)
    change(file, monkeypatch)
    made_by.cache_clear()
    try:
        loaded(file)
    finally:
        made_by.cache_clear()
    assert len(read) == 2


def test_a_file_of_the_same_text_elsewhere_is_another(file: Path, read: list[str]) -> None:
    other = file.with_name("other.yaml")
    other.write_text(file.read_text())
    loaded(file)
    (case,) = loaded(other)
    assert case.place.file == str(other)
    assert len(read) == 2


def test_problems_are_told_every_time(file: Path) -> None:
    file.write_text(MINIMAL + "    stride: 0\n")
    first, again = (load([file], cached=True).problems for _ in range(2))
    assert first == again
    assert first != ()


def test_an_id_given_twice_is_told_whatever_was_kept(file: Path) -> None:
    other = file.with_name("other.yaml")
    other.write_text(OTHER)
    loaded(file)
    loaded(other)
    (problem,) = load([file, other], cached=True).problems
    assert problem.place.file == str(other)
    assert problem.sentence == f"this id was already given at {file}:2:9"


@pytest.mark.parametrize("left", [b"", b"nonsense", b"\x80\x05."])
def test_what_is_no_cache_is_written_over(
    file: Path, read: list[str], cache: Path, left: bytes
) -> None:
    loaded(file)
    (kept,) = (cache / "cases").iterdir()
    kept.write_bytes(left)
    loaded(file)
    loaded(file)
    assert len(read) == 2


def test_a_pickle_that_cannot_be_read_is_no_cache(
    file: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "recall", lambda *_: b"\x80\x05cno_such_module\nNoClass\n.")
    loaded(file)
    assert len(read) == 1


def test_deleting_the_cache_is_harmless(file: Path, read: list[str], cache: Path) -> None:
    loaded(file)
    for kept in (cache / "cases").iterdir():
        kept.unlink()
    loaded(file)
    assert len(read) == 2
