"""Options that choose a framework and the environments to run it in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

import click
from packaging.requirements import InvalidRequirement

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.shared_options import WORD, Command
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.workers import pythons

ALL = "all"
"""The name that stands for every pinned environment, for commands that take several."""


def options(command: Command) -> Command:
    """Add the options of `select_environment` to a command."""
    return with_options(command, _FRAMEWORK, _ENVIRONMENT, *_UNPINNED, download)


def options_for_several(command: Command) -> Command:
    """Add the options of `select_environments` to a command."""
    return with_options(command, _FRAMEWORK, _ENVIRONMENTS, *_UNPINNED, download)


def with_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """Add options to a command, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def select_environment(
    framework: str | None,
    name: str | None,
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download: bool | None = None,
) -> Environment:
    """Return the environment that the options describe.

    Parameters
    ----------
    framework, name, python, pins, backend, download
        The values of `options`.

    Returns
    -------
    Environment

    Raises
    ------
    click.UsageError
        If the options describe no environment, or contradict one another.
    """
    names = () if name is None else (name,)
    ((_, environment),) = select_environments(framework, names, python, pins, backend, download)
    return environment


def select_environments(
    framework: str | None,
    names: tuple[str, ...],
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download: bool | None = None,
) -> list[tuple[str | None, Environment]]:
    """Return the environments that the options describe.

    Parameters
    ----------
    framework, names, python, pins, backend, download
        The values of `options_for_several`.

    Returns
    -------
    list of tuple of str or None, Environment
        The environments; a pinned one with its name.

    Raises
    ------
    click.UsageError
        If the options describe no environment, or a pinned one beside another.
    """
    if download is not None and not (names or pins):
        raise click.UsageError(
            "--download-python is for environments that are made: with --environment, or --with"
        )
    if names:
        if framework or python or backend:
            raise click.UsageError("--environment says the framework, Python and backend")
        pinned = definitions.pinned()
        selection = {name: pinned[name] for name in pinned if name in names or ALL in names}
        return [
            (name, replace(environment, download=download))
            for name, environment in _with_pins(selection, pins).items()
        ]
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
    """Return one name for one interpreter, as the folder of an environment depends on it."""
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
        The backend; None for the one that is set up in the environment.
    option
        The option that named it.

    Raises
    ------
    click.BadParameter
        With the backends of the framework.
    """
    if backend is not None and (refusal := FRAMEWORKS[framework].without(backend)):
        raise click.BadParameter(refusal, param_hint=option)


def _with_pins(
    selection: Mapping[str, Environment], pins: tuple[str, ...]
) -> dict[str, Environment]:
    """Replace pins; where there are any, return only the environments that have the packages."""
    try:
        environments = {name: e.with_pins(pins) for name, e in selection.items()}
        for pin in pins:
            if not any(pin in e.with_pins([pin]).pins for e in selection.values()):
                raise click.UsageError(f"--with {pin}: {', '.join(selection)} have no such package")
    except InvalidRequirement as problem:
        raise click.UsageError(f"--with: {problem}") from None
    return {name: e for name, e in environments.items() if not pins or set(pins) & set(e.pins)}


_FRAMEWORK = click.option("--framework", type=click.Choice(sorted(FRAMEWORKS)))
_ENVIRONMENT = click.option(
    "--environment",
    "name",
    type=click.Choice(list(definitions.pinned())),
    help="A pinned environment, in place of --framework, --python and --backend.",
)
_ENVIRONMENTS = click.option(
    "--environment",
    "names",
    multiple=True,
    type=click.Choice([*definitions.pinned(), ALL]),
    help="A pinned environment, in place of --framework, --python and --backend; repeatable.",
)
download = click.option(
    "--download-python/--no-download-python",
    default=None,
    help="Whether uv may download a Python that is not installed, to make an environment."
    f"  [default: as {definitions.DOWNLOADS} says, or else no]",
)
_UNPINNED = (
    click.option(
        "--python",
        type=WORD,
        show_default="this one",
        help="The interpreter that has the framework, by its path, name or version; this package"
        " need not be installed there. With --with, the interpreter to make an environment of.",
    ),
    click.option(
        "--with",
        "pins",
        multiple=True,
        metavar="PIN",
        help="A requirement such as torch==2.13.0 of an environment to make and keep; repeatable."
        " With --environment, it replaces the pin of that package.",
    ),
    click.option(
        "--backend",
        metavar="NAME",
        type=WORD,
        help="The backend of Keras.  [default: as it is set up there]",
    ),
)
