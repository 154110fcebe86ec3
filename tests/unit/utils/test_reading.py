"""Test the sentence for a file that cannot be read."""

from pathlib import Path

import pytest

from conformance.utils.reading import reading


class _Unreadable(Exception):
    pass


def test_says_why_the_file_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "missing"
    with pytest.raises(_Unreadable) as caught, reading(path, _Unreadable):
        path.read_bytes()
    assert str(caught.value) == f"{path}: cannot be read: No such file or directory"


def test_says_an_error_without_a_number_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(_Unreadable) as caught, reading(tmp_path, _Unreadable):
        raise OSError("the disk is gone")
    assert str(caught.value) == f"{tmp_path}: cannot be read: the disk is gone"
