"""Selections: which part of all there is to ask a run was made for.

A run of a part is held against the same part of a baseline, so that what nobody asked for is not
taken for something that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The part of all cases and APIs that a run was made for.

    Attributes
    ----------
    expression
        What the cases match, as after ``-k``; None for all of them.
    apis
        The ids of the APIs; none stands for all of them.
    cases
        The files and folders of cases, as they were named; none stands for the whole corpus.
    """

    expression: str | None = None
    apis: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.expression or self.apis or self.cases)

    def __str__(self) -> str:
        """Give all parts in words."""
        return ", ".join(self.options())

    def options(self) -> Iterator[str]:
        """Give each part in words: the cases, the APIs, and the expression."""
        yield from (f"cases {path}" for path in self.cases)
        yield from (f"--api {api}" for api in self.apis)
        if self.expression is not None:
            yield f"-k {self.expression}"

    def takes(self, api: str) -> bool:
        """Say whether an API was to be asked at all."""
        return not self.apis or api in self.apis


def selected(options: Iterable[str]) -> Selection | None:
    """Make a selection of the words that `Selection.options` gives.

    Parameters
    ----------
    options
        The words of each part.

    Returns
    -------
    Selection or None
        None where there are no parts.

    Raises
    ------
    ValueError
        For words of another kind.
    """
    parts: dict[str, list[str]] = {"cases": [], "--api": [], "-k": []}
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
    )
