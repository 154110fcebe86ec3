"""Writes files so that after a power failure they are either complete or as they were before."""

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_NO_DISK = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EROFS, errno.EBADF})
"""The system's errors for a pipe, a device or a file system without a disk."""


def sync(file: IO[Any]) -> None:
    """Write the contents of an open file to its disk; a pipe or a device is only flushed.

    Raise ``OSError`` if the disk is full or broken.
    """
    file.flush()
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _NO_DISK:
            raise


def sync_folder(folder: Path) -> None:
    """Write the list of a folder's files to the disk, where the system supports that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace(texts: Mapping[Path, bytes]) -> None:
    """Write files, and replace the old ones when all new ones are on the disk.

    A device is written to directly. Raise ``OSError`` if a file cannot be written; the old files
    then stay.
    """
    copies: dict[Path, Path] = {}
    try:
        for path, data in texts.items():
            target = Path(os.path.realpath(path))
            if target.exists() and not target.is_file():
                target.write_bytes(data)
                continue
            copies[target] = target.with_name(f"{target.name}.{os.getpid()}.new")
            with copies[target].open("wb") as file:
                file.write(data)
                sync(file)
        for target, copy in copies.items():
            copy.replace(target)
    finally:
        for copy in copies.values():
            copy.unlink(missing_ok=True)
    for folder in {target.parent for target in copies}:
        sync_folder(folder)
