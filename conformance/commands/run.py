"""``conformance run``: one framework, one interpreter, one run file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conformance import corpus, environments, runs, sources, survey
from conformance.api import Framework
from conformance.environments import CannotBuild
from conformance.frameworks import FRAMEWORKS
from conformance.runs import Header, RunError
from conformance.survey import Subject
from conformance.workers.controller import CannotStart, Examination

MEMORY = 8 * 2**30


@click.command("run")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@click.option("--framework", "name", required=True, type=click.Choice(sorted(FRAMEWORKS)))
@click.option(
    "--python",
    default=sys.executable,
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
    default=60.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds for a question.",
)
@click.option(
    "--memory",
    default=MEMORY,
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
    name: str,
    python: str,
    pins: tuple[str, ...],
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
    """
    framework = FRAMEWORKS[name]
    known = [api.id for api in framework.apis]
    for unknown in set(api_ids) - set(known):
        raise click.BadParameter(f"{unknown!r} is none of {', '.join(known)}", param_hint="--api")
    words = (python, *sorted(pins), *api_ids, str(expression), str(timeout), str(memory))
    made_from = _made_from(framework, cases, words)
    if reuse and not (pins and out):
        raise click.UsageError("--reuse needs --with and --out: only pins tell what was there")
    if reuse and out and _is_made_from(out, made_from):
        click.echo(f"{out}: as it was; the same code, cases and pins have made it")
        return
    subjects = [Subject(case) for case in corpus.chosen(cases, expression)]
    writer = None
    try:
        executable = str(environments.build(pins, python)) if pins else python
        interpreter = survey.interpreter_for(framework, executable)

        def start() -> Examination:
            return Examination(interpreter, timeout=timeout, memory=memory)

        with start() as examination:
            header = survey.header(framework, examination.identity, subjects)
            header = replace(header, sources=made_from if pins else None)
            path = out or Path("reports", "runs", f"{header.name}.jsonl")
            apis = [
                api
                for api in framework.apis
                if header.apis[api.id] and api.id in (api_ids or known)
            ]
            items = list(survey.items(framework, header.backend, apis, subjects))
            observations = (
                survey.observe(examination, items)
                if jobs == 1
                else survey.observe_side_by_side(start, items, jobs)
            )
            with runs.writing(path, header) as writer, _progress() as progress:
                total = sum(len(item.modes) for item in items)
                task = progress.add_task(f"{header.name} {header.version}", total=total)
                for observation in observations:
                    writer.add(observation)
                    progress.advance(task)
    except (CannotStart, CannotBuild) as error:
        click.echo(f"conformance run: {name}: {error}", err=True)
        if out and writer is None:  # what was observed before a failure is kept, without a footer
            _write_failure(out, framework, str(error))
        raise SystemExit(2) from None
    except OSError as error:
        click.echo(f"conformance run: {error}", err=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        click.echo("conformance run: stopped; the run file is incomplete", err=True)
        raise SystemExit(2) from None
    counts = ", ".join(f"{count} {status}" for status, count in writer.counts.most_common())
    click.echo(f"{path}: {counts}")


def _write_failure(path: Path, framework: Framework, why: str) -> None:
    """A run of nothing, so that the report shows a framework that did not run, and why."""
    failed = Header(framework=framework.name, backend=framework.chosen_backend, failure=why)
    try:
        with runs.writing(path, failed):
            pass
    except OSError as error:
        click.echo(f"conformance run: {error}", err=True)


def _made_from(framework: Framework, cases: tuple[Path, ...], words: tuple[str, ...]) -> str:
    variables = [framework.backend_variable] if framework.backend_variable else []
    return sources.digest(cases or (corpus.FOLDER,), words, variables)


def _is_made_from(path: Path, digest: str) -> bool:
    try:
        run = runs.read(path)
    except RunError:
        return False
    return run.complete and run.header.sources == digest


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
