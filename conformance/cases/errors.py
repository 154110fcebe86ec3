"""Carry what is wrong in a case, with the place of each fault inside the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a value."""
Fault: TypeAlias = tuple[Path, str]
"""A place inside a case, and the sentence that says what is wrong there."""
T = TypeVar("T")


class CaseError(Exception):
    """A case cannot become a question; ``faults`` has one entry for each reason."""

    def __init__(self, path: Path, sentence: str, *more: Fault) -> None:
        super().__init__(sentence)
        self.faults: tuple[Fault, ...] = ((path, sentence), *more)

    def nest(self, *path: str | int) -> CaseError:
        """Return the same error with ``path`` put before the path of every fault."""
        (first, sentence), *more = (((*path, *inner), text) for inner, text in self.faults)
        return CaseError(first, sentence, *more)


def collect(parts: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Call every function in ``parts``, and return the results under the same names.

    Raises ``CaseError`` if any function raises one; it has the faults of all of them.
    """
    results: dict[str, T] = {}
    faults: list[Fault] = []
    for name, part in parts.items():
        try:
            results[name] = part()
        except CaseError as error:
            faults.extend(error.faults)
    if faults:
        raise CaseError(*faults[0], *faults[1:])
    return results


def describe(value: Any) -> str:
    """Return a short description of a value for the end of a sentence; text is marked as text."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {value if len(value) <= 40 else value[:40] + '...'!r}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "a mapping" if isinstance(value, dict) else repr(value)
