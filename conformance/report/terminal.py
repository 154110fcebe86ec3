"""The report in a few lines on the terminal."""

from __future__ import annotations

import re
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.observations import VERDICTS, Verdict
from conformance.report.changes import line
from conformance.report.load import Column
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
    """Prints a row for each API under its framework and version, what changed, what is wrong."""
    given = {v for facts in report.facts.values() for v, _ in facts.verdicts}
    shown = [verdict for verdict in VERDICTS if verdict in given]
    heads = [_HEAD.get(verdict, verdict) for verdict in shown]
    worst = max(map(len, shown), default=0)
    taken = worst + sum(max(map(len, head.split("\n"))) + 1 for head in heads)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("API and version", overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("worst", no_wrap=True)
    for environment, columns in groupby(sorted(report.columns, key=_run), lambda c: c.environment):
        table.add_row(Text(environment.title, style="bold"))
        for column in columns:
            facts = report.facts[column]
            counts = dict(facts.verdicts)
            name = column.api.removeprefix(f"{environment.framework}.")
            table.add_row(
                _broken(name, console.width - taken - 1 - 4),
                *(str(counts[v]) if v in counts else "-" for v in shown),
                Text(facts.worst, style=STYLES[facts.worst]),
            )
    console.print(table)
    for title, own in report.trends:
        for trend in own:
            for change in trend.changes:
                said = f" {title.partition(':')[0]}, {trend.api}: {line(change)}"
                console.print(Text.assemble(("Δ", "bold yellow"), said))
    for trouble in report.troubles:
        style = STYLES.get(trouble.kind, "bold red")  # type: ignore[call-overload]
        if trouble.kind == "rounding":
            style = "yellow"
        where = trouble.where
        if trouble.bug is not None:
            style, where = "yellow", f"{trouble.where} ({trouble.bug.place})"
        console.print(
            Text.assemble((trouble.kind, style), f" {where}: {shortened(trouble.sentence)}")
        )


_HEAD: dict[Verdict, str] = {
    "translated": "trans-\nlated",
    "inexpressible": "inex-\npress.",
    "rejected": "refu-\nsed",
    "undecided": "unde-\ncided",
    "different": "diffe-\nrent",
    "not run": "not\nrun",
}


def _broken(name: str, width: int) -> Text:
    """A name on lines of at most ``width`` where it has a place to break at."""
    lines = [""]
    for part in re.split(r"(?<=[._])|(?=\()|(?<==)", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return Text("\n".join(("    " if i else "  ") + line for i, line in enumerate(lines)))


def _run(column: Column) -> int:
    return column.run
