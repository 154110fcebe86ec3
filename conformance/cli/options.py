"""Options that several commands have, and checks of their values."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import click

from conformance.adapters.registry import FRAMEWORKS, api_and_rank
from conformance.cli.option_kinds import (
    PATH,
    Decorator,
    Seconds,
    Word,
    flag,
    group,
    several,
    word,
)
from conformance.environments import definitions
from conformance.observations import MODES
from conformance.runs.worker_limits import STARTUP, TIMEOUT, WorkerLimits

MOST_WORKERS = max(64, 4 * (os.cpu_count() or 1))
"""Workers side by side, each of them a process with its own framework."""
LEAST_MEMORY, MOST_MEMORY = 2**20, 2**50
"""Bytes for a worker: less is too little for any call, and no machine has more."""
BYTES = click.IntRange(LEAST_MEMORY, MOST_MEMORY)


class ApiId(Word):
    """The type of the name of an API, which becomes its id."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a name; one that is of no API stays as it is."""
        return api_and_rank(super().convert(value, param, ctx))[0]


jobs = click.option(
    "--jobs",
    default=1,
    show_default=True,
    type=click.IntRange(1, MOST_WORKERS),
    help="Workers side by side.",
)
api_ids = several(
    "--api",
    "api_ids",
    type=ApiId(),
    metavar="ID",
    help="Only this API; repeatable. The name of a rank, such as torch.nn.ConvTranspose2d, stands"
    " for all ranks.",
)
expression = word(
    "-k",
    "expression",
    metavar="EXPR",
    help="Only cases whose id, op, topics, tags or claims match, such as 'stride and not d2l'.",
)
profile = flag(
    "--profile",
    help="Only the naive calls of the profile set: the fewest cases from which it is known what"
    " each API means by its arguments.",
)
case_files = several(
    "--cases",
    "paths",
    metavar="PATH",
    type=PATH,
    help="A case file or a folder of them; repeatable.  [default: all that come with this package]",
)
download = click.option(
    "--download-python/--no-download-python",
    default=None,
    help="Whether uv may download a Python that is not installed, to make an environment."
    f"  [default: as {definitions.DOWNLOADS} says, or else no]",
)
one_by_one = flag(
    "--one-by-one",
    help="Ask every question by itself, as a person would, also where many in one batch are"
    " quicker, which is JAX.",
)
as_json = flag("--json", "as_json", help="Print JSON for a program.")
skip = flag(
    "--skip-missing-interpreters",
    "skip",
    help="Exit with 0 also where the Python of an environment is not installed and may not be"
    " downloaded.",
)
mode = click.option(
    "--mode",
    type=click.Choice(MODES),
    default="native",
    show_default=True,
    help="The naive call, or the equivalent call, which should give the oracle's answer.",
)
startup = click.option(
    "--startup",
    default=STARTUP,
    show_default=True,
    type=Seconds(),
    help="Seconds for an interpreter to start and to import its framework.",
)


def limits(
    text: str = "Seconds for a question. Some pinned environments have a multiple of it.",
    seconds: float = TIMEOUT,
    *,
    batched: bool = True,
) -> Decorator[Any]:
    """Return the options of a worker's time limits, which become the argument ``limits``."""

    def make(timeout: float, startup: float) -> WorkerLimits:
        return WorkerLimits(timeout=timeout, startup=startup, batched=batched)

    timeout = click.option(
        "--timeout", default=seconds, show_default=True, type=Seconds(), help=text
    )
    return group("limits", make, timeout, startup)


def refuse_backend(framework: str, backend: str | None, option: str = "--backend") -> None:
    """Raise ``click.BadParameter`` for a backend that the framework does not have."""
    if backend is not None and (refusal := FRAMEWORKS[framework].without(backend)):
        raise click.BadParameter(refusal, param_hint=option)


def refuse_device(framework: str, device: str) -> None:
    """Raise ``click.BadParameter`` for a device that a run of the framework cannot choose."""
    if refusal := FRAMEWORKS[framework].without_device(device):
        raise click.BadParameter(refusal, param_hint="--device")


def refuse_unknown_apis(api_ids: Sequence[str], known_ids: Sequence[str]) -> None:
    """Raise ``click.BadParameter`` for an API that is none of the known ones."""
    for unknown in set(api_ids) - set(known_ids):
        raise click.BadParameter(
            f"{unknown!r} is none of {', '.join(known_ids)}", param_hint="--api"
        )


def is_set(name: str) -> bool:
    """Return whether the option with this value is on the command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not click.core.ParameterSource.DEFAULT


def typed() -> Iterator[tuple[str, str]]:
    """Yield each option on the command line: the name of its value, and how it is spelt."""
    for option in click.get_current_context().command.params:
        if isinstance(option, click.Option) and option.name and is_set(option.name):
            yield option.name, option.opts[0]
