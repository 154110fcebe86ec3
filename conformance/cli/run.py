"""``conformance run``: every case asked in an environment, or in several at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, shared_options
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in
from conformance.runs import durations
from conformance.runs.worker_limits import MEMORY, WorkerLimits
from conformance.workers.interpreter import ahead

MANY = 2000
"""Observations of an API, to tell who takes longest before any case was read."""

Chosen = tuple[str | None, Environment]


@click.command("run")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@environment_options.options_for_several
@shared_options.api_ids
@shared_options.expression
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The run file; with several environments, the folder of theirs."
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
    help="Bytes that a worker may use beyond what it starts with.",
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="Ask every question by itself, as a person would, also where asking many together is"
    " quicker, which is JAX. The run file says which it was.",
)
@click.option(
    "--reuse",
    is_flag=True,
    help="Leave a complete run file alone that the same code, cases, pins and options have made.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with a run that was stopped, and ask nothing that it has observed.",
)
@click.option(
    "--skip-missing-interpreters",
    "skip",
    is_flag=True,
    help="End with 0 also where the Python of an environment is not installed and may not be"
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
    if executor == "dask" and shared_options.was_given("jobs"):
        shared_options.needs(
            "--jobs", "--executor threads; a cluster has as many workers as it has"
        )
    chosen = environment_options.all_chosen(
        framework, names, python, pins, backend, download_python
    )
    chosen = _with_any(api_ids, chosen)
    terms = WorkerLimits(timeout=timeout, startup=startup, memory=memory, together=not one_by_one)
    with ExitStack() as begun:
        if not (reuse or scheduler):
            _begin(begun, [environment for _, environment in chosen], terms, jobs)
        from conformance.cli import run_requests  # while a worker imports its framework

        wanted = run_requests.requests(
            chosen, cases, expression, api_ids, out, terms, reuse=reuse, resume=resume
        )
        if reuse and not scheduler:
            _begin(begun, [request.environment for request in wanted], terms, jobs)
        if wanted:
            run_requests.carry_out(wanted, cases, expression, jobs, scheduler, skip=skip)


def _begin(
    begun: ExitStack, environments: Sequence[Environment], terms: WorkerLimits, jobs: int
) -> None:
    """Starts the workers that are needed first, for `recording` to find."""
    known = durations.recall()

    def seconds(environment: Environment) -> float:
        expected = durations.expected(environment, known)
        apis = FRAMEWORKS[environment.framework].apis
        return expected.start + MANY * len(apis) * expected.observation

    for environment in sorted(environments, key=seconds, reverse=True)[:jobs]:
        if environment.is_made:
            interpreter = interpreter_in(environment, together=terms.together)
            begun.enter_context(ahead(interpreter, memory=terms.memory))


def _with_any(api_ids: tuple[str, ...], chosen: list[Chosen]) -> list[Chosen]:
    """The environments that have any of the APIs, or all where none is named."""
    ids = {
        environment.framework: [api.id for api in FRAMEWORKS[environment.framework].apis]
        for _, environment in chosen
    }
    known = [api for apis in ids.values() for api in apis]
    for unknown in set(api_ids) - set(known):
        raise click.BadParameter(f"{unknown!r} is none of {', '.join(known)}", param_hint="--api")
    return [
        (name, environment)
        for name, environment in chosen
        if not api_ids or set(api_ids) & set(ids[environment.framework])
    ]
