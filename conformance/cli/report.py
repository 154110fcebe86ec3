"""``conformance report``: writes tables and pages about runs."""

from collections.abc import Sequence
from pathlib import Path

import click

from conformance.cases import corpus
from conformance.cli import history_table, options
from conformance.cli.console import console
from conformance.cli.option_kinds import FOLDER, PATH, several
from conformance.cli.output_files import keep_inputs
from conformance.report import output, terminal
from conformance.report.environments import environments
from conformance.report.model import report
from conformance.runs import run_files
from conformance.runs.run_files import Run
from conformance.utils.printable import printable


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=PATH)
@click.option("--out", required=True, type=FOLDER, help="The folder to write to.")
@options.case_files
@several(
    "--only",
    "names",
    metavar="FILE",
    type=click.Choice(output.NAMES),
    help=f"Write only this file, of {', '.join(output.NAMES)}; repeatable.  [default: all]",
)
def command(
    runs: tuple[Path, ...], out: Path, paths: tuple[Path, ...], names: tuple[str, ...]
) -> None:
    """Turn RUNS into profiles.csv, observations.csv, verdicts.csv, compatibility.csv and .md,
    support.md, badge.json and index.html.

    Runs of cases of your own are reported with these, if the files are where they were.

    \b
    Example:
      conformance report reports/runs/*.jsonl --out reports
    """
    contents = [run_files.read(run) for run in runs]
    paths = paths or _case_paths(contents)
    outputs = (("--out", out / name) for name in names or output.NAMES)
    keep_inputs(outputs, (*runs, *paths))
    document = report(environments(contents), corpus.select_cases(paths), history_table.series())
    files = output.write(document, out, names)
    terminal.show(console(), document)
    for path in files:
        click.echo(printable(str(path)))


def _case_paths(runs: Sequence[Run]) -> tuple[Path, ...]:
    """Return the files and folders of cases that the runs name, if each names some that exist."""
    selections = [run.header.selection for run in runs]
    cases_by_run = [selection.cases if selection else () for selection in selections]
    paths = tuple(dict.fromkeys(Path(path) for cases in cases_by_run for path in cases))
    return paths if all(cases_by_run) and all(path.exists() for path in paths) else ()
