"""``conformance report``: runs turned into tables for machines and pages for people."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from conformance import corpus
from conformance.garbage import uncollected
from conformance.report import output, reading, terminal
from conformance.report.view import report
from conformance.runs import RunError


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to.",
)
@click.option(
    "--cases",
    "paths",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A case file or a folder of them; repeatable.  [default: all that come with this package]",
)
@click.option(
    "--only",
    "names",
    multiple=True,
    metavar="FILE",
    type=click.Choice(output.NAMES),
    help=f"Only this file, of {', '.join(output.NAMES)}; repeatable.  [default: all]",
)
@uncollected()
def command(
    runs: tuple[Path, ...], out: Path, paths: tuple[Path, ...], names: tuple[str, ...]
) -> None:
    """Turn RUNS into profiles.csv, observations.csv, verdicts.csv, compatibility.csv and .md, and
    index.html.

    Ends with 0 when they are written, whatever they say, and with 2 when a run cannot be read.

    \b
    Example:
      conformance report reports/runs/*.jsonl --out reports
    """
    try:
        made = report(reading.load(runs), corpus.chosen(paths))
        written = output.write(made, out, names)
    except (RunError, OSError) as error:
        click.echo(f"conformance report: {error}", err=True)
        raise SystemExit(2) from None
    terminal.show(Console(), made)
    for path in written:
        click.echo(str(path))
