"""``conformance run``: asks the cases in an environment, or in several at once."""

from dataclasses import replace
from pathlib import Path

import click

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, options, run_requests
from conformance.cli.environment_options import NamedEnvironment
from conformance.cli.option_kinds import PATH, flag, word
from conformance.cli.output_files import refuse_without
from conformance.runs.worker_limits import MEMORY, WorkerLimits


@click.command("run")
@click.argument("cases", nargs=-1, type=PATH)
@environment_options.environments
@options.api_ids
@options.expression
@options.profile
@click.option(
    "--out",
    type=PATH,
    help="The run file; with several environments, the folder of their run files."
    "  [default: reports/runs/NAME.jsonl]",
)
@options.jobs
@options.limits()
@click.option(
    "--memory",
    default=MEMORY,
    show_default="8 GiB",
    type=options.BYTES,
    help="Bytes that a worker may use in addition to those at its start.",
)
@options.one_by_one
@flag(
    "--refresh",
    help="Ask again also what an environment of pins has answered before; otherwise a run is put"
    " together from the answers that it gave to the same calls with the same files and settings.",
)
@click.option(
    "--reuse", is_flag=True, hidden=True, expose_value=False, help="What every run does now."
)
@flag("--resume", help="Continue an interrupted run, and ask nothing again that is in its file.")
@options.skip
@click.option(
    "--executor",
    type=click.Choice(["threads", "dask"]),
    default="threads",
    show_default=True,
    help="Where the workers are: here, or on a Dask cluster.",
)
@word("--scheduler", metavar="ADDRESS", help="Of the cluster, such as tcp://host:8786.")
def command(
    cases: tuple[Path, ...],
    environments: list[NamedEnvironment],
    api_ids: tuple[str, ...],
    expression: str | None,
    profile: bool,
    out: Path | None,
    jobs: int,
    limits: WorkerLimits,
    memory: int,
    one_by_one: bool,
    refresh: bool,
    resume: bool,
    skip: bool,
    executor: str,
    scheduler: str | None,
) -> None:
    """Ask every case in CASES (files or folders; default: all) of every API of a framework.

    \b
    Example:
      conformance run --framework torch --python ~/venvs/torch/bin/python -k stride
      conformance run --framework jax --with jax==0.10.2 --python 3.11 --profile
      conformance run --environment all --jobs 2 --resume
    """
    if (executor == "dask") != (scheduler is not None):
        raise click.UsageError("--executor dask and --scheduler ADDRESS go together")
    if executor == "dask" and options.is_set("jobs"):
        refuse_without("--jobs", "--executor threads; a cluster has as many workers as it has")
    environments = _with_apis(api_ids, environments)
    limits = replace(limits, memory=memory, batched=not one_by_one, cached=not refresh)
    selection = run_requests.selection(cases, expression, api_ids, profile=profile)
    requests = run_requests.plan_requests(
        environments, cases, selection, out, limits, resume=resume
    )
    run_requests.execute_all(requests, cases, selection, jobs, scheduler, skip=skip)


def _with_apis(
    api_ids: tuple[str, ...], environments: list[NamedEnvironment]
) -> list[NamedEnvironment]:
    """Return the environments that have any of the APIs, or all where no API is named."""
    ids = {
        environment.framework: [api.id for api in FRAMEWORKS[environment.framework].apis]
        for _, environment in environments
    }
    known_ids = [api_id for group in ids.values() for api_id in group]
    options.refuse_unknown_apis(api_ids, known_ids)
    return [
        (name, environment)
        for name, environment in environments
        if not api_ids or set(api_ids) & set(ids[environment.framework])
    ]
