"""Select cases of the corpus or of files for a command, and report problems of the files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boolean
import click

from conformance.cases import Case, load, profile_set
from conformance.utils import resources


def select_cases(
    paths: Sequence[Path], expression: str | None = None, *, profile: bool = False
) -> tuple[Case, ...]:
    """Select the cases for which an expression holds.

    Raises ``SystemExit`` with status 2, after it prints every problem of the files. Raises
    ``click.UsageError`` if no case is selected, or ``expression`` is none.

    Parameters
    ----------
    paths
        Files and folders of cases; none for all of the corpus.
    expression
        Words with and, or, not and parentheses; None selects every case.
    profile
        Whether only those of the profile set are selected.
    """
    loaded = load(paths or [resources.CASES])
    if loaded.problems:
        for problem in loaded.problems:
            click.echo(str(problem), err=True)
        raise SystemExit(2)
    is_selected = _predicate(expression) if expression else lambda _: True
    cases = tuple(
        case
        for case in loaded.cases
        if is_selected(case) and (not profile or case.id in profile_set.IDS)
    )
    if not loaded.cases:
        raise click.UsageError("there are no cases in these files")
    if not cases:
        options = (expression and f"-k {expression!r}", "--profile" if profile else None)
        words = " and ".join(filter(None, options))
        raise click.UsageError(f"none of {len(loaded.cases)} cases is meant by {words}")
    return cases


def _predicate(expression: str) -> Callable[[Case], bool]:
    """Return a predicate that seeks words in a case's id, op, topics, tags and claims."""
    algebra = boolean.BooleanAlgebra(allowed_in_token=("_", "-", "."))
    try:
        tree = algebra.parse(expression)
        _holds(tree, "")
    except (boolean.ParseError, _NotAWord, RecursionError) as error:
        raise click.UsageError(
            f"-k {expression!r}: {error}; write words with and, or, not and parentheses"
        ) from None

    def is_selected(case: Case) -> bool:
        text = " ".join((case.id, case.op, *case.labels, *case.claims)).lower()
        return _holds(tree, text)

    return is_selected


class _NotAWord(Exception):
    """A part of an expression is a constant of the parser, not a word."""


def _holds(part: Any, text: str) -> bool:
    """Return whether a part of a parsed expression holds for ``text``."""
    if isinstance(part, boolean.Symbol):
        return str(part.obj).lower() in text
    if not part.args:  # the parser takes these words for constants
        raise _NotAWord("0, 1, true, false and none are no words to seek")
    values = [_holds(argument, text) for argument in part.args]
    if isinstance(part, boolean.NOT):
        return not values[0]
    return all(values) if isinstance(part, boolean.AND) else any(values)
