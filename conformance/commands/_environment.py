"""The options that say which framework is asked where: one set of words for every command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from conformance import environments
from conformance.environments import Environment
from conformance.frameworks import FRAMEWORKS

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """The command with the options whose values `chosen` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(
    framework: str | None,
    name: str | None,
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
) -> Environment:
    """The environment that was said. Raises ``click.UsageError`` for none, or more than one."""
    if name is not None:
        if framework or python or pins or backend:
            raise click.UsageError("--environment says the framework, Python, backend and pins")
        return environments.pinned()[name]
    if framework is None:
        raise click.UsageError("say --framework, or --environment for one that is pinned here")
    return Environment(
        framework=framework, pins=pins, python=python or sys.executable, backend=backend
    )


_OPTIONS = (
    click.option("--framework", type=click.Choice(sorted(FRAMEWORKS))),
    click.option(
        "--environment",
        "name",
        type=click.Choice(list(environments.pinned())),
        help="In place of --framework, --python, --backend and --with: one that is pinned here.",
    ),
    click.option(
        "--python",
        show_default="this one",
        help="The interpreter that has the framework; nothing of ours has to be there."
        " With --with, the version such as 3.11 to make an environment of.",
    ),
    click.option(
        "--with",
        "pins",
        multiple=True,
        metavar="PIN",
        help="A requirement such as torch==2.13.0 of an environment to make and keep; repeatable.",
    ),
    click.option("--backend", metavar="NAME", help="Of Keras.  [default: as it is set up there]"),
)
