"""Print the report in a few lines on the terminal."""

import re
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.observations import VERDICTS, Verdict
from conformance.report.changes import line
from conformance.report.model import Report
from conformance.utils.text import shortened

STYLES: dict[Verdict, str] = {
    "same": "green",
    "translated": "cyan",
    "inexpressible": "dim",
    "rejected": "yellow",
    "undecided": "bold magenta",
    "different": "bold red",
    "broken": "bold red",
    "not run": "bold red reverse",
}


def show(console: Console, report: Report) -> None:
    """Print a row for each API, the changes between versions, and the problems."""
    present = {v for summary in report.summaries.values() for v, _ in summary.verdicts.counts}
    verdicts = [verdict for verdict in VERDICTS if verdict in present]
    heads = [_HEADS.get(verdict, verdict) for verdict in verdicts]
    width_of_verdicts = max(map(len, verdicts), default=0) + sum(
        max(map(len, head.split("\n"))) + 1 for head in heads
    )
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("API and version", overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("worst", no_wrap=True)
    by_run = sorted(report.columns, key=lambda column: column.run)
    for environment, columns in groupby(by_run, lambda column: column.environment):
        table.add_row(Text(environment.title, style="bold"))
        for column in columns:
            summary = report.summaries[column].verdicts
            counts = dict(summary.counts)
            name = column.api.removeprefix(f"{environment.framework}.")
            table.add_row(
                _break(name, console.width - width_of_verdicts - 1 - 4),
                *(str(counts.get(verdict, "-")) for verdict in verdicts),
                Text(summary.worst, style=STYLES[summary.worst]),
            )
    console.print(table)
    for title, trends in report.trends:
        for trend in trends:
            for change in trend.changes:
                words = f" {title.partition(':')[0]}, {trend.api}: {line(change)}"
                console.print(Text.assemble(("Δ", "bold yellow"), words))
    for problem in report.problems:
        style = STYLES.get(problem.kind, "bold red")  # type: ignore[call-overload]
        if problem.kind == "rounding":
            style = "yellow"
        where = problem.where
        if problem.bug is not None:
            style, where = "yellow", f"{where} ({problem.bug.place})"
        words = f" {where}: {shortened(problem.sentence)}"
        console.print(Text.assemble((problem.kind, style), words))


_HEADS: dict[Verdict, str] = {
    "translated": "trans-\nlated",
    "inexpressible": "inex-\npress.",
    "rejected": "refu-\nsed",
    "undecided": "unde-\ncided",
    "different": "diffe-\nrent",
    "not run": "not\nrun",
}


def _break(name: str, width: int) -> Text:
    """Break a name into lines of at most ``width`` characters, where it has places to break."""
    lines = [""]
    for part in re.split(r"(?<=[._])|(?=\()|(?<==)", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return Text("  " + "\n    ".join(lines))
