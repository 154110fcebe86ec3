"""Files that are there after the power failed: whole, or as they were before."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_NO_DISK = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EROFS, errno.EBADF})
"""What the system says of a pipe, a device or a file system that keeps nothing."""


def sync(file: IO[Any]) -> None:
    """Write what a file holds to its disk.

    Parameters
    ----------
    file
        A file that is open for writing. A pipe or a device is left to itself.

    Raises
    ------
    OSError
        Where the disk is full or broken.
    """
    file.flush()
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _NO_DISK:
            raise


def sync_folder(folder: Path) -> None:
    """Write to the disk which files a folder has, where a system has a way to do so.

    Parameters
    ----------
    folder
        One in which a file was made or replaced.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace(texts: Mapping[Path, bytes]) -> None:
    """Write files, and put them in place when all of them are on the disk.

    Parameters
    ----------
    texts
        What each file is to hold. What is no regular file, such as a device, is written to.

    Raises
    ------
    OSError
        Where one cannot be written; then the files in place are as they were.
    """
    beside: dict[Path, Path] = {}
    try:
        for path, data in texts.items():
            place = Path(os.path.realpath(path))
            if place.exists() and not place.is_file():
                place.write_bytes(data)
                continue
            beside[place] = place.with_name(f"{place.name}.{os.getpid()}.new")
            with beside[place].open("wb") as file:
                file.write(data)
                sync(file)
        for place, new in beside.items():
            new.replace(place)
    finally:
        for new in beside.values():
            new.unlink(missing_ok=True)
    for folder in {place.parent for place in beside}:
        sync_folder(folder)
