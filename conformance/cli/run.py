"""``conformance run``: asks the cases in an environment, or in several at once."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, run_requests, shared_options
from conformance.environments.definitions import Environment
from conformance.runs.worker_limits import MEMORY, WorkerLimits

NamedEnvironment = tuple[str | None, Environment]


@click.command("run")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@environment_options.options_for_several
@shared_options.api_ids
@shared_options.expression
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The run file; with several environments, the folder of their run files."
    "  [default: reports/runs/NAME.jsonl]",
)
@shared_options.jobs
@shared_options.timeout()
@shared_options.startup()
@click.option(
    "--memory",
    default=MEMORY,
    show_default="8 GiB",
    type=shared_options.BYTES,
    help="Bytes that a worker may use in addition to those at its start.",
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="Ask every question by itself, as a person would, also where many in one batch are"
    " quicker, which is JAX. The run file records the choice.",
)
@click.option(
    "--reuse",
    is_flag=True,
    help="Keep a complete run file that the same code, cases, pins and options made.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Continue an interrupted run, and ask nothing again that is in its file.",
)
@click.option(
    "--skip-missing-interpreters",
    "skip",
    is_flag=True,
    help="Exit with 0 also where the Python of an environment is not installed and may not be"
    " downloaded: its run says so, and so does the report.",
)
@click.option(
    "--executor",
    type=click.Choice(["threads", "dask"]),
    default="threads",
    show_default=True,
    help="Where the workers are: here, or on a Dask cluster.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    type=shared_options.WORD,
    help="Of the cluster, such as tcp://host:8786.",
)
def command(
    cases: tuple[Path, ...],
    framework: str | None,
    names: tuple[str, ...],
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download_python: bool | None,
    api_ids: tuple[str, ...],
    expression: str | None,
    out: Path | None,
    jobs: int,
    timeout: float,
    startup: float,
    memory: int,
    one_by_one: bool,
    reuse: bool,
    resume: bool,
    skip: bool,
    executor: str,
    scheduler: str | None,
) -> None:
    """Ask every case in CASES (files or folders; default: all) of every API of a framework.

    \b
    Example:
      conformance run --framework torch --python ~/venvs/torch/bin/python -k stride
      conformance run --framework jax --with jax==0.10.2 --python 3.11
      conformance run --environment all --jobs 2 --resume
    """
    if (executor == "dask") != (scheduler is not None):
        raise click.UsageError("--executor dask and --scheduler ADDRESS go together")
    if executor == "dask" and shared_options.is_set("jobs"):
        shared_options.refuse_without(
            "--jobs", "--executor threads; a cluster has as many workers as it has"
        )
    environments = environment_options.select_environments(
        framework, names, python, pins, backend, download_python
    )
    environments = _with_apis(api_ids, environments)
    limits = WorkerLimits(timeout=timeout, startup=startup, memory=memory, batched=not one_by_one)
    requests = run_requests.requests(
        environments, cases, expression, api_ids, out, limits, reuse=reuse, resume=resume
    )
    if requests:
        run_requests.execute_all(requests, cases, expression, jobs, scheduler, skip=skip)


def _with_apis(
    api_ids: tuple[str, ...], environments: list[NamedEnvironment]
) -> list[NamedEnvironment]:
    """Return the environments that have any of the APIs, or all where no API is named."""
    ids = {
        environment.framework: [api.id for api in FRAMEWORKS[environment.framework].apis]
        for _, environment in environments
    }
    known_ids = [api_id for group in ids.values() for api_id in group]
    shared_options.refuse_unknown_apis(api_ids, known_ids)
    return [
        (name, environment)
        for name, environment in environments
        if not api_ids or set(api_ids) & set(ids[environment.framework])
    ]
