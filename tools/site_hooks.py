"""Complete the pages of the documentation: the committed report, and the help of each command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from mkdocs.structure.files import File, Files

from conformance.cli.app import COMMANDS, main

REPORT = Path(__file__).parent.parent / "reports" / "compatibility.md"


def on_files(files: Files, config: Any) -> Files:
    """Add the committed report to the pages."""
    files.append(File.generated(config, "report.md", abs_src_path=str(REPORT)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Add help to the page of the command line, and let links lead to pages or nowhere."""
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
