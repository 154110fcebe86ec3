"""``conformance findings``: which of the bugs of `docs/findings.md` show in an interpreter."""

from __future__ import annotations

import click

from conformance.commands import _environment
from conformance.environments import NoPython
from conformance.findings import page, places, results, search
from conformance.findings.page import PageError
from conformance.findings.places import Visit


@click.command("findings")
@_environment.options_for_several
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1), help="Scripts side by side."
)
@click.option(
    "--timeout",
    default=120.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds for a script.",
)
@click.option(
    "--skip-missing-interpreters",
    "skip",
    is_flag=True,
    help="End with 0 also where the Python of an environment is not installed and may not be"
    " downloaded.",
)
def command(
    framework: str | None,
    names: tuple[str, ...],
    python: str | None,
    pins: tuple[str, ...],
    backend: str | None,
    download_python: bool | None,
    jobs: int,
    timeout: float,
    skip: bool,
) -> None:
    """Run the scripts of docs/findings.md, and say which of its bugs show here.

    A pinned environment runs the entries of its versions; the entries of other versions get
    environments of their own. Any other interpreter runs all entries of its framework.

    Ends with 0 when every bug shows where the page says so and nowhere else, with 1 when one does
    not, and with 2 when a script could not be run.

    \b
    Example:
      conformance findings --framework torch --python ~/venvs/torch/bin/python
      conformance findings --environment all --jobs 2
    """
    chosen = _environment.all_chosen(framework, names, python, pins, backend, download_python)
    try:
        entries = page.entries()
    except (PageError, OSError) as error:
        click.echo(f"conformance findings: {error}", err=True)
        raise SystemExit(2) from None
    visits = [
        visit
        for name, environment in chosen
        for visit in (
            places.visits(name, environment, entries)
            if name and not pins
            else [Visit(name or environment.python, environment, entries)]
        )
    ]
    try:
        found, troubles = search.look_for(visits, jobs=jobs, timeout=timeout)
    except KeyboardInterrupt:
        click.echo("conformance findings: stopped", err=True)
        raise SystemExit(2) from None
    for line in results.lines(entries, found):
        click.echo(line)
    for trouble in troubles:
        _tell(f"{trouble.title}: not looked for: {trouble.error}")
    red = [result for result in found if result.is_red]
    for result in red:
        _tell(result.problem)
    if any(not (skip and isinstance(trouble.error, NoPython)) for trouble in troubles):
        raise SystemExit(2)
    if red:
        raise SystemExit(1)


def _tell(sentence: str) -> None:
    click.echo(f"conformance findings: {sentence}", err=True)
