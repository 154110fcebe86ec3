"""Print the gate's result on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from conformance.gate.result import Finding, Result


def show(console: Console, result: Result) -> None:
    """Print the summary and every finding, those that fail the gate first.

    In a file or a pipe each finding is one line, so that it can be searched.
    """
    console.print(Text(result.summary, style="bold"), soft_wrap=not console.is_terminal)
    for finding in result.findings:
        console.print()
        console.print(Text(finding.title, style=_style(finding)), soft_wrap=not console.is_terminal)
        text = Text(finding.text)
        if console.is_terminal:
            console.print(Padding(text, (0, 0, 0, 2)))
        else:
            console.print(Text("  ").append_text(text), soft_wrap=True)


def _style(finding: Finding) -> str:
    return "bold red" if finding.red else "dim" if finding.reason else "yellow"
