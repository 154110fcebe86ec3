"""``conformance environments``: which are kept, and room made by removing some."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from conformance.environments import definitions, store
from conformance.environments.store import InUse, Stored
from conformance.utils import byte_sizes
from conformance.utils.printable import printable
from conformance.utils.text import count

DAYS = 30
"""How long an environment is kept that nobody uses."""
HEADS = ("id", "size", "last used", "Python", "made for", "pins")


@click.group("environments")
def command() -> None:
    """List the environments that were made, and remove those that nobody uses.

    They are in the folder that CONFORMANCE_ENVIRONMENTS names, or in the user's cache.

    \b
    Example:
      conformance environments list
      conformance environments prune --unused-for 7 --dry-run
    """


@command.command("list")
def list_() -> None:
    """List what is kept, the last used first, and which pinned one cannot be made here.

    Sizes count files that are shared with uv's cache, too. Ends with 0, and with 2 when the folder
    cannot be read.

    \b
    Example:
      conformance environments list
    """
    kept = _stored()
    rows = [HEADS, *map(_row, kept)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS) - 1)]
    for row in rows if kept else ():
        cells = (cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True))
        click.echo("  ".join(cells).rstrip())
    total = byte_sizes.shown(sum(one.size for one in kept))
    click.echo(printable(f"{count(len(kept), 'environment')}, {total}, in {definitions.folder()}"))
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
    help=f"Those that nobody has used for so long, in place of named ones.  [default: {DAYS}]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
def prune(keys: tuple[str, ...], days: int | None, dry_run: bool) -> None:
    """Remove environments that nobody uses: the named ones, or those long unused.

    ENVIRONMENT is an id, or the name of a pinned one. What was not made to its end is removed
    too. With an environment go the runs that `history` and `bisect` keep in it. One that is in use
    stays. Ends with 0, and with 2 when one that was named is unknown or stays.

    \b
    Example:
      conformance environments prune
      conformance environments prune torch 6d2e63b88eb1
      conformance environments prune --unused-for 0 --dry-run
    """
    if keys and days is not None:
        raise click.UsageError("either name environments, or say --unused-for")
    kept = _stored()
    chosen = _named(kept, keys) if keys else _unused(kept, DAYS if days is None else days)
    removed, failures = [], []
    for environment in chosen:
        try:
            if environment.busy:
                raise InUse(f"{environment.key} is in use, and is kept")
            if not dry_run:
                store.remove(environment)
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


def _stored() -> list[Stored]:
    try:
        return store.stored()
    except OSError as error:
        click.echo(f"conformance environments: {error}", err=True)
        raise SystemExit(2) from None


def _named(kept: Sequence[Stored], keys: Sequence[str]) -> list[Stored]:
    chosen = []
    for key in keys:
        found = [one for one in kept if key in (one.key, *one.names)]
        if not found:
            known = ", ".join(word for one in kept for word in (*one.names, one.key)) or "none"
            raise click.UsageError(f"{key!r} is no environment that is kept; these are: {known}")
        chosen += found
    return list(dict.fromkeys(chosen))


def _unused(kept: Sequence[Stored], days: int) -> list[Stored]:
    """What is in use now is not told: it is not unused."""
    since = datetime.now().astimezone() - timedelta(days=days)
    return [one for one in kept if not one.busy and (not one.pins or one.used <= since)]


def _row(one: Stored) -> tuple[str, ...]:
    used = "in use" if one.busy else one.used.date().isoformat()
    pins = " ".join(one.pins) or "(not made to its end)"
    return one.key, byte_sizes.shown(one.size), used, one.python, ", ".join(one.names), pins
