"""``conformance fuzz``: asks random questions, and writes a small case of each kind of trouble."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

import click
from rich.console import Console

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases.sampling import SAMPLED_OPS
from conformance.cli import environment_options, options
from conformance.cli.console import WIDE, console
from conformance.cli.exit_status import refuse
from conformance.cli.option_kinds import file, flag, several
from conformance.cli.output_files import keep_inputs, write
from conformance.environments.definitions import Environment
from conformance.fuzz import findings, random_search
from conformance.fuzz.random_search import SHRUNK, WRONG, Finding, Search, Tally
from conformance.observations import VERDICTS
from conformance.question import OPS, Op
from conformance.runs import run_header
from conformance.runs.lookup import NotFoundError
from conformance.runs.run_files import Header
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.utils import progress
from conformance.utils.text import count as counted
from conformance.workers.worker_client import WorkerClient, WorkerError


@click.command("fuzz")
@environment_options.environment
@click.option("--count", default=1000, show_default=True, type=click.IntRange(1), help="Questions.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@options.api_ids
@several(
    "--op",
    "ops",
    metavar="OP",
    type=click.Choice(OPS),
    help="Only questions with this op; repeatable."
    "  [default: convolution, its transpose and their gradients]",
)
@file("--out", help="The file for the cases.  [default: printed]")
@options.jobs
@options.limits()
@flag(
    "--refused",
    help="Also make cases of recipes that the framework refuses or that cannot be written.",
)
@options.one_by_one
def command(
    environment: Environment,
    count: int,
    seed: int,
    api_ids: tuple[str, ...],
    ops: tuple[Op, ...],
    out: Path | None,
    jobs: int,
    limits: WorkerLimits,
    refused: bool,
    one_by_one: bool,
) -> None:
    """Ask a framework random questions, and make a small case of each kind of trouble.

    The same seed asks the same questions. The command groups wrong answers by API, mode, status
    and diagnosis, and shrinks one question of each group that neither a convention nor a known
    limitation of the framework explains.

    \b
    Example:
      conformance fuzz --environment torch --count 20000 --seed 1 --out found.yaml
      conformance check found.yaml
    """
    adapter = FRAMEWORKS[environment.framework]
    known_ids = [api.id for api in adapter.apis]
    options.refuse_unknown_apis(api_ids, known_ids)
    keep_inputs([("--out", out)], [environment.python])
    screen = console(stderr=out is None, width=None if sys.stdout.isatty() else WIDE)

    def start(*, batched: bool = not one_by_one) -> WorkerClient:
        return client_in(environment, replace(limits, batched=batched))

    with start(batched=False) as client:
        header = run_header.header(adapter, client.identity, ())
        apis = [
            api for api in adapter.apis if header.apis[api.id] and api.id in (api_ids or known_ids)
        ]
        search = Search(
            framework=adapter,
            runtime=header.runtime,
            apis=tuple(apis),
            ops=tuple(
                op for op in ops or SAMPLED_OPS if any(random_search.answers(a, op) for a in apis)
            ),
            seed=seed,
            count=count,
        )
        if not search.ops:
            raise NotFoundError("there is no such API, or none that answers such questions")
        tally = Tally(search)
        start_time = monotonic()
        interruption = _run(lambda: _ask(start, search, tally, header, jobs))
        _show(screen, header, tally, monotonic() - start_time)
        kinds = (*SHRUNK, "refused", "unwritten") if refused else SHRUNK
        examples = list(tally.findings(kinds))
        if not interruption:
            interruption = _run(lambda: _shrink(client, search, examples))
    if cases := findings.cases(header, search, examples):
        write(cases, out)
    if interruption:
        refuse("fuzz", f"not everything was asked: {interruption}")
    raise SystemExit(int(any(map(tally.of_kind, WRONG))))


def _run(work: Callable[[], None]) -> str | None:
    """Do the work, and return the reason if it was interrupted."""
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


def _show(console: Console, header: Header, tally: Tally, seconds: float) -> None:
    """Print the tally before anything is shrunk, as shrinking may take longer than the search."""
    findings.show(console, tally)
    verdicts = [f"{tally.verdicts[v]:,} {v}" for v in VERDICTS if tally.verdicts[v]]
    speed = tally.questions / max(seconds, 1e-9)
    for line in (
        f"{header.title}: {counted(tally.questions, 'question')}, {speed:.0f} a second",
        ", ".join(verdicts) or "no verdict",
    ):
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _shrink(client: WorkerClient, search: Search, examples: list[Finding]) -> None:
    with progress.bar() as bar:
        task = bar.add_task("shrinking", total=len(examples))
        findings_shrunk = random_search.shrink_findings(client, search, tuple(examples))
        for index, finding in enumerate(findings_shrunk):
            examples[index] = finding
            bar.advance(task)
