"""The corpus: where the cases are, which of them are meant, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boolean
import click

from conformance.cases import Case, load
from conformance.utils import resources


def select_cases(paths: Sequence[Path], expression: str | None = None) -> tuple[Case, ...]:
    """The cases in ``paths``, or all of the corpus, that ``expression`` holds for.

    Ends the command with status 2 and every problem's sentence if a file does not hold up.
    """
    loaded = load(paths or [resources.CASES])
    if loaded.problems:
        for problem in loaded.problems:
            click.echo(str(problem), err=True)
        raise SystemExit(2)
    keep = _predicate(expression) if expression else lambda _: True
    cases = tuple(case for case in loaded.cases if keep(case))
    if not loaded.cases:
        raise click.UsageError("there are no cases in these files")
    if not cases:
        raise click.UsageError(f"none of {len(loaded.cases)} cases is meant by -k {expression!r}")
    return cases


def _predicate(expression: str) -> Callable[[Case], bool]:
    """Whether a case is meant: words are sought in its id, op, topics, tags and claims."""
    algebra = boolean.BooleanAlgebra(allowed_in_token=("_", "-", "."))
    try:
        parsed = algebra.parse(expression)
        _holds(parsed, "")
    except (boolean.ParseError, _NoWord, RecursionError) as error:
        raise click.UsageError(
            f"-k {expression!r}: {error}; write words with and, or, not and parentheses"
        ) from None

    def means(case: Case) -> bool:
        text = " ".join((case.id, case.op, *case.labels, *case.claims)).lower()
        return _holds(parsed, text)

    return means


class _NoWord(Exception):
    """A part of an expression that is not a word to be sought."""


def _holds(part: Any, text: str) -> bool:
    """Whether a part of a parsed expression holds for ``text``; calling it would take no `self`."""
    if isinstance(part, boolean.Symbol):
        return str(part.obj).lower() in text
    if not part.args:  # the parser takes these words for constants
        raise _NoWord("0, 1, true, false and none are no words to seek")
    held = [_holds(argument, text) for argument in part.args]
    if isinstance(part, boolean.NOT):
        return not held[0]
    return all(held) if isinstance(part, boolean.AND) else any(held)
