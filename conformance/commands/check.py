"""``conformance check``: are the cases well-formed, and does the oracle agree with them?"""

from __future__ import annotations

from pathlib import Path

import click

from conformance import corpus
from conformance.cases import load


@click.command("check")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
def command(cases: tuple[Path, ...]) -> None:
    """Validate CASES (files or folders; default: all that come with this package).

    Ends with 0 when there is nothing to say and with 1 when there are findings.

    \b
    Example:
      conformance check cases/documents
    """
    loaded = load(cases or [corpus.FOLDER])
    for problem in loaded.problems:
        click.echo(str(problem))
    click.echo(f"{len(loaded.cases)} cases, {len(loaded.problems)} findings")
    raise SystemExit(1 if loaded.problems else 0)
