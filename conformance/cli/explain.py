"""``conformance explain``: calls the APIs for one case, and explains their answers."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click
from rich.text import Text

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, invocations, shared_options
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.cli.invocations import print_lines
from conformance.environments.definitions import CannotBuild
from conformance.explain import explanation
from conformance.runs import calls, lookup, plan, run_header
from conformance.runs.lookup import NotFoundError
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.workers.worker_client import WorkerError


@click.command("explain")
@click.argument("case")
@environment_options.options
@shared_options.api_ids
@shared_options.timeout()
@shared_options.startup()
@click.option(
    "--seconds",
    type=shared_options.Seconds(),
    help="Seconds to search for an explanation of an answer.  [default: as in a run]",
)
@shared_options.case_files
def command(
    case: str,
    framework: str | None,
    name: str | None,
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download_python: bool | None,
    api_ids: tuple[str, ...],
    timeout: float,
    startup: float,
    seconds: float | None,
    paths: tuple[Path, ...],
) -> None:
    """Ask CASE of a framework, and show the calls, the answers, the diagnosis and the recipe.

    CASE is the id of a case, or a prefix of only one id.

    \b
    Example:
      conformance explain d2l-basic --environment jax
      conformance explain d2l-basic --framework jax --python ~/venvs/jax/bin/python
    """
    environment = environment_options.select_environment(
        framework, name, python, pins, backend, download_python
    )
    adapter = FRAMEWORKS[environment.framework]
    screen = console(highlight=False)
    try:
        prepared_case = PreparedCase(lookup.case_named(case, paths), seconds)
        apis = invocations.apis_of(adapter, prepared_case.case, api_ids)
        limits = WorkerLimits(timeout=timeout, startup=startup, batched=False)
        with client_in(environment, limits) as client:
            print_lines(screen, explanation.about(prepared_case, screen.width))
            header = run_header.header(adapter, client.identity, [prepared_case])
            print_lines(screen, [Text(), explanation.where(header)])
            all_calls = plan.invocations(adapter, header.runtime, apis, [prepared_case])
            for api, api_calls in groupby(all_calls, lambda call: call.api):
                print_lines(screen, [Text()])
                if not header.apis[api.id]:
                    print_lines(screen, [Text(f"{api.id}: not in this version")])
                    continue
                results = tuple(calls.run(client, api_calls))
                print_lines(screen, explanation.told(api.id, results, screen.width))
    except (NotFoundError, CannotBuild, WorkerError) as error:
        refuse("explain", error)
