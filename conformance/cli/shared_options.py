"""Options that several commands have, said once: their types refuse what cannot be meant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_WORKERS = max(64, 4 * (os.cpu_count() or 1))
"""Workers side by side: each is a process with a framework of its own."""
LONGEST = 7 * 24 * 3600.0
"""Seconds for one question."""
LEAST_MEMORY, MOST_MEMORY = 2**20, 2**50
"""Bytes for a worker: with less nothing is computed, and nobody has more."""


class Seconds(click.FloatRange):
    """A length of time: a finite number above 0, of at most `LONGEST`."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(0, LONGEST, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number of seconds, and refuse those that compare with nothing."""
        seconds = super().convert(value, param, ctx)
        if not isfinite(seconds):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return float(seconds)


class Word(click.types.StringParamType):
    """Text of at least one character that shows: an empty one is a variable that was never set."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a word, and refuse one that is empty or only blanks."""
        word = str(super().convert(value, param, ctx))
        if not word.strip():
            self.fail("it is empty", param, ctx)
        return word


WORD = Word()
BYTES = click.IntRange(LEAST_MEMORY, MOST_MEMORY)

jobs = click.option(
    "--jobs",
    default=1,
    show_default=True,
    type=click.IntRange(1, MOST_WORKERS),
    help="Workers side by side.",
)
api_ids = click.option(
    "--api", "api_ids", multiple=True, metavar="ID", type=WORD, help="Only this API; repeatable."
)
expression = click.option(
    "-k",
    "expression",
    metavar="EXPR",
    type=WORD,
    help="Only cases whose id, op, topics, tags or claims match, such as 'stride and not d2l'.",
)
case_files = click.option(
    "--cases",
    "paths",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A case file or a folder of them; repeatable.  [default: all that come with this package]",
)


def timeout(what: str = "Seconds for a question.") -> Callable[[Command], Command]:
    """Make the option of how long an answer is waited for.

    Parameters
    ----------
    what
        Its help.
    """
    from conformance.runs.worker_limits import TIMEOUT  # here, as it comes with NumPy

    return click.option("--timeout", default=TIMEOUT, show_default=True, type=Seconds(), help=what)


def startup() -> Callable[[Command], Command]:
    """Make the option of how long a worker may take to start."""
    from conformance.runs.worker_limits import STARTUP  # here, as it comes with NumPy

    return click.option(
        "--startup",
        default=STARTUP,
        show_default=True,
        type=Seconds(),
        help="Seconds for an interpreter to start and to import its framework.",
    )


def keep_inputs(
    outputs: Iterable[tuple[str, Path | None]], inputs: Iterable[Path | str | None]
) -> None:
    """Refuse an output that is one of the inputs, or the same file as another output.

    Parameters
    ----------
    outputs
        The files that are about to be written, each after its option; None for one that is not
        asked for.
    inputs
        The files that are read; of a folder, the case files and baselines in it. What is not there
        is passed over.

    Raises
    ------
    click.BadParameter
        With the option and the file.
    """
    kept = [Path(path) for path in inputs if path is not None]
    written: dict[Path, str] = {}
    for option, path in outputs:
        if path is None or (path.exists() and not path.is_file()):
            continue  # a device takes whatever comes
        if any(_is_of(path, own) for own in kept):
            raise click.BadParameter(
                f"{path} is one of the inputs, and would be overwritten", param_hint=option
            )
        place = path.resolve()
        if place in written:
            raise click.BadParameter(f"{path} is the file of {written[place]}", param_hint=option)
        written[place] = option


def _is_of(path: Path, kept: Path) -> bool:
    """Whether a file is another one, or a case file or baseline in a folder."""
    from conformance.cases.loader import SUFFIXES  # here, as `run` has no time for it

    try:
        if kept.is_dir():
            inside = path.resolve().is_relative_to(kept.resolve())
            return inside and path.suffix in (*SUFFIXES, ".csv")
        return path.is_file() and path.samefile(kept)
    except (OSError, ValueError):
        return False


def was_given(name: str) -> bool:
    """Say whether an option of the present command is on the command line.

    Parameters
    ----------
    name
        The name of the option's value.
    """
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not click.core.ParameterSource.DEFAULT


def needs(option: str, other: str) -> None:
    """Refuse an option that means nothing without another one.

    Parameters
    ----------
    option
        The option that was used.
    other
        The one that is missing.

    Raises
    ------
    click.UsageError
        Always.
    """
    raise click.UsageError(f"{option} has no meaning without {other}")
