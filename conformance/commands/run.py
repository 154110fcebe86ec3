"""``conformance run``: every case asked in an environment, or in several at once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import click

from conformance import corpus
from conformance.commands import _environment
from conformance.environments import Environment
from conformance.frameworks import FRAMEWORKS
from conformance.running import executors, recording
from conformance.running.executors import NoExecutor, Place
from conformance.running.recording import Recorded, Request
from conformance.running.shards import Terms
from conformance.survey import Subject

Chosen = tuple[str | None, Environment]


@click.command("run")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@_environment.options_for_several
@click.option("--api", "api_ids", multiple=True, metavar="ID", help="Only this API; repeatable.")
@click.option(
    "-k",
    "expression",
    metavar="EXPR",
    help="Only cases whose id, op, topics or claims match, such as 'stride and not d2l'.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The run file; with several environments, the folder of theirs."
    "  [default: reports/runs/NAME.jsonl]",
)
@click.option(
    "--jobs",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Workers side by side, whatever the number of environments.",
)
@click.option(
    "--timeout",
    default=recording.TIMEOUT,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds for a question.",
)
@click.option(
    "--memory",
    default=recording.MEMORY,
    show_default="8 GiB",
    type=click.IntRange(1),
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
    "--executor",
    type=click.Choice(["threads", "dask"]),
    default="threads",
    show_default=True,
    help="Where the workers are: here, or on a Dask cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Of the cluster, such as tcp://host:8786.")
def command(
    cases: tuple[Path, ...],
    framework: str | None,
    names: tuple[str, ...],
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    api_ids: tuple[str, ...],
    expression: str | None,
    out: Path | None,
    jobs: int,
    timeout: float,
    memory: int,
    one_by_one: bool,
    reuse: bool,
    resume: bool,
    executor: str,
    scheduler: str | None,
) -> None:
    """Ask every case in CASES (files or folders; default: all) of every API of a framework.

    Ends with 0 when every run is complete, whatever it found, and with 2 when one is not.

    \b
    Example:
      conformance run --framework torch --python ~/venvs/torch/bin/python -k stride
      conformance run --framework jax --with jax==0.10.2 --python 3.11
      conformance run --environment all --jobs 2 --resume
    """
    if (executor == "dask") != (scheduler is not None):
        raise click.UsageError("--executor dask and --scheduler ADDRESS go together")
    chosen = _environment.all_chosen(framework, names, python, pins, backend)
    chosen = _with_any(api_ids, chosen)
    terms = Terms(timeout=timeout, memory=memory, together=not one_by_one)
    words = (*api_ids, str(expression), str(terms))
    requests = [
        Request(
            name=name or environment.framework,
            environment=environment,
            path=_path(name, out, several=len(chosen) > 1),
            api_ids=api_ids,
            terms=terms,
            sources=recording.made_from(environment, cases, words) if environment.pins else None,
            resume=resume,
        )
        for name, environment in chosen
    ]
    if reuse:
        requests = [request for request in requests if not _is_there(request)]
    if not requests:
        return
    subjects = [Subject(case) for case in corpus.chosen(cases, expression)]
    try:
        with _places(jobs, scheduler) as places:
            recorded = recording.record_all(requests, subjects, places)
    except (NoExecutor, OSError) as error:
        click.echo(f"conformance run: {error}", err=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        click.echo("conformance run: stopped; --resume goes on from there", err=True)
        raise SystemExit(2) from None
    for request, one in zip(requests, recorded, strict=True):
        _tell(request, one)
    if any(one.error for one in recorded):
        raise SystemExit(2)


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


def _path(name: str | None, out: Path | None, *, several: bool) -> Path | None:
    if several and out and out.is_file():
        raise click.BadParameter(
            f"{out} is a file; several run files need a folder", param_hint="--out"
        )
    if out and not several:
        return out
    return (out or recording.FOLDER) / f"{name}.jsonl" if name else None


def _is_there(request: Request) -> bool:
    """Whether the run that is wanted is there already, which is said."""
    if request.sources is None or request.path is None:
        raise click.UsageError("--reuse needs pins and --out: only pins tell what was there")
    if not recording.is_made_from(request.path, request.sources):
        return False
    click.echo(f"{request.path}: as it was; the same code, cases and pins have made it")
    return True


def _places(jobs: int, scheduler: str | None) -> AbstractContextManager[list[Place]]:
    return executors.threads(jobs) if scheduler is None else executors.dask(scheduler)


def _tell(request: Request, recorded: Recorded) -> None:
    if recorded.error is not None:
        click.echo(f"conformance run: {request.name}: {recorded.error}", err=True)
    elif recorded.kept:
        click.echo(f"{recorded.path}: as it was; the run is complete")
    else:
        told = ", ".join(f"{n} {status}" for status, n in recorded.counts.most_common())
        click.echo(f"{recorded.path}: {told}")
