"""Options that choose the environments of a command, which become one argument."""

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import wraps
from typing import Any

import click
from packaging.requirements import InvalidRequirement

from conformance.adapters import program
from conformance.adapters.interop import CPU
from conformance.adapters.registry import LIBRARIES
from conformance.cli import options
from conformance.cli.option_kinds import group, several, word
from conformance.environments import definitions
from conformance.environments.definitions import Environment, Tier
from conformance.workers import pythons

NamedEnvironment = tuple[str | None, Environment]
"""An environment; a pinned one has a name."""

TIERS: Mapping[str, Tier] = {"all": "default", "extra": "extra"}
"""The words that stand for several environments, with what they stand for."""


def select_environments(
    framework: str | None,
    names: tuple[str, ...],
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download_python: bool | None = None,
    program_command: str | None = None,
    device: str = CPU,
) -> list[NamedEnvironment]:
    """Return the environments that the options describe.

    ``framework``, ``names``, ``python``, ``pins``, ``backend``, ``download_python``,
    ``program_command`` and ``device`` are the values of the options of `environments`. Returns the
    environments; a pinned one with its name, which names a device other than the CPU. Raises
    ``click.UsageError`` if the options describe no environment, or a pinned one beside another.
    """
    if download_python is not None and not (names or pins):
        raise click.UsageError(
            "--download-python is for environments that are made: with --environment, or --with"
        )
    if program_command is not None:
        if framework or names or python or pins or backend:
            raise click.UsageError("--command says what is asked, and goes with no other of these")
        return [(None, _program(program_command))]
    if names:
        if framework or python or backend:
            raise click.UsageError("--environment says the framework, Python and backend")
        pinned = definitions.pinned()
        tiers = {TIERS[name] for name in names if name in TIERS}
        selection = {n: e for n, e in pinned.items() if n in names or e.tier in tiers}
        for name in {environment.framework for environment in selection.values()}:
            options.refuse_device(name, device)
        return [
            (_on(name, device), replace(environment, download=download_python, device=device))
            for name, environment in _with_pins(selection, pins).items()
        ]
    if framework is None:
        raise click.UsageError(
            "say --framework, --environment for one that is pinned here, or --command for a program"
        )
    options.refuse_backend(framework, backend)
    options.refuse_device(framework, device)
    environment = Environment(
        framework=framework,
        pins=pins,
        python=_python(python, pins),
        backend=backend,
        download=download_python,
        device=device,
    )
    return [(None if device == CPU else _on(framework, device), environment)]


@wraps(select_environments)
def _select_environment(**values: Any) -> Environment:
    """Return the environment that the options describe."""
    names = () if values["names"] is None else (values["names"],)
    ((_, environment),) = select_environments(**{**values, "names": names})
    return environment


def _on(name: str, device: str) -> str:
    return name if device == CPU else f"{name}-{device}"


def _program(command: str) -> Environment:
    """Return the environment of a program, whose worker runs in this interpreter."""
    try:
        words = shlex.split(command)
    except ValueError as problem:
        raise click.BadParameter(f"{command!r}: {problem}", param_hint="--command") from None
    if not words:
        raise click.BadParameter("must name a program", param_hint="--command")
    variables = {program.VARIABLE: json.dumps(words)}
    return Environment(framework=program.FRAMEWORK.name, variables=variables)


def _python(request: str | None, pins: tuple[str, ...]) -> str:
    """Return one name for one interpreter, as the folder of an environment depends on it."""
    if request is None:
        return sys.executable
    return pythons.canonical(request) if pins else request


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


framework = click.option("--framework", type=click.Choice(LIBRARIES))
_PINNED = "A pinned environment, in place of --framework, --python and --backend"
_UNPINNED = (
    word(
        "--python",
        show_default="this one",
        help="The interpreter that has the framework, by its path, name or version; this package"
        " need not be installed there. With --with, the interpreter to make an environment of.",
    ),
    several(
        "--with",
        "pins",
        metavar="PIN",
        help="A requirement such as torch==2.13.0 of an environment to make and keep; repeatable."
        " With --environment, it replaces the pin of that package.",
    ),
    word(
        "--backend", metavar="NAME", help="The backend of Keras.  [default: as it is set up there]"
    ),
    options.download,
    word(
        "--command",
        "program_command",
        metavar="COMMAND",
        help="A program in any language that answers questions on its standard input, such as"
        " 'node mine.js' (docs/any-program.md), in place of a framework.",
    ),
    click.option(
        "--device",
        default=CPU,
        show_default=True,
        metavar="NAME",
        help="What the framework computes on: cuda, mps or xpu where it can.",
    ),
)
environment = group(
    "environment",
    _select_environment,
    framework,
    click.option(
        "--environment", "names", type=click.Choice(list(definitions.pinned())), help=f"{_PINNED}."
    ),
    *_UNPINNED,
)
"""The options of one environment, which become the argument ``environment``."""
environments = group(
    "environments",
    select_environments,
    framework,
    several(
        "--environment",
        "names",
        type=click.Choice([*definitions.pinned(), *TIERS]),
        help=f"{_PINNED}; 'all' that nox runs, or the 'extra' ones; repeatable.",
    ),
    *_UNPINNED,
)
"""The options of several environments, which become the argument ``environments``."""
