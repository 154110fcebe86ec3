"""``conformance explain``: calls the APIs for one case, and explains their answers."""

from itertools import groupby
from pathlib import Path

import click
from rich.text import Text

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, options
from conformance.cli.console import console
from conformance.cli.option_kinds import Seconds
from conformance.environments.definitions import Environment
from conformance.explain import explanation
from conformance.observations import Observation
from conformance.runs import calls, lookup, plan, run_header
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.twins import relations
from conformance.runs.worker_limits import WorkerLimits, client_in


@click.command("explain")
@click.argument("case")
@environment_options.environment
@options.api_ids
@options.limits(batched=False)
@click.option(
    "--seconds",
    type=Seconds(),
    help="Seconds to search for an explanation of an answer.  [default: as in a run]",
)
@options.case_files
def command(
    case: str,
    environment: Environment,
    api_ids: tuple[str, ...],
    limits: WorkerLimits,
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
    adapter = FRAMEWORKS[environment.framework]
    screen = console(highlight=False)
    prepared_case = PreparedCase(lookup.case_named(case, paths), seconds)
    apis = lookup.apis_of(adapter, prepared_case.case, api_ids)
    with client_in(environment, limits) as client:
        screen.print_lines(explanation.about(prepared_case, screen.width))
        header = run_header.header(adapter, client.identity, [prepared_case])
        screen.print_lines([Text(), explanation.where(header)])
        all_calls = plan.invocations(adapter, header.runtime, apis, [prepared_case])
        observations: list[Observation] = []
        for api, api_calls in groupby(all_calls, lambda call: call.api):
            screen.print_lines([Text()])
            if not header.apis[api.id]:
                screen.print_lines([Text(f"{api.id}: not in this version")])
                continue
            results = tuple(calls.run(client, api_calls))
            observations += (o for result in results for o in result.observations)
            lines = explanation.api_lines(api.id, results, screen.width, relations(observations))
            screen.print_lines(lines)
