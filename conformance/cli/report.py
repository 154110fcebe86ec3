"""``conformance report``: writes tables and pages about runs."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cases import corpus
from conformance.cli import shared_options
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.report import load, output, terminal
from conformance.report.model import report
from conformance.runs.run_files import RunError
from conformance.utils.printable import printable


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to.",
)
@shared_options.case_files
@click.option(
    "--only",
    "names",
    multiple=True,
    metavar="FILE",
    type=click.Choice(output.NAMES),
    help=f"Write only this file, of {', '.join(output.NAMES)}; repeatable.  [default: all]",
)
def command(
    runs: tuple[Path, ...], out: Path, paths: tuple[Path, ...], names: tuple[str, ...]
) -> None:
    """Turn RUNS into profiles.csv, observations.csv, verdicts.csv, compatibility.csv and .md, and
    index.html.

    \b
    Example:
      conformance report reports/runs/*.jsonl --out reports
    """
    outputs = (("--out", out / name) for name in names or output.NAMES)
    shared_options.keep_inputs(outputs, (*runs, *paths))
    try:
        document = report(load.load(runs), corpus.select_cases(paths))
        files = output.write(document, out, names)
    except (RunError, OSError) as error:
        refuse("report", error)
    terminal.show(console(), document)
    for path in files:
        click.echo(printable(str(path)))
