"""Complete the pages of the documentation: the reports, and the help of each command.

The page of the report is made of the baselines, so that the documentation needs no framework.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from mkdocs.structure.files import File, Files

from conformance.cases import corpus
from conformance.cli.app import COMMANDS, main
from conformance.history import table
from conformance.history.series import all_series
from conformance.report import html
from conformance.report.environments import environments
from conformance.report.model import report
from conformance.translate import records
from conformance.utils import resources

REPORT = Path(__file__).parent.parent / "reports" / "compatibility.md"

ANSWERS = "answers.html"


def on_files(files: Files, config: Any) -> Files:
    """Add the committed report to the pages."""
    files.append(File.generated(config, "report.md", abs_src_path=str(REPORT)))
    files.append(File.generated(config, ANSWERS, content=answers()))
    return files


def answers() -> str:
    """The page of the report on all baselines."""
    runs = (records.run_of(records.read(path)) for path in sorted(resources.BASELINE.glob("*.csv")))
    history = all_series(table.read(resources.HISTORY))
    return html.render(report(environments(runs), corpus.select_cases(()), history))


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Add help to the page of the command line, and let links lead to pages or nowhere."""
    if page.file.src_uri == "report.md":
        lead = (
            f"The [page with pictures, code and every case]({ANSWERS}) says the same of each CPU."
        )
        markdown = markdown.replace("\n\n", f"\n\n{lead}\n\n", 1)
    if page.file.src_uri == "cli.md":
        markdown += "\n".join(helps())
    markdown = markdown.replace("](../docs/", "](")
    return re.sub(r"\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", markdown)


def helps() -> Iterator[str]:
    """Give a section for each command, with its help as a terminal of 80 columns shows it."""
    parent = click.Context(main, info_name="conformance", terminal_width=80)
    for name in COMMANDS:
        command = main.get_command(parent, name)
        assert command is not None
        context = click.Context(command, parent, name, terminal_width=80)
        yield f"\n## {name}\n\n```text\n{command.get_help(context)}\n```"
        for part in command.commands if isinstance(command, click.Group) else ():
            within = click.Context(command.commands[part], context, part, terminal_width=80)
            yield f"\n### {name} {part}\n\n```text\n{command.commands[part].get_help(within)}\n```"
