"""Chooses the APIs of a case, makes the calls and prints them, for `explain` and `bisect`."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from conformance.adapters.base import Api, Framework
from conformance.cases import Case
from conformance.explain.explanation import InvocationResult
from conformance.runs import calls, evaluation, lookup, plan
from conformance.runs.lookup import NotFoundError
from conformance.runs.plan import Invocation
from conformance.workers.worker_client import WorkerClient


def apis_of(framework: Framework, case: Case, api_ids: tuple[str, ...]) -> list[Api]:
    """Return the APIs of a framework that a case applies to.

    Parameters
    ----------
    framework
        The framework.
    case
        The case.
    api_ids
        The ids of the APIs to choose; all of them where it is empty.

    Returns
    -------
    list of Api

    Raises
    ------
    NotFoundError
        If an API is of another framework, or there is no API that the case applies to.
    """
    for api_id in api_ids:
        owner, api = lookup.api_named(api_id)
        if owner is not framework:
            raise NotFoundError(f"{api_id} is of {owner.title}, not of {framework.title}")
        lookup.require_applicable(api, case)
    apis = [api for api in framework.apis if plan.is_applicable(api, case)]
    if not apis:
        raise NotFoundError(f"nothing in {framework.title} can be asked for {case.op}")
    return [api for api in apis if api.id in (api_ids or (api.id,))]


def result_of(client: WorkerClient, invocation: Invocation) -> InvocationResult:
    """Make a call, and evaluate its outcome in each mode that the call is written in."""
    outcome = calls.invoke(client, invocation)
    observations = tuple(
        evaluation.evaluate(invocation, mode, outcome) for mode in invocation.modes
    )
    return InvocationResult(invocation, outcome, observations)


def print_lines(console: Console, lines: Iterable[Text]) -> None:
    """Print lines without wrapping them, as they have the width of the console already."""
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
