"""The options that say which releases of a package are asked what: of `history` and `bisect`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from packaging.requirements import Requirement

from conformance import environments
from conformance.commands import _options
from conformance.environments import Environment
from conformance.frameworks import FRAMEWORKS
from conformance.versions import releases
from conformance.versions.companions import place_of
from conformance.versions.releases import NoRelease

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """The command with the options that both take."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--framework",
        type=click.Choice(sorted(FRAMEWORKS)),
        help="Whose cases are asked.  [default: that of the package]",
    ),
    click.option(
        "--backend",
        metavar="NAME",
        type=_options.WORD,
        help="Of Keras.  [default: the first pinned]",
    ),
    click.option(
        "--python",
        metavar="VERSION",
        type=_options.WORD,
        help="Such as 3.11, and no other.  [default: for each release one that it has a wheel for]",
    ),
    click.option(
        "--with",
        "pins",
        multiple=True,
        metavar="PIN",
        help="A requirement that holds beside every release; repeatable."
        "  [default: the pins of that framework and backend, as long as they go with the release]",
    ),
    click.option("--pre", is_flag=True, help="Also releases before a final one."),
    _options.jobs,
    _options.timeout(),
)


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
    package: str, framework: str | None, backend: str | None, python: str | None
) -> tuple[Environment, tuple[str, ...]]:
    """The pinned environment to put releases in, and the Pythons to try, the preferred one first.

    Raises `NoRelease`, ``CannotBuild``.
    """
    found = place_of(package, framework, backend)
    pythons = environments.pythons()
    if python is None:
        return found, tuple(sorted(pythons, key=lambda version: version != found.python))
    if python not in pythons:
        raise NoRelease(f"Python {python!r} is none of those installed: {', '.join(pythons)}")
    return found, (python,)
