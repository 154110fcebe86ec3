"""Print what the table of the history has, for `history` without releases to ask."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from packaging.requirements import Requirement
from rich.console import Console

from conformance.cases import load
from conformance.cli import options
from conformance.cli.console import WIDE, console
from conformance.cli.option_kinds import FOLDER
from conformance.history import table
from conformance.history.examples import examples
from conformance.history.series import Move, Series, UnknownPackage, all_series, of_package
from conformance.report import history
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources

OPTIONS = ("backend", "page", "folder")
"""The options that go with packages without versions."""
folder_option = click.option(
    "--from",
    "folder",
    type=FOLDER,
    help="A folder of tables, as `history --to` writes them, to look up.  [default: what ships]",
)


def is_reading(requirements: Sequence[Requirement]) -> bool:
    """Return whether a command line asks no release, but only names packages or none.

    Raises ``click.UsageError`` if it does so with an option for releases that are asked.
    """
    if any(requirement.specifier for requirement in requirements):
        if options.is_set("folder"):
            raise click.UsageError("--from is for packages without versions, which are looked up")
        return False
    for name, option in options.typed():
        if name not in OPTIONS:
            raise click.UsageError(
                f"{option} is for releases to ask, such as 'keras>=3'; packages without"
                " versions are looked up in the history that ships"
            )
    return True


def series(
    names: Sequence[str] = (), backend: str | None = None, folder: Path | None = None
) -> list[Series]:
    """Return the history of packages, or of all, from a folder or from what ships.

    Raises ``BrokenTable`` where a file cannot be read. Raises ``UnknownPackage`` where the history
    does not have a package, or not on the backend.
    """
    table_series = all_series(table.read(folder or resources.HISTORY))
    if not names and backend is None:
        return list(table_series)
    packages = names or dict.fromkeys(s.package for s in table_series if s.backend)
    return [s for name in packages for s in of_package(table_series, name, backend)]


def known(package: str, backend: str | None) -> list[Series]:
    """Return the history of a package; none where there is none."""
    try:
        return series([package], backend)
    except UnknownPackage:
        return []


def examples_of(series_list: Sequence[Series]) -> Mapping[Move, str]:
    """Return the cases that show the changes."""
    if not any(series.moves for series in series_list):
        return {}
    cases = load([resources.CASES], check=False).cases
    return examples(series_list, map(PreparedCase, cases))


def screen() -> Console:
    """Return a console that is wide enough for tables where the output is no terminal."""
    has_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    return console(highlight=False, width=None if has_width else WIDE)


def show(names: Sequence[str], backend: str | None, page: Path | None, folder: Path | None) -> None:
    """Print the history of packages, or of all, and write it as Markdown if there is a page."""
    series_list = series(names, backend, folder)
    cases = examples_of(series_list)
    output = screen()
    for block in history.blocks(series_list, cases):
        output.print(block)
    if page is not None:
        page.write_text(history.page(series_list, cases), encoding="utf-8")
