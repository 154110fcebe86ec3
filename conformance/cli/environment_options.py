"""The options that say which framework is asked where: one set of words for every command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import click
from packaging.requirements import InvalidRequirement

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.shared_options import WORD
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.workers import pythons

ALL = "all"
"""The name of every pinned environment, where several may be said."""

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """The command with the options whose values `chosen` takes."""
    return _with(command, _FRAMEWORK, _ONE, *_UNPINNED, download)


def options_for_several(command: Command) -> Command:
    """The command with the options whose values `all_chosen` takes."""
    return _with(command, _FRAMEWORK, _SEVERAL, *_UNPINNED, download)


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def chosen(
    framework: str | None,
    name: str | None,
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download: bool | None = None,
) -> Environment:
    """The environment that was said. Raises ``click.UsageError`` for none, or more than one."""
    names = () if name is None else (name,)
    ((_, environment),) = all_chosen(framework, names, python, pins, backend, download)
    return environment


def all_chosen(
    framework: str | None,
    names: tuple[str, ...],
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download: bool | None = None,
) -> list[tuple[str | None, Environment]]:
    """The environments that were said, each with its name if it is a pinned one.

    Raises ``click.UsageError`` for none, and for a pinned one beside another.
    """
    if download is not None and not (names or pins):
        raise click.UsageError(
            "--download-python is for environments that are made: with --environment, or --with"
        )
    if names:
        if framework or python or backend:
            raise click.UsageError("--environment says the framework, Python and backend")
        pinned = definitions.pinned()
        meant = {name: pinned[name] for name in pinned if name in names or ALL in names}
        changed = _changed(meant, pins).items()
        return [(name, replace(environment, download=download)) for name, environment in changed]
    if framework is None:
        raise click.UsageError("say --framework, or --environment for one that is pinned here")
    refuse_backend(framework, backend)
    environment = Environment(
        framework=framework,
        pins=pins,
        python=_python(python, pins),
        backend=backend,
        download=download,
    )
    return [(None, environment)]


def _python(request: str | None, pins: tuple[str, ...]) -> str:
    """What is told apart in an environment's folder has one name, however it was written."""
    if request is None:
        return sys.executable
    return pythons.canonical(request) if pins else request


def refuse_backend(framework: str, backend: str | None, option: str = "--backend") -> None:
    """Refuse a backend that the framework does not have.

    Parameters
    ----------
    framework
        The name of the framework.
    backend
        The backend; None is the one that is set up there.
    option
        What it was said with.

    Raises
    ------
    click.BadParameter
        With the backends that there are.
    """
    if backend is not None and (refusal := FRAMEWORKS[framework].without(backend)):
        raise click.BadParameter(refusal, param_hint=option)


def _changed(meant: Mapping[str, Environment], pins: tuple[str, ...]) -> dict[str, Environment]:
    """The environments with other pins; where there are such, only those that they are pins of."""
    try:
        changed = {name: environment.with_pins(pins) for name, environment in meant.items()}
        for pin in pins:
            if not any(pin in e.with_pins([pin]).pins for e in meant.values()):
                raise click.UsageError(f"--with {pin}: {', '.join(meant)} have no such package")
    except InvalidRequirement as problem:
        raise click.UsageError(f"--with: {problem}") from None
    return {name: e for name, e in changed.items() if not pins or set(pins) & set(e.pins)}


_FRAMEWORK = click.option("--framework", type=click.Choice(sorted(FRAMEWORKS)))
_ONE = click.option(
    "--environment",
    "name",
    type=click.Choice(list(definitions.pinned())),
    help="In place of --framework, --python and --backend: one that is pinned here.",
)
_SEVERAL = click.option(
    "--environment",
    "names",
    multiple=True,
    type=click.Choice([*definitions.pinned(), ALL]),
    help="In place of --framework, --python and --backend: one that is pinned here; repeatable.",
)
download = click.option(
    "--download-python/--no-download-python",
    default=None,
    help="Whether uv may download the Python of an environment that is made, where it is not"
    f" installed.  [default: as {definitions.DOWNLOADS} says, or else no]",
)
_UNPINNED = (
    click.option(
        "--python",
        type=WORD,
        show_default="this one",
        help="The interpreter that has the framework, by its path, name or version; nothing of ours"
        " has to be there. With --with, the one to make an environment of.",
    ),
    click.option(
        "--with",
        "pins",
        multiple=True,
        metavar="PIN",
        help="A requirement such as torch==2.13.0 of an environment to make and keep; repeatable."
        " With --environment, in the place of its pin of that package.",
    ),
    click.option(
        "--backend",
        metavar="NAME",
        type=WORD,
        help="Of Keras.  [default: as it is set up there]",
    ),
)
