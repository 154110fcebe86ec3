"""Chooses the APIs of a case, and prints the results of its calls."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from conformance.adapters.base import Api, Framework
from conformance.cases import Case
from conformance.runs import lookup, plan
from conformance.runs.lookup import NotFoundError


def apis_of(framework: Framework, case: Case, api_ids: tuple[str, ...]) -> list[Api]:
    """Return the APIs of a framework that a case applies to.

    ``api_ids`` are the ids of the APIs to choose; all of them where it is empty. Raises
    ``NotFoundError`` if an API is of another framework, or there is no API that the case applies
    to.
    """
    for api_id in api_ids:
        owner, api = lookup.api_named(api_id)
        if api not in framework.apis:
            raise NotFoundError(f"{api_id} is of {owner.title}, not of {framework.title}")
        lookup.require_applicable(api, case)
    apis = [api for api in framework.apis if plan.is_applicable(api, case)]
    if not apis:
        raise NotFoundError(f"nothing in {framework.title} can be asked for {case.op}")
    return [api for api in apis if api.id in (api_ids or (api.id,))]


def print_lines(console: Console, lines: Iterable[Text]) -> None:
    """Print lines without wrapping them, as they have the width of the console already."""
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
