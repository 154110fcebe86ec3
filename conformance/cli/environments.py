"""``conformance environments``: lists and removes stored environments."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from conformance.cli.exit_status import refuse
from conformance.cli.option_kinds import flag
from conformance.environments import definitions, store
from conformance.environments.store import Installation, InUse
from conformance.utils import byte_sizes
from conformance.utils.printable import printable
from conformance.utils.text import count

DAYS = 30
"""How long an unused environment is stored."""
HEADS = ("id", "size", "last used", "Python", "made for", "pins")


@click.group("environments")
def command() -> None:
    """List the environments that were made, and remove those that nobody uses.

    The environments are in the folder that CONFORMANCE_ENVIRONMENTS names, or in the user's cache.

    \b
    Example:
      conformance environments list
      conformance environments prune --unused-for 7 --dry-run
    """


@command.command("list")
def list_() -> None:
    """List stored environments, the last used first, and pinned ones that cannot be made here.

    Sizes include files that are shared with uv's cache. The status is 0, or 2 when the folder
    cannot be read.

    \b
    Example:
      conformance environments list
    """
    entries = _entries()
    rows = [HEADS, *map(_row, entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS) - 1)]
    for row in rows if entries else ():
        cells = (cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True))
        click.echo("  ".join(cells).rstrip())
    total = byte_sizes.shown(sum(entry.size for entry in entries))
    click.echo(
        printable(f"{count(len(entries), 'environment')}, {total}, in {definitions.folder()}")
    )
    for name, environment in definitions.pinned().items():
        if missing := environment.missing_python:
            click.echo(f"{name} cannot be made: {missing}")


@command.command("prune")
@click.argument("keys", nargs=-1, metavar="[ENVIRONMENT]...")
@click.option(
    "--unused-for",
    "days",
    type=click.IntRange(0, 36500),
    metavar="DAYS",
    help="Remove those that nobody has used for so long, in place of named ones."
    f"  [default: {DAYS}]",
)
@flag("--dry-run", help="Say what would be removed, and remove nothing.")
def prune(keys: tuple[str, ...], days: int | None, dry_run: bool) -> None:
    """Remove environments that nobody uses: the named ones, or those long unused.

    ENVIRONMENT is an id, or the name of a pinned one. Incomplete environments are removed too. The
    runs that `history` and `bisect` store in an environment go with it. An environment in use
    stays. The status is 0, or 2 when a named environment is unknown or stays.

    \b
    Example:
      conformance environments prune
      conformance environments prune torch 6d2e63b88eb1
      conformance environments prune --unused-for 0 --dry-run
    """
    if keys and days is not None:
        raise click.UsageError("either name environments, or say --unused-for")
    entries = _entries()
    targets = _named(entries, keys) if keys else _unused(entries, DAYS if days is None else days)
    removed, failures = [], []
    for environment in targets:
        try:
            if environment.busy:
                raise InUse(f"{environment.key} is in use, and is kept")
            if not dry_run:
                store.remove(environment.home)
            removed.append(environment)
        except (InUse, OSError) as error:
            failures.append(error)
            click.echo(f"conformance environments: {error}", err=True)
    for environment in removed:
        click.echo("  ".join(filter(None, _row(environment))))
    verb = "would be removed" if dry_run else "removed"
    total = byte_sizes.shown(sum(environment.size for environment in removed))
    click.echo(f"{verb}: {count(len(removed), 'environment')}, {total}")
    if failures and (keys or any(isinstance(error, OSError) for error in failures)):
        raise SystemExit(2)


def _entries() -> list[Installation]:
    try:
        return store.installations()
    except OSError as error:
        refuse("environments", str(error))


def _named(entries: Sequence[Installation], keys: Sequence[str]) -> list[Installation]:
    targets = []
    for key in keys:
        matches = [entry for entry in entries if key in (entry.key, *entry.names)]
        if not matches:
            names = [name for entry in entries for name in (*entry.names, entry.key)]
            raise click.UsageError(
                f"{key!r} is no environment that is kept; these are: {', '.join(names) or 'none'}"
            )
        targets += matches
    return list(dict.fromkeys(targets))


def _unused(entries: Sequence[Installation], days: int) -> list[Installation]:
    since = datetime.now().astimezone() - timedelta(days=days)
    return [
        entry for entry in entries if not entry.busy and (not entry.pins or entry.used <= since)
    ]


def _row(entry: Installation) -> tuple[str, ...]:
    last_use = "in use" if entry.busy else entry.used.date().isoformat()
    pins = " ".join(entry.pins) or "(not made to its end)"
    size, names = byte_sizes.shown(entry.size), ", ".join(entry.names)
    return entry.key, size, last_use, entry.python, names, pins
