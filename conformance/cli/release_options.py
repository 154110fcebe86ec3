"""Options of `history` and `bisect`, which choose releases of a package and their environments."""

from __future__ import annotations

import math
from dataclasses import replace

import click
from packaging.requirements import Requirement

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, shared_options
from conformance.cli.shared_options import Command
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

UNLIMITED = "unlimited"
"""The value of --max-download for no limit."""


def options(command: Command) -> Command:
    """Add the options to a command."""
    return environment_options.with_options(command, *_OPTIONS)


def _bytes(_context: click.Context, _option: click.Parameter, words: str) -> float:
    """Read a number of bytes; infinity for no limit."""
    if words.strip().lower() == UNLIMITED:
        return math.inf
    try:
        return byte_sizes.parse(words)
    except ValueError as error:
        raise click.BadParameter(f"{error}, nor {UNLIMITED!r}") from None


_OPTIONS = (
    click.option(
        "--framework",
        type=click.Choice(sorted(FRAMEWORKS)),
        help="The framework to ask.  [default: that of the package]",
    ),
    click.option(
        "--backend",
        metavar="NAME",
        type=shared_options.WORD,
        help="The backend of Keras.  [default: the first pinned]",
    ),
    click.option(
        "--python",
        metavar="PYTHON",
        type=shared_options.WORD,
        help="The only Python to use, such as 3.11 or a path.  [default: for each release one that"
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
    click.option("--pre", is_flag=True, help="Also ask pre-releases."),
    click.option(
        "--max-download",
        "limit",
        callback=_bytes,
        default="2GB",
        show_default=True,
        metavar="SIZE",
        help=f"The largest download, such as 500MB, or {UNLIMITED!r}.",
    ),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Print what would be asked and downloaded, and make and ask nothing.",
    ),
    shared_options.jobs,
    shared_options.timeout(),
    shared_options.startup(),
)


def announce_downloads(forecast: Foreseen, plan: Plan, *, dry_run: bool) -> None:
    """Print what is about to be downloaded.

    Parameters
    ----------
    forecast
        The releases, and the amount to download.
    plan
        The plan, with the largest amount that may be downloaded.
    dry_run
        Whether to print every release and to ignore that limit.

    Raises
    ------
    TooLarge
        If the amount is above the limit.
    """
    if dry_run:
        for release in forecast.releases:
            click.echo(shortened(plain(str(release)), 300))
        click.echo(str(forecast))
    elif forecast.amount.number:
        click.echo(str(forecast), err=True)
        plan.allowance.refuse_more(forecast.amount)


def package_of(requirements: list[Requirement]) -> str:
    """Return the package of all requirements; raise `NoRelease` where there are several."""
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
    """Choose the environment to put releases in, and the Pythons to try.

    Parameters
    ----------
    package
        The name of the package.
    framework, backend, python, download
        The values of the options.

    Returns
    -------
    tuple of Environment, tuple of str
        The pinned environment, and the Pythons, the preferred one first.

    Raises
    ------
    NoRelease
        If the Python is missing or too old.
    CannotBuild
        If there is no such environment.
    """
    pinned = replace(base_environment(package, framework, backend), download=download)
    if python is not None:
        environment = replace(pinned, python=pythons.canonical(python))
        if environment.missing_python is not None:
            installed = ", ".join(pythons.versions()) or "none"
            raise NoRelease(f"{environment.missing_python}; installed are {installed}")
        version = pythons.version_of(python)
        if version is not None and version < pythons.OLDEST:
            oldest = ".".join(map(str, pythons.OLDEST))
            raise NoRelease(f"{python} is older than Python {oldest}, which workers need at least")
        return pinned, (environment.python,)
    candidates = pythons.versions()
    if pinned.python not in candidates and definitions.may_download(download):
        candidates = (pinned.python, *candidates)
    return pinned, tuple(sorted(candidates, key=lambda version: version != pinned.python))
