"""Say in a sentence that a file cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reading(path: Path, error: type[Exception]) -> Iterator[None]:
    """Raise ``error`` with a sentence in place of an ``OSError`` on a file or folder."""
    try:
        yield
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror or problem}") from None
