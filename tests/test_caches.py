"""What is kept comes back whole or not at all, and is for the taking away."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import caches


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "one"


def test_what_was_kept_is_recalled(file: Path) -> None:
    caches.keep(file, b"key", b"data")
    assert caches.recall(file, b"key") == b"data"


def test_nothing_was_kept_yet(file: Path) -> None:
    assert caches.recall(file, b"key") is None


def test_it_is_recalled_for_no_other_key(file: Path) -> None:
    caches.keep(file, b"key", b"data")
    assert caches.recall(file, b"other") is None


def test_the_last_that_was_kept_counts(file: Path) -> None:
    caches.keep(file, b"key", b"data")
    caches.keep(file, b"other", b"more")
    assert caches.recall(file, b"key") is None
    assert caches.recall(file, b"other") == b"more"


def test_a_changed_bit_anywhere_is_noticed(file: Path) -> None:
    caches.keep(file, b"key", b"data")
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert caches.recall(file, b"key") is None


def test_a_missing_end_is_noticed(file: Path) -> None:
    caches.keep(file, b"key", b"data")
    whole = file.read_bytes()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        assert caches.recall(file, b"key") is None


def test_nothing_else_is_left_beside_it(file: Path) -> None:
    caches.keep(file, b"key", b"data")
    assert list(file.parent.iterdir()) == [file]


def test_where_nothing_can_be_written_nothing_is_kept(file: Path) -> None:
    file.parent.write_text("a file where there should be a folder")
    caches.keep(file, b"key", b"data")
    assert caches.recall(file, b"key") is None


def test_caches_are_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CONFORMANCE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert caches.folder("cases") == tmp_path / "conformance" / "cases"
