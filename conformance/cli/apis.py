"""``conformance apis``: lists the APIs, and says which of them an interpreter has."""

import sys
from collections.abc import Iterator

import click

from conformance.adapters.framework import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import options
from conformance.cli.exit_status import refuse
from conformance.cli.option_kinds import word
from conformance.environments import interpreters
from conformance.utils.text import plain
from conformance.workers.worker_client import CannotStart, Interpreter, WorkerClient


@click.command("apis")
@word("--python", default=sys.executable, show_default="this one", help="An interpreter.")
@options.startup
def command(python: str, startup: float) -> None:
    """List every API, and whether an interpreter has it.

    A terminal shows the APIs under their framework, with the reason where it cannot be asked.
    A pipe gets one line for each API: its id, operator, framework with its version, and yes or no,
    with a tab between them; the reasons go to the standard error.

    \b
    Example:
      conformance apis --python ~/venvs/torch/bin/python
      conformance apis | cut -f 1
    """
    try:
        with WorkerClient(Interpreter(python), startup=startup):
            pass
    except CannotStart as error:
        refuse("apis", error.sentence)
    lines = _terminal_lines if is_terminal() else _pipe_lines
    for framework in FRAMEWORKS.values():
        for line in lines(framework, *_installed(framework, python, startup)):
            click.echo(line)


def is_terminal() -> bool:
    """Return whether the standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _installed(
    framework: Framework, python: str, startup: float
) -> tuple[frozenset[str], str | None, str | None]:
    """Return the ids of the installed APIs, the version, and the reason where there is none."""
    try:
        interpreter = interpreters.interpreter_for(framework, python)
        with WorkerClient(interpreter, startup=startup) as client:
            facts = client.identity.facts
    except CannotStart as error:
        return frozenset(), None, plain(error.sentence)
    ids = frozenset(api.id for api in framework.apis if facts[f"api {api.id}"])
    return ids, plain(str(facts["version"])), None


def _terminal_lines(
    framework: Framework, ids: frozenset[str], version: str | None, reason: str | None
) -> Iterator[str]:
    """Yield a framework for a person: its version, or why it cannot be asked, and its APIs."""
    head = click.style(framework.title, bold=True)
    yield f"{head} {version}" if reason is None else f"{head}: {reason}"
    for api in framework.apis:
        mark = click.style("yes", fg="green") if api.id in ids else click.style("no ", dim=True)
        yield f"  {mark}  {api.id}  {click.style(f'({api.operator})', dim=True)}"


def _pipe_lines(
    framework: Framework, ids: frozenset[str], version: str | None, reason: str | None
) -> Iterator[str]:
    """Yield a framework for a program, a line for each API; print the reason as an error."""
    if reason is not None:
        click.echo(f"conformance apis: {framework.title}: {reason}", err=True)
    title = f"{framework.title} {version}" if version else framework.title
    for api in framework.apis:
        yield "\t".join((api.id, api.operator, title, "yes" if api.id in ids else "no"))
