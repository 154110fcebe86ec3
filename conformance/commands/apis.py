"""``conformance apis``: what can be asked, and what of it an interpreter has."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from conformance import survey
from conformance.frameworks import FRAMEWORKS
from conformance.workers.controller import CannotStart, Examination


@click.command("apis")
@click.option("--python", default=sys.executable, show_default="this one", help="An interpreter.")
def command(python: str) -> None:
    """List every API, and whether an interpreter has it.

    \b
    Example:
      conformance apis --python ~/venvs/torch/bin/python
    """
    table = Table("API", "operator", "framework", "in this interpreter")
    for framework in FRAMEWORKS.values():
        try:
            with Examination(survey.interpreter_for(framework, python)) as examination:
                facts = examination.identity.facts
            has = {api.id: bool(facts[f"api {api.id}"]) for api in framework.apis}
            version = str(facts["version"])
        except CannotStart:
            has, version = {}, "not installed"
        for api in framework.apis:
            present = "yes" if has.get(api.id) else "no"
            table.add_row(api.id, api.operator, f"{framework.title} {version}", present)
    Console().print(table)
