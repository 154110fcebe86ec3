"""Files are replaced as a whole, when all of them are on the disk, or not at all."""

import errno
import os
import threading
from pathlib import Path

import pytest

from conformance.utils import durable_files


def test_files_hold_what_was_written(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    other.write_bytes(b"was")
    durable_files.replace({one: b"1", other: b"2"})
    assert (one.read_bytes(), other.read_bytes()) == (b"1", b"2")
    assert len(list(tmp_path.iterdir())) == 2


def test_all_are_on_the_disk_before_any_is_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[bool] = []
    paths = [tmp_path / "one", tmp_path / "other"]
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: (there.append(any(p.exists() for p in paths)), fsync(file))
    )
    durable_files.replace(dict.fromkeys(paths, b"1"))
    assert there == [False, False, True]


def test_where_one_cannot_be_written_all_are_as_they_were(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_bytes(b"was")
    with pytest.raises(OSError, match="No such file or directory"):
        durable_files.replace({one: b"1", tmp_path / "nowhere" / "other": b"2"})
    assert one.read_bytes() == b"was"
    assert list(tmp_path.iterdir()) == [one]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    durable_files.replace({tmp_path / "link": b"1"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"1"


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=lambda: durable_files.replace({pipe: b"1"}))
    thread.start()
    assert pipe.read_bytes() == b"1"
    thread.join()


def test_a_pipe_is_on_no_disk() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as end:
        with os.fdopen(writer, "wb") as file:
            file.write(b"1")
            durable_files.sync(file)
        assert end.read() == b"1"


def test_a_disk_that_fails_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="Input/output error"):
        durable_files.replace({tmp_path / "one": b"1"})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_nobodys_trouble(tmp_path: Path) -> None:
    durable_files.sync_folder(tmp_path / "nowhere")
