"""Options that several commands have, and checks of their values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_WORKERS = max(64, 4 * (os.cpu_count() or 1))
"""Workers side by side, each of them a process with its own framework."""
LONGEST = 7 * 24 * 3600.0
"""Seconds for one question."""
LEAST_MEMORY, MOST_MEMORY = 2**20, 2**50
"""Bytes for a worker: less is too little for any call, and no machine has more."""


class Seconds(click.FloatRange):
    """The type of a duration: a finite number above 0, of at most `LONGEST`."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(0, LONGEST, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number of seconds; refuse NaN, which passes every comparison."""
        seconds = super().convert(value, param, ctx)
        if not isfinite(seconds):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return float(seconds)


class Word(click.types.StringParamType):
    """The type of a text that is not blank, as a blank one is often an unset variable."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a text, and refuse one that is empty or blank."""
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


def timeout(text: str = "Seconds for a question.") -> Callable[[Command], Command]:
    """Make the option of the time limit of a question.

    Parameters
    ----------
    text
        The help of the option.

    Returns
    -------
    callable
        A decorator of a command.
    """
    from conformance.runs.worker_limits import TIMEOUT  # here, as it comes with NumPy

    return click.option("--timeout", default=TIMEOUT, show_default=True, type=Seconds(), help=text)


def startup() -> Callable[[Command], Command]:
    """Make the option of the time limit of the start of a worker."""
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
        The options and the files that are about to be written; None for an option without a file.
    inputs
        The files that are read; a folder stands for the case files and baselines in it. Missing
        files are ignored.

    Raises
    ------
    click.BadParameter
        If an output is an input or another output.
    """
    sources = [Path(path) for path in inputs if path is not None]
    targets: dict[Path, str] = {}
    for option, path in outputs:
        if path is None or (path.exists() and not path.is_file()):
            continue  # a device may take several outputs
        if any(_is_within(path, source) for source in sources):
            raise click.BadParameter(
                f"{path} is one of the inputs, and would be overwritten", param_hint=option
            )
        place = path.resolve()
        if place in targets:
            raise click.BadParameter(f"{path} is the file of {targets[place]}", param_hint=option)
        targets[place] = option


def _is_within(path: Path, source: Path) -> bool:
    """Return whether a file is the source, or a case file or baseline in that folder."""
    from conformance.cases.loader import SUFFIXES  # here, as the import would delay `run`

    try:
        if source.is_dir():
            is_inside = path.resolve().is_relative_to(source.resolve())
            return is_inside and path.suffix in (*SUFFIXES, ".csv")
        return path.is_file() and path.samefile(source)
    except (OSError, ValueError):
        return False


def is_set(name: str) -> bool:
    """Return whether an option of the current command is on the command line.

    Parameters
    ----------
    name
        The name of the option's value.
    """
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not click.core.ParameterSource.DEFAULT


def refuse_unknown_apis(api_ids: Sequence[str], known_ids: Sequence[str]) -> None:
    """Raise ``click.BadParameter`` for an API that is none of the known ones."""
    for unknown in set(api_ids) - set(known_ids):
        raise click.BadParameter(
            f"{unknown!r} is none of {', '.join(known_ids)}", param_hint="--api"
        )


def refuse_without(option: str, other: str) -> NoReturn:
    """Refuse an option that has no meaning without another one.

    Parameters
    ----------
    option
        The option on the command line.
    other
        The missing option.

    Raises
    ------
    click.UsageError
        Always.
    """
    raise click.UsageError(f"{option} has no meaning without {other}")
