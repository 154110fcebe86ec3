"""Describe which part of the cases and APIs a run covers.

The gate compares a run of a part with the same part of a baseline, so that the other observations
do not count as lost.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.observations import MODES, Mode


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The part of the cases and APIs that a run covers.

    Attributes
    ----------
    expression
        The expression that the cases match, as of ``-k``; None for all cases.
    apis
        The ids of the APIs; empty for all of them.
    cases
        The files and folders of cases, as they were named; empty for the whole corpus.
    profile
        Whether it is the naive calls of the profile set.
    """

    expression: str | None = None
    apis: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    profile: bool = False

    def __bool__(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.expression or self.apis or self.cases or self.profile)

    def __str__(self) -> str:
        """Return all parts in words."""
        return ", ".join(self.options())

    def options(self) -> Iterator[str]:
        """Yield each part in words: the cases, the APIs, and the expression."""
        yield from (f"cases {path}" for path in self.cases)
        yield from (f"--api {api}" for api in self.apis)
        if self.expression is not None:
            yield f"-k {self.expression}"
        if self.profile:
            yield "--profile"

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Return the modes of its calls."""
        return ("native",) if self.profile else MODES

    def takes(self, api: str) -> bool:
        """Return whether an API is in the selection."""
        return not self.apis or api in self.apis


def parse_options(options: Iterable[str]) -> Selection | None:
    """Return the selection that `Selection.options` gives these words for; None for no words.

    Raise ``ValueError`` for words of another kind.
    """
    parts: dict[str, list[str]] = {"cases": [], "--api": [], "-k": [], "--profile": []}
    for words in options:
        kind, _, value = words.partition(" ")
        if kind not in parts:
            raise ValueError(f"a selection by {words[:40]!r}")
        parts[kind].append(value)
    if not any(parts.values()):
        return None
    return Selection(
        expression=next(iter(parts["-k"]), None),
        apis=tuple(parts["--api"]),
        cases=tuple(parts["cases"]),
        profile=bool(parts["--profile"]),
    )
