"""``conformance findings``: runs the scripts of `docs/findings.md`, and says which bugs show."""

import click

from conformance.cli import environment_options, options
from conformance.cli.environment_options import NamedEnvironment
from conformance.cli.exit_status import FAILED, message
from conformance.environments.definitions import NoPython
from conformance.findings import page, results
from conformance.findings.search import search
from conformance.findings.visits import Visit, visits_of
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils.printable import printable_lines


@click.command("findings")
@environment_options.environments
@options.jobs
@options.limits("Seconds for a script.", 300.0)
@options.skip
def command(
    environments: list[NamedEnvironment],
    jobs: int,
    limits: WorkerLimits,
    skip: bool,
) -> None:
    """Run the scripts of docs/findings.md, and say which of its bugs show here.

    A pinned environment runs the entries of its versions; the entries of other versions get
    environments of their own. Any other interpreter runs all entries of its framework.

    \b
    Example:
      conformance findings --framework torch --python ~/venvs/torch/bin/python
      conformance findings --environment all --jobs 2
    """
    entries = page.entries()
    visits = [
        visit
        for name, environment in environments
        for visit in (
            visits_of(name, environment, entries)
            if name and not options.is_set("pins")
            else [
                Visit(
                    name or " ".join(environment.pins) or environment.python, environment, entries
                )
            ]
        )
    ]
    bugs, troubles = search(visits, jobs=jobs, timeout=limits.timeout, startup=limits.startup)
    for line in results.lines(entries, bugs):
        click.echo(line)
    for trouble in troubles:
        _print_error(f"{trouble.title}: not looked for: {message(trouble.error)}")
    errors = [results.problem(bug) for bug in bugs if bug.is_red]
    for error in errors:
        _print_error(error)
    if any(not (skip and isinstance(trouble.error, NoPython)) for trouble in troubles):
        raise SystemExit(FAILED)
    raise SystemExit(bool(errors))


def _print_error(sentence: str) -> None:
    click.echo(f"conformance findings: {printable_lines(sentence)}", err=True)
