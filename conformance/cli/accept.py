"""``conformance accept``: writes runs as the baselines of later runs."""

from pathlib import Path

import click

from conformance.cli.option_kinds import FOLDER, PATH
from conformance.cli.output_files import keep_inputs
from conformance.gate import accept, baseline
from conformance.utils.printable import printable
from conformance.utils.text import count


@click.command("accept")
@click.argument("runs", nargs=-1, required=True, type=PATH)
@click.option(
    "--to",
    "folder",
    default=baseline.FOLDER,
    show_default=True,
    type=FOLDER,
    help="The folder of the baselines.",
)
def command(runs: tuple[Path, ...], folder: Path) -> None:
    """Write what RUNS hold as baselines, a file for each framework with its backend.

    Where several runs of one framework and version disagree, the baseline records the answer as
    nondeterministic, and no gate compares it.

    \b
    Example:
      conformance accept reports/runs/*.jsonl
      conformance accept monday.jsonl tuesday.jsonl --to baselines
    """
    snapshots = accept.snapshots(runs)
    keep_inputs((("--to", path) for path in accept.paths(snapshots, folder)), runs)
    accept.refuse_narrower(snapshots, folder)
    paths = accept.write(snapshots, folder)
    for path, snapshot in zip(paths, snapshots.values(), strict=True):
        number = accept.nondeterministic_count(snapshot)
        remark = f", {number:,} of them nondeterministic" if number else ""
        click.echo(printable(f"{path}: {count(len(snapshot.answers), 'answer')}{remark}"))
