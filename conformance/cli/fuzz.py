"""``conformance fuzz``: random questions, and the smallest of each kind of trouble as a case."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import click
from rich.console import Console

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases.sampling import DRAWN
from conformance.cli import environment_options, shared_options
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.environments.definitions import CannotBuild
from conformance.environments.interpreters import interpreter_in
from conformance.fuzz import findings, random_search
from conformance.fuzz.random_search import SHRUNK, WRONG, Finding, Search, Tally
from conformance.observations import VERDICTS
from conformance.question import OPS, Op
from conformance.runs import lookup, run_header
from conformance.runs.lookup import NotFoundError
from conformance.runs.run_files import Header
from conformance.utils import progress
from conformance.utils.printable import printable
from conformance.utils.text import count as counted
from conformance.workers.worker_client import WorkerClient, WorkerError

WIDTH = 140
"""Of the tables where there is no terminal to fit them into."""


@click.command("fuzz")
@environment_options.options
@click.option("--count", default=1000, show_default=True, type=click.IntRange(1), help="Questions.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@shared_options.api_ids
@click.option(
    "--op",
    "ops",
    multiple=True,
    metavar="OP",
    type=click.Choice(OPS),
    help="Only questions with this op of a case; repeatable."
    "  [default: convolution, its transpose and their gradients]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The cases that are made.  [default: printed]",
)
@shared_options.jobs
@shared_options.timeout()
@shared_options.startup()
@click.option(
    "--refused",
    is_flag=True,
    help="Make cases of recipes that the framework refuses or that cannot be written, too.",
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="Ask every question by itself, as a person would, also where asking many together is"
    " quicker, which is JAX.",
)
def command(
    framework: str | None,
    name: str | None,
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download_python: bool | None,
    count: int,
    seed: int,
    api_ids: tuple[str, ...],
    ops: tuple[Op, ...],
    out: Path | None,
    jobs: int,
    timeout: float,
    startup: float,
    refused: bool,
    one_by_one: bool,
) -> None:
    """Ask a framework random questions, and make a small case of each kind of trouble.

    The same seed asks the same questions. What goes wrong is grouped by API, mode, status and
    diagnosis; of each group that neither a convention nor a known limit of the framework explains,
    one question is shrunk.

    \b
    Example:
      conformance fuzz --environment torch --count 20000 --seed 1 --out found.yaml
      conformance check found.yaml
    """
    environment = environment_options.chosen(
        framework, name, python, pins, backend, download_python
    )
    asked = FRAMEWORKS[environment.framework]
    known = [api.id for api in asked.apis]
    for unknown in set(api_ids) - set(known):
        raise click.BadParameter(f"{unknown!r} is none of {', '.join(known)}", param_hint="--api")
    shared_options.keep_inputs([("--out", out)], [environment.python])
    screen = console(stderr=out is None, width=None if sys.stdout.isatty() else WIDTH)
    try:

        def start(*, together: bool = not one_by_one) -> WorkerClient:
            interpreter = interpreter_in(environment, together=together)
            return WorkerClient(interpreter, timeout=timeout, startup=startup)

        with start(together=False) as client:
            header = run_header.header(asked, client.identity, ())
            lookup.refuse_backend(asked, header.backend)
            apis = [a for a in asked.apis if header.apis[a.id] and a.id in (api_ids or known)]
            search = Search(
                framework=asked,
                runtime=header.runtime,
                apis=tuple(apis),
                ops=tuple(
                    op for op in ops or DRAWN if any(random_search.concern(a, op) for a in apis)
                ),
                seed=seed,
                count=count,
            )
            if not search.ops:
                raise NotFoundError("there is no such API, or none that answers such questions")
            tally = Tally(search)
            began = monotonic()
            stopped = _unless_stopped(lambda: _ask(start, search, tally, header, jobs))
            _tell(screen, header, tally, monotonic() - began)
            kinds = (*SHRUNK, "refused", "unwritten") if refused else SHRUNK
            found = list(random_search.as_met(search, tally, kinds))
            if not stopped:
                stopped = _unless_stopped(lambda: _shrink(client, search, found))
        _write(findings.cases(header, search, found), out)
    except (WorkerError, CannotBuild, NotFoundError, OSError) as error:
        refuse("fuzz", error)
    if stopped:
        refuse("fuzz", f"not everything was asked: {stopped}")
    raise SystemExit(int(any(map(tally.of_kind, WRONG))))


def _unless_stopped(work: Callable[[], None]) -> str | None:
    """Does the work, and returns why it came to no end, if it did not."""
    try:
        work()
    except KeyboardInterrupt:
        return "it was stopped"
    except WorkerError as error:
        return str(error)
    return None


def _ask(
    start: Callable[[], WorkerClient], search: Search, tally: Tally, header: Header, jobs: int
) -> None:
    with progress.bar() as bar:
        task = bar.add_task(f"{header.name} {header.version}", total=search.count)
        random_search.ask(start, search, tally, jobs=jobs, advance=lambda: bar.advance(task))


def _tell(console: Console, header: Header, tally: Tally, seconds: float) -> None:
    """What was found, before any of it is shrunk, which may take longer than it took to find."""
    findings.show(console, tally)
    verdicts = [f"{tally.verdicts[v]:,} {v}" for v in VERDICTS if tally.verdicts[v]]
    speed = tally.questions / max(seconds, 1e-9)
    for line in (
        f"{header.title}: {counted(tally.questions, 'question')}, {speed:.0f} a second",
        ", ".join(verdicts) or "no verdict",
    ):
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _shrink(client: WorkerClient, search: Search, found: list[Finding]) -> None:
    with progress.bar() as bar:
        task = bar.add_task("shrinking", total=len(found))
        for place, finding in enumerate(random_search.shrunken(client, search, tuple(found))):
            found[place] = finding
            bar.advance(task)


def _write(cases: str, out: Path | None) -> None:
    if out is None:
        click.echo(cases, nl=False)
    elif cases:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(cases, encoding="utf-8")
        click.echo(printable(str(out)))
