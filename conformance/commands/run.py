"""``conformance run``: one framework, one interpreter, one run file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance import corpus, environments, recording
from conformance.environments import CannotBuild, Environment
from conformance.frameworks import FRAMEWORKS
from conformance.survey import Subject
from conformance.workers.controller import CannotStart


@click.command("run")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@click.option("--framework", type=click.Choice(sorted(FRAMEWORKS)))
@click.option(
    "--environment",
    "name",
    type=click.Choice(list(environments.pinned())),
    help="In place of --framework, --python, --backend and --with: one that is pinned here.",
)
@click.option(
    "--python",
    show_default="this one",
    help="The interpreter that has the framework; nothing of ours has to be there."
    " With --with, the version such as 3.11 to make an environment of.",
)
@click.option(
    "--with",
    "pins",
    multiple=True,
    metavar="PIN",
    help="A requirement such as torch==2.13.0 of an environment to make and keep; repeatable.",
)
@click.option("--backend", metavar="NAME", help="Of Keras.  [default: as it is set up there]")
@click.option("--api", "api_ids", multiple=True, metavar="ID", help="Only this API; repeatable.")
@click.option(
    "-k",
    "expression",
    metavar="EXPR",
    help="Only cases whose id, op, topics or claims match, such as 'stride and not d2l'.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The run file.  [default: reports/runs/FRAMEWORK.jsonl]",
)
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1), help="Workers side by side."
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
    "--reuse",
    is_flag=True,
    help="Leave a complete run file alone that the same code, cases, pins and options have made.",
)
def command(
    cases: tuple[Path, ...],
    framework: str | None,
    name: str | None,
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    api_ids: tuple[str, ...],
    expression: str | None,
    out: Path | None,
    jobs: int,
    timeout: float,
    memory: int,
    reuse: bool,
) -> None:
    """Ask every case in CASES (files or folders; default: all) of every API of a framework.

    Ends with 0 when the run is complete, whatever it found, and with 2 when it could not run.

    \b
    Example:
      conformance run --framework torch --python ~/venvs/torch/bin/python -k stride
      conformance run --framework jax --with jax==0.10.2 --python 3.11
      conformance run --environment keras-torch
    """
    environment = _environment(framework, name, python, pins, backend)
    known = [api.id for api in FRAMEWORKS[environment.framework].apis]
    for unknown in set(api_ids) - set(known):
        raise click.BadParameter(f"{unknown!r} is none of {', '.join(known)}", param_hint="--api")
    words = (*api_ids, str(expression), str(timeout), str(memory))
    made_from = recording.made_from(environment, cases, words) if environment.pins else None
    if reuse and not (made_from and out):
        raise click.UsageError("--reuse needs pins and --out: only pins tell what was there")
    if reuse and out and made_from and recording.is_made_from(out, made_from):
        click.echo(f"{out}: as it was; the same code, cases and pins have made it")
        return
    subjects = [Subject(case) for case in corpus.chosen(cases, expression)]
    try:
        path, counts = recording.record(
            environment,
            subjects,
            out,
            api_ids=api_ids,
            jobs=jobs,
            timeout=timeout,
            memory=memory,
            sources=made_from,
        )
    except (CannotStart, CannotBuild) as error:
        click.echo(f"conformance run: {name or environment.framework}: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:
        click.echo(f"conformance run: {error}", err=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        click.echo("conformance run: stopped; the run file is incomplete", err=True)
        raise SystemExit(2) from None
    click.echo(f"{path}: {', '.join(f'{n} {status}' for status, n in counts.most_common())}")


def _environment(
    framework: str | None,
    name: str | None,
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
) -> Environment:
    if name is not None:
        if framework or python or pins or backend:
            raise click.UsageError("--environment says the framework, Python, backend and pins")
        return environments.pinned()[name]
    if framework is None:
        raise click.UsageError("say --framework, or --environment for one that is pinned here")
    return Environment(
        framework=framework, pins=pins, python=python or sys.executable, backend=backend
    )
