"""Plans and makes the runs of ``conformance run``."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import corpus
from conformance.cli.exit_status import FAILED, message, print_error, refuse
from conformance.cli.output_files import keep_inputs
from conformance.environments import interpreters
from conformance.environments.definitions import Environment, NoPython
from conformance.runs import executors, plan
from conformance.runs.executors import NoExecutor
from conformance.runs.fingerprint import run_fingerprint
from conformance.runs.job import FOLDER, Job, Request
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.scheduler import record_all
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils import resources
from conformance.utils.printable import printable


def plan_requests(
    environments: Sequence[tuple[str | None, Environment]],
    cases: tuple[Path, ...],
    selection: Selection,
    out: Path | None,
    limits: WorkerLimits,
    *,
    resume: bool,
) -> list[Request]:
    """Return the runs to make.

    ``cases`` are the files of cases, empty for all, and ``selection`` the part of them and of the
    APIs. Raises ``click.UsageError`` if an output is an input, or cannot be the file of a run.
    """
    profile = ("--profile",) if selection.profile else ()
    options = (*selection.apis, str(selection.expression), *profile, str(limits))
    requests = [
        Request(
            name=name or environment.framework,
            environment=environment,
            path=_path(name, out, several=len(environments) > 1),
            api_ids=selection.apis,
            limits=limits,
            fingerprint=run_fingerprint(environment, cases, options) if environment.pins else None,
            resume=resume,
            selection=selection or None,
        )
        for name, environment in environments
    ]
    inputs = (*(cases or [resources.CASES]), *(e.python for _, e in environments if not e.pins))
    keep_inputs([("--out", request.path) for request in requests], inputs)
    return requests


def selection(
    cases: Sequence[Path], expression: str | None, api_ids: tuple[str, ...], *, profile: bool
) -> Selection:
    """Return the selection of cases and APIs; an empty one is of all of them."""
    is_whole = resources.CASES.resolve() in [path.resolve() for path in cases]
    paths = () if is_whole else tuple(map(str, cases))
    return Selection(expression=expression, apis=api_ids, cases=paths, profile=profile)


def execute_all(
    requests: Sequence[Request],
    cases: tuple[Path, ...],
    selection: Selection,
    jobs: int,
    scheduler: str | None,
    *,
    skip: bool,
) -> None:
    """Make the runs, and print the result of each.

    ``selection`` is the part of ``cases``. ``jobs`` says how many workers run side by side.
    ``scheduler`` is the address of a Dask cluster; None for threads here. Raises ``SystemExit``
    with `FAILED`, if a run is not complete.
    """
    selected = corpus.select_cases(cases, selection.expression, profile=selection.profile)
    prepared_cases = [PreparedCase(case) for case in selected]
    if not any(_is_asked(request, prepared_cases) for request in requests):
        names = ", ".join(dict.fromkeys(n for r in requests for n in r.api_ids or (r.name,)))
        raise click.UsageError(f"none of {len(prepared_cases)} cases asks anything of {names}")
    for request in requests:
        for name, value in interpreters.replaced_variables(request.environment).items():
            _print(
                f"conformance run: {request.name}: {name} is {value!r} there,"
                f" not {os.environ[name]!r} as it is here",
                err=True,
            )
    try:
        with executors.threads(jobs) if scheduler is None else executors.dask(scheduler) as places:
            results = record_all(requests, prepared_cases, places)
    except (NoExecutor, OSError) as error:
        refuse("run", error)
    except KeyboardInterrupt:
        refuse("run", "stopped; --resume goes on from there")
    for request, result in zip(requests, results, strict=True):
        _print_result(request, result)
    errors = [result.error for result in results if result.error]
    if any(not (skip and isinstance(error, NoPython)) for error in errors):
        raise SystemExit(FAILED)


def _is_asked(request: Request, prepared_cases: Sequence[PreparedCase]) -> bool:
    """Return whether any case applies to an API of a run."""
    apis = FRAMEWORKS[request.environment.framework].apis
    return any(
        plan.is_asked(api, prepared_case.case)
        for prepared_case in prepared_cases
        for api in apis
        if not request.api_ids or api.id in request.api_ids
    )


def _path(name: str | None, out: Path | None, *, several: bool) -> Path | None:
    if several and out and out.is_file():
        raise click.BadParameter(
            f"{out} is a file; several run files need a folder", param_hint="--out"
        )
    if out and not several:
        return out
    return (out or FOLDER) / f"{name}.jsonl" if name else None


def _print_result(request: Request, result: Job) -> None:
    if result.error is not None:
        prefix = "not run: " if isinstance(result.error, NoPython) else ""
        lines = f"{prefix}{message(result.error)}".splitlines()
        print_error(f"run: {printable(request.name)}", lines)
        if result.keeps_earlier_run:
            _print(f"conformance run: {result.path} is left as it was", err=True)
    elif result.was_complete:
        _print(f"{result.path}: as it was; the run is complete")
    else:
        counts = ", ".join(f"{n} {status}" for status, n in result.counts.most_common())
        _print(f"{result.path}: {counts or 'nothing is asked, as no API there is for these cases'}")


def _print(line: str, *, err: bool = False) -> None:
    click.echo(printable(line), err=err)
