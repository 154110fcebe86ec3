"""``conformance history``: says what changed from release to release of a package."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.cases import corpus
from conformance.cli import history_table, options, recording
from conformance.cli.exit_status import FAILED, refuse
from conformance.cli.option_kinds import FOLDER, file, flag
from conformance.cli.output_files import keep_inputs, refuse_without
from conformance.cli.release_options import ReleaseOptions, release_options
from conformance.history import forecasts, history
from conformance.history.changes import trends
from conformance.history.history import Entry, Plan
from conformance.history.releases import (
    Release,
    package_of,
    published_releases,
    requirement_of,
    selected_releases,
)
from conformance.history.trend import Trend, alike
from conformance.report import changes
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.selection import Selection
from conformance.utils import markdown as tables
from conformance.utils import resources
from conformance.utils.text import count, markdown, on, plain, shortened

HEADS = ("release", "Python", "runtime class", "observations", "beside")
BETWEEN = ("release between these was not asked", "releases between these were not asked")
BISECT = "`conformance bisect` finds the one that changed a case."
COMPANIONS = "The pinned companions do not go with it."
NOT_RECORDED = ("expression", "paths", "out", "page", "folder")
"""The options that do not go with --to, by the names of their values."""


@click.command("history")
@click.argument("requirements", nargs=-1, metavar="[PACKAGES... | RELEASES...]")
@release_options
@options.expression
@options.case_files
@flag("--every", help="Ask every release of a range, not only the ends of each minor series.")
@click.option(
    "--at-most",
    type=click.IntRange(1),
    help="Ask at most so many releases of the ranges, spread evenly.",
)
@click.option(
    "--out", type=FOLDER, help="A folder for the run files, which `report` and `gate` read."
)
@file("--markdown", "page", help="A file for the same result as Markdown.")
@click.option(
    "--to",
    "table",
    type=FOLDER,
    help="The folder of a table, such as reports/history, of what each release means by its"
    " arguments. RELEASES may then be of several packages, or none for all. Those in the table"
    " are not asked again, environments are removed, and --jobs is how many are asked at once.",
)
@flag("--retry", help="With --to, ask again what could not be asked.")
@history_table.folder_option
def command(
    requirements: tuple[str, ...],
    releases: ReleaseOptions,
    expression: str | None,
    paths: tuple[Path, ...],
    every: bool,
    at_most: int | None,
    out: Path | None,
    page: Path | None,
    table: Path | None,
    retry: bool,
    folder: Path | None,
) -> None:
    """Say since which release of a package which convention holds.

    PACKAGES are names: the command looks them up, or all, in the history that ships with this
    package, and asks nothing. The last part says what changed, the newest first.

    RELEASES are asked here. They are exact versions, or ranges such as 'keras>=3,<3.16', of which
    the first and the last release of each minor series are asked. The cases are the profile set,
    the fewest that show what each API means by its arguments, unless -k or --cases choose others.
    The command keeps the environment and the run of each release; where an environment cannot be
    made, a line says why. It prints the size of a download beforehand, and refuses one above
    --max-download. With --to, it makes the history of PACKAGES and RELEASES.

    \b
    Example:
      conformance history keras --backend torch
      conformance history keras==3.0.5 keras==3.8.0 keras==3.15.1 --backend torch
      conformance history "jax>=0.4.30" --at-most 5 -k same --markdown jax.md
      conformance history --to reports/history "keras>=3" flax --jobs 2
    """
    if table is not None:
        for name, option in options.typed():
            if name in NOT_RECORDED:
                raise click.UsageError(f"{option} does not go with --to")
        recording.record(table, requirements, releases, every=every, at_most=at_most, retry=retry)
        return
    if retry:
        refuse_without("--retry", "--to FOLDER")
    keep_inputs([("--markdown", page)], paths or [resources.CASES])
    try:
        ranges = [requirement_of(words) for words in requirements]
        if history_table.is_reading(ranges):
            names = [requirement.name for requirement in ranges]
            history_table.show(names, releases.backend, page, folder)
            return
        package = package_of(ranges)
        place, pythons = releases.place(package)
        all_releases = published_releases(package, pythons)
        candidates = selected_releases(
            ranges, all_releases, pre=releases.pre, every=every, at_most=at_most
        )
        selection = Selection(
            expression=expression, cases=tuple(map(str, paths)), profile=not (expression or paths)
        )
        prepared_cases = [
            PreparedCase(case)
            for case in corpus.select_cases(paths, expression, profile=selection.profile)
        ]
        plan = releases.plan(place, prepared_cases, paths, selection)
        releases.announce(forecasts.of_all(plan, candidates), plan)
        if releases.dry_run:
            return
        entries = list(_entries(plan, candidates))
        groups = _trends(entries, prepared_cases)
        if out:
            _copy_runs(entries, out)
        if page:
            page.write_text(_page(_title(plan), entries, groups), encoding="utf-8")
    except KeyboardInterrupt:
        refuse("history", "stopped; the runs that are complete are kept")
    screen = history_table.screen()
    _show(screen, _title(plan), entries, groups)
    between = _number_between(candidates, all_releases)
    if between and any(trend.changes for trend in groups):
        screen.print(Text(f"{count(between, *BETWEEN)}; {BISECT}", style="dim"))
    if all(entry.run is None for entry in entries):
        raise SystemExit(FAILED)


def _number_between(candidates: Sequence[Release], existing: Sequence[Release]) -> int:
    """Count the final releases between the oldest and the newest that are no candidates."""
    versions = {release.version for release in candidates}
    others = {release.version for release in existing if not release.version.is_prerelease}
    return sum(min(versions) < version < max(versions) for version in others - versions)


def _entries(plan: Plan, candidates: Sequence[Release]) -> Iterator[Entry]:
    for number, release in enumerate(candidates, 1):
        click.echo(f"{release} ({number} of {len(candidates)})", err=True)
        yield history.entry(plan, release)


def _trends(entries: Sequence[Entry], prepared_cases: Sequence[PreparedCase]) -> tuple[Trend, ...]:
    runs = [(str(entry.release.version), entry.run) for entry in entries if entry.run]
    groups = alike(trends(runs, {prepared.case.id: prepared for prepared in prepared_cases}))
    return tuple(trend for trend in groups if trend.asked or trend.changes)


def _copy_runs(entries: Sequence[Entry], folder: Path) -> None:
    """Copy the run files to a folder, named after their releases."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        if entry.run:
            name = f"{entry.run.header.name}-{entry.release.package}-{entry.release.version}.jsonl"
            shutil.copyfile(entry.run.path, folder / name)


def _title(plan: Plan) -> str:
    environment = plan.environment
    cases = count(len(plan.prepared_cases), "case")
    return f"{environment.framework}{on(environment.backend)}, {cases}"


def _cells(entry: Entry) -> tuple[str, ...]:
    """Return Python, runtime class, number of answers and companions of a release, or the error."""
    if entry.run is None:
        return "-", "-", "-", f"not asked: {shortened(plain(entry.trouble or ''), 300)}"
    runtime_class = entry.run.header.runtime_class or "-"
    python = ".".join((entry.run.header.python or "").split(".")[:2])
    companions = ", ".join(entry.companions) + ("" if entry.pinned else " *")
    return python, runtime_class, f"{len(entry.run.observations):,}", companions


def _show(console: Console, title: str, entries: Sequence[Entry], groups: Sequence[Trend]) -> None:
    console.print(Text(title, style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for head in HEADS[:-1]:
        table.add_column(head, no_wrap=True)
    table.add_column(HEADS[-1])
    for entry in entries:
        style = "" if entry.run else "yellow"
        table.add_row(str(entry.release), *map(Text, _cells(entry)), style=style)
    console.print(table)
    if not all(entry.pinned for entry in entries):
        console.print(Text(f"* {COMPANIONS}", style="dim"))
    console.print()
    for part in changes.shown(groups):
        console.print(part)


def _page(title: str, entries: Sequence[Entry], groups: Sequence[Trend]) -> str:
    rows = (tuple(map(markdown, (str(entry.release), *_cells(entry)))) for entry in entries)
    lines = [f"## {markdown(title)}", "", tables.table(HEADS, rows)]
    if not all(entry.pinned for entry in entries):
        lines += ["", f"\\* {COMPANIONS}"]
    return "\n".join((*lines, "", changes.as_markdown(groups), ""))
