"""How a wrong value in a case is passed on: what is wrong, and where inside the case it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a value."""
Wrong: TypeAlias = tuple[Path, str]
"""Where inside a case something is wrong, and the sentence that says what."""
T = TypeVar("T")


class Refused(Exception):
    """A case that has no meaning; ``wrongs`` says why, once for each reason."""

    def __init__(self, path: Path, sentence: str, *more: Wrong) -> None:
        super().__init__(sentence)
        self.wrongs: tuple[Wrong, ...] = ((path, sentence), *more)

    def under(self, *path: str | int) -> Refused:
        """The same refusal, told of from further outside."""
        (first, sentence), *more = (((*path, *inner), text) for inner, text in self.wrongs)
        return Refused(first, sentence, *more)


def gathered(parts: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """What each of ``parts`` gives. Raises one ``Refused`` with everything that any refused."""
    given: dict[str, T] = {}
    wrongs: list[Wrong] = []
    for name, part in parts.items():
        try:
            given[name] = part()
        except Refused as refused:
            wrongs.extend(refused.wrongs)
    if wrongs:
        raise Refused(*wrongs[0], *wrongs[1:])
    return given


def shown(value: Any) -> str:
    """A value as a sentence ends with it: short, and told from its look-alikes."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {value if len(value) <= 40 else value[:40] + '...'!r}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "a mapping" if isinstance(value, dict) else repr(value)
