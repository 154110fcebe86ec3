"""What ``conformance run`` does once a worker is on its way: apart, as it takes long to import."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import corpus
from conformance.cli import shared_options
from conformance.cli.exit_status import FAILED, refuse, words
from conformance.environments.definitions import Environment, NoPython
from conformance.runs import execute, executors, plan
from conformance.runs.execute import Recorded, Request
from conformance.runs.executors import NoExecutor, Place
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils import resources
from conformance.utils.printable import printable


def requests(
    chosen: Sequence[tuple[str | None, Environment]],
    cases: tuple[Path, ...],
    expression: str | None,
    api_ids: tuple[str, ...],
    out: Path | None,
    terms: WorkerLimits,
    *,
    reuse: bool,
    resume: bool,
) -> list[Request]:
    """The runs that are wanted, less those that are there and may be reused, which is said.

    Raises ``click.UsageError``.
    """
    options = (*api_ids, str(expression), str(terms))
    selection = _selection(cases, expression, api_ids)
    wanted = [
        Request(
            name=name or environment.framework,
            environment=environment,
            path=_path(name, out, several=len(chosen) > 1),
            api_ids=api_ids,
            terms=terms,
            sources=execute.made_from(environment, cases, options) if environment.pins else None,
            resume=resume,
            selection=selection,
        )
        for name, environment in chosen
    ]
    inputs = (*(cases or [resources.CASES]), *(e.python for _, e in chosen if not e.pins))
    shared_options.keep_inputs([("--out", request.path) for request in wanted], inputs)
    return [request for request in wanted if not (reuse and _is_there(request))]


def _selection(
    cases: Sequence[Path], expression: str | None, api_ids: tuple[str, ...]
) -> Selection | None:
    """The part of everything that is asked; None for all of it."""
    whole = resources.CASES.resolve() in [path.resolve() for path in cases]
    named = () if whole else tuple(map(str, cases))
    return Selection(expression=expression, apis=api_ids, cases=named) or None


def carry_out(
    wanted: Sequence[Request],
    cases: tuple[Path, ...],
    expression: str | None,
    jobs: int,
    scheduler: str | None,
    *,
    skip: bool,
) -> None:
    """Makes the runs, and says what came of each. Ends with 2 where one is not complete.

    skip  whether one whose Python is missing does not count
    """
    prepared_cases = [PreparedCase(case) for case in corpus.select_cases(cases, expression)]
    if not any(_is_asked(request, prepared_cases) for request in wanted):
        names = ", ".join(dict.fromkeys(n for r in wanted for n in r.api_ids or (r.name,)))
        raise click.UsageError(f"none of {len(prepared_cases)} cases asks anything of {names}")
    try:
        with _places(jobs, scheduler) as places:
            recorded = execute.record_all(wanted, prepared_cases, places)
    except (NoExecutor, OSError) as error:
        refuse("run", error)
    except KeyboardInterrupt:
        refuse("run", "stopped; --resume goes on from there")
    for request, one in zip(wanted, recorded, strict=True):
        _tell(request, one)
    if any(one.error and not (skip and isinstance(one.error, NoPython)) for one in recorded):
        raise SystemExit(FAILED)


def _is_asked(request: Request, prepared_cases: Sequence[PreparedCase]) -> bool:
    """Whether any case is for an API of a run."""
    apis = FRAMEWORKS[request.environment.framework].apis
    meant = [api for api in apis if not request.api_ids or api.id in request.api_ids]
    return any(
        plan.is_applicable(api, prepared_case.case)
        for prepared_case in prepared_cases
        for api in meant
    )


def _path(name: str | None, out: Path | None, *, several: bool) -> Path | None:
    if several and out and out.is_file():
        raise click.BadParameter(
            f"{out} is a file; several run files need a folder", param_hint="--out"
        )
    if out and not several:
        return out
    return (out or execute.FOLDER) / f"{name}.jsonl" if name else None


def _is_there(request: Request) -> bool:
    """Whether the run that is wanted is there already, which is said."""
    if request.sources is None or request.path is None:
        raise click.UsageError("--reuse needs pins and --out: only pins tell what was there")
    if not execute.is_made_from(request.path, request.sources):
        return False
    _say(f"{request.path}: as it was; the same code, cases and pins have made it")
    return True


def _places(jobs: int, scheduler: str | None) -> AbstractContextManager[list[Place]]:
    return executors.threads(jobs) if scheduler is None else executors.dask(scheduler)


def _tell(request: Request, recorded: Recorded) -> None:
    if recorded.error is not None:
        how = "not run: " if isinstance(recorded.error, NoPython) else ""
        _say(f"conformance run: {request.name}: {how}{words(recorded.error)}", err=True)
        if recorded.spared:
            _say(f"conformance run: {recorded.path} is left as it was", err=True)
    elif recorded.kept:
        _say(f"{recorded.path}: as it was; the run is complete")
    else:
        told = ", ".join(f"{n} {status}" for status, n in recorded.counts.most_common())
        _say(f"{recorded.path}: {told or 'nothing is asked, as no API there is for these cases'}")


def _say(line: str, *, err: bool = False) -> None:
    click.echo(printable(line), err=err)
