"""``conformance explain``: one case, asked now, with everything that can be said of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from conformance.adapters.base import Api, Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import environment_options, shared_options
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.environments.definitions import CannotBuild
from conformance.explain import explanation
from conformance.explain.explanation import InvocationResult
from conformance.runs import calls, evaluation, lookup, plan, run_header
from conformance.runs.lookup import NotFoundError
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.workers.worker_client import WorkerClient, WorkerError


@click.command("explain")
@click.argument("case")
@environment_options.options
@shared_options.api_ids
@shared_options.timeout()
@shared_options.startup()
@click.option(
    "--seconds",
    type=shared_options.Seconds(),
    help="How long to look for what explains an answer.  [default: as long as a run does]",
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

    CASE is an id, or the beginning of only one.

    \b
    Example:
      conformance explain d2l-basic --environment jax
      conformance explain d2l-basic --framework jax --python ~/venvs/jax/bin/python
    """
    where = environment_options.chosen(framework, name, python, pins, backend, download_python)
    asked = FRAMEWORKS[where.framework]
    screen = console(highlight=False)
    try:
        prepared_case = PreparedCase(lookup.case_named(case, paths), seconds)
        apis = _meant(asked, prepared_case, api_ids)
        with lookup.examining(where, timeout=timeout, startup=startup) as client:
            _show(screen, explanation.about(prepared_case, screen.width))
            header = run_header.header(asked, client.identity, [prepared_case])
            _show(screen, [Text(), explanation.where(header)])
            items = plan.invocations(asked, header.runtime, apis, [prepared_case])
            for api, mine in groupby(items, lambda item: item.api):
                _show(screen, [Text()])
                if not header.apis[api.id]:
                    _show(screen, [Text(f"{api.id}: not in this version")])
                    continue
                calls = [_told(client, item) for item in mine]
                _show(screen, explanation.told(api.id, calls, screen.width))
    except (NotFoundError, CannotBuild, WorkerError) as error:
        refuse("explain", error)


def _meant(
    framework: Framework, prepared_case: PreparedCase, api_ids: tuple[str, ...]
) -> list[Api]:
    """The APIs to ask. Raises `NotThere` where there are none."""
    for id in api_ids:  # noqa: A001  # the word that the design page uses
        owner, api = lookup.api_named(id)
        if owner is not framework:
            raise NotFoundError(f"{id} is of {owner.title}, not of {framework.title}")
        lookup.require_applicable(api, prepared_case.case)
    found = [
        api
        for api in framework.apis
        if plan.is_applicable(api, prepared_case.case) and api.id in (api_ids or (api.id,))
    ]
    if not found:
        raise NotFoundError(
            f"nothing in {framework.title} can be asked for {prepared_case.case.op}"
        )
    return found


def _told(client: WorkerClient, item: Invocation) -> InvocationResult:
    outcome = calls.invoke(client, item)
    judged = tuple(evaluation.evaluate(item, mode, outcome) for mode in item.modes)
    return InvocationResult(item, outcome, judged)


def _show(console: Console, lines: Iterable[Text] | Iterator[Text]) -> None:
    """Prints lines as they are: they were made for the width."""
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
