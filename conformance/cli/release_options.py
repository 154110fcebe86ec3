"""The options that say which releases of a package are asked what: of `history` and `bisect`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click
from packaging.requirements import Requirement

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, shared_options
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.history import releases
from conformance.history.companions import base_environment
from conformance.history.forecasts import Foreseen
from conformance.history.history import Plan
from conformance.history.releases import NoRelease
from conformance.utils import byte_sizes
from conformance.utils.text import plain, shortened
from conformance.workers import pythons

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """The command with the options that both take."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _bytes(_context: click.Context, _option: click.Parameter, words: str) -> float:
    """A size that was typed; infinity for no limit."""
    if words.strip().lower() == UNLIMITED:
        return math.inf
    try:
        return byte_sizes.parse(words)
    except ValueError as error:
        raise click.BadParameter(f"{error}, nor {UNLIMITED!r}") from None


UNLIMITED = "unlimited"


_OPTIONS = (
    click.option(
        "--framework",
        type=click.Choice(sorted(FRAMEWORKS)),
        help="Whose cases are asked.  [default: that of the package]",
    ),
    click.option(
        "--backend",
        metavar="NAME",
        type=shared_options.WORD,
        help="Of Keras.  [default: the first pinned]",
    ),
    click.option(
        "--python",
        metavar="PYTHON",
        type=shared_options.WORD,
        help="This one, such as 3.11 or a path, and no other.  [default: for each release one that"
        " it has a wheel for]",
    ),
    environment_options.download,
    click.option(
        "--with",
        "pins",
        multiple=True,
        metavar="PIN",
        help="A requirement that holds beside every release; repeatable."
        "  [default: the pins of that framework and backend, as long as they go with the release]",
    ),
    click.option("--pre", is_flag=True, help="Also releases before a final one."),
    click.option(
        "--max-download",
        "limit",
        callback=_bytes,
        default="2GB",
        show_default=True,
        metavar="SIZE",
        help=f"The most that may be downloaded, such as 500MB, or {UNLIMITED!r}.",
    ),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Say what would be asked and downloaded, and make and ask nothing.",
    ),
    shared_options.jobs,
    shared_options.timeout(),
    shared_options.startup(),
)


def is_rehearsed(foreseen: Foreseen, plan: Plan, *, dry_run: bool) -> bool:
    """Say what is about to be downloaded; in a rehearsal for each release, and that is all.

    Raises ``TooLarge`` where more would be downloaded than the plan allows, and it is no rehearsal.
    """
    if dry_run:
        for forecast in foreseen.releases:
            click.echo(shortened(plain(str(forecast)), 300))
        click.echo(str(foreseen))
    elif foreseen.amount.number:
        click.echo(str(foreseen), err=True)
        plan.allowance.refuse_more(foreseen.amount)
    return dry_run


def package_of(requirements: list[Requirement]) -> str:
    """The package that all requirements are of. Raises `NoRelease` where they are of several."""
    first, *others = requirements
    for other in others:
        if not releases.same_package(first.name, other.name):
            raise NoRelease(
                f"{first.name} and {other.name} are two packages; a history is of one, and"
                " --with says what is beside it"
            )
    return first.name


def place(
    package: str,
    framework: str | None,
    backend: str | None,
    python: str | None,
    download: bool | None = None,
) -> tuple[Environment, tuple[str, ...]]:
    """The pinned environment to put releases in, and the Pythons to try, the preferred one first.

    Raises `NoRelease`, ``CannotBuild``.
    """
    pinned = replace(base_environment(package, framework, backend), download=download)
    if python is not None:
        wanted = replace(pinned, python=pythons.canonical(python))
        if wanted.missing_python is not None:
            installed = ", ".join(pythons.versions()) or "none"
            raise NoRelease(f"{wanted.missing_python}; installed are {installed}")
        version = pythons.version_of(python)
        if version is not None and version < pythons.OLDEST:
            oldest = ".".join(map(str, pythons.OLDEST))
            raise NoRelease(f"{python} is older than Python {oldest}, which workers need at least")
        return pinned, (wanted.python,)
    there = pythons.versions()
    if pinned.python not in there and definitions.may_download(download):
        there = (pinned.python, *there)
    return pinned, tuple(sorted(there, key=lambda version: version != pinned.python))
