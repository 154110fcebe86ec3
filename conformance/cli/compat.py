"""``conformance compat``: says which conventions are the same in a range of releases."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from packaging.specifiers import SpecifierSet
from rich.console import Console
from rich.text import Text

from conformance.cli import history_table, options
from conformance.cli.exit_status import refuse
from conformance.cli.option_kinds import flag, word
from conformance.history import outlook
from conformance.history.outlook import version_of
from conformance.history.releases import requirement_of
from conformance.history.series import Move, Series, between_classes
from conformance.report import history
from conformance.utils.text import count


@click.command("compat")
@click.argument("range_", metavar="RANGE")
@word("--backend", metavar="NAME", help="The backend of Keras.  [default: each of the history]")
@options.api_ids
@history_table.folder_option
@flag("--pre", help="Also look at pre-releases; else only where RANGE names one.")
@options.as_json
def command(
    range_: str,
    backend: str | None,
    api_ids: tuple[str, ...],
    folder: Path | None,
    pre: bool,
    as_json: bool,
) -> None:
    """Say which conventions are the same in all releases of RANGE, such as 'keras>=3.10,<4'.

    It is for a library that supports the range. The command asks nothing: it looks up the history
    that ships with this package. Releases are compared within one runtime class, as what differs
    between two may come from the machine.

    \b
    Example:
      conformance compat "keras>=3.10,<4" --backend torch
      conformance compat "jax>=0.4.30" --api jax.lax.conv_transpose --json
    """
    requirement = requirement_of(range_)
    series_list = history_table.series([requirement.name], backend, folder)
    known_ids = dict.fromkeys(api for series in series_list for api in series.stages)
    options.refuse_unknown_apis(api_ids, list(known_ids))
    series_list = [series.of_apis(api_ids) for series in series_list]
    pairs = [(series, series.within(requirement.specifier, pre=pre)) for series in series_list]
    ends = [line for s, part in pairs if part.stages for line in _ends(s, requirement.specifier)]
    parts = [part for _, part in pairs if part.stages]
    if not parts:
        refuse("compat", _unknown(range_, requirement.specifier, series_list, pre=pre))
    cases = history_table.examples_of(parts)
    if as_json:
        click.echo(json.dumps(_data(range_, parts, cases), indent=1))
    else:
        _show(history_table.screen(), range_, parts, cases, ends)
    raise SystemExit(int(any(part.moves for part in parts)))


def _unknown(
    range_: str, specifier: SpecifierSet, series_list: Sequence[Series], *, pre: bool
) -> str:
    """Return why no release of a range is known, and what the nearest ones let one expect."""
    lines = []
    ends = sorted(filter(None, (version_of(s.version.removesuffix(".*")) for s in specifier)))
    for series in series_list:
        lines.append(f"none within {range_}: {series.title}: {history.overview(series)}")
        lines += history.unasked(series.within(specifier, pre=pre))
        if series.versions and ends:
            lines += outlook.sentences(series, ends[0], ends[-1], is_open=True)
        if not pre and series.within(specifier, pre=True).versions:
            lines.append("There are pre-releases: --pre looks at them.")
    return "\n".join(lines)


def _ends(series: Series, specifier: SpecifierSet) -> Iterator[str]:
    """Yield a sentence for each end of a range that was not asked, with the nearest releases."""
    for clause in specifier:
        end = version_of(clause.version.removesuffix(".*"))
        if clause.operator in _CLOSED and end and series.neighbours(end)[0] != end:
            yield outlook.position(series, end)


_CLOSED = ("==", "~=", ">=", "<=")
"""The operators of a range that the version beside them is in."""


def _show(
    screen: Console,
    range_: str,
    parts: Sequence[Series],
    cases: Mapping[Move, str],
    ends: Sequence[str],
) -> None:
    for part in parts:
        for block in history.of_series(part, cases):
            screen.print(block)
    for line in (*_machines(parts), *ends):
        screen.print(Text(line), soft_wrap=not screen.is_terminal)
    for part in parts:
        summary = Text(f"{range_}{part.place}: {_summary(part)}", style="bold")
        screen.print(summary, soft_wrap=not screen.is_terminal)


def _machines(parts: Sequence[Series]) -> Iterator[str]:
    """Yield what differs between runtime classes, and need not be a change of the package."""
    for difference in between_classes(parts):
        states = "; ".join(f"{state.words} in {runtime}" for runtime, state in difference.states)
        yield f"By the runtime class: {difference.api}: {difference.subject}: {states}."


def _summary(part: Series) -> str:
    """Return how many conventions differ within the range, and since when they are the same."""
    rows = [row for of_api in part.rows.values() for row in of_api.values()]
    number = sum(len(row) > 1 for row in rows)
    where = f" in {part.runtime}" if part.runtime else ""
    if not number:
        return f"every convention is the same{where} in {count(len(part.versions), 'release')}."
    since = max(move.first for move in part.moves)
    verb = "differs" if number == 1 else "differ"
    return f"{count(number, 'convention')} {verb}{where}; from {since} on all are the same."


def _data(range_: str, parts: Sequence[Series], cases: Mapping[Move, str]) -> dict[str, Any]:
    return {
        "range": range_,
        "same": not any(part.moves for part in parts),
        "series": [_series_data(part, cases) for part in parts],
        "differs_by_runtime": [
            {"api": d.api, "axis": d.subject, "choices": {r: s.words for r, s in d.states}}
            for d in between_classes(parts)
        ],
    }


def _series_data(part: Series, cases: Mapping[Move, str]) -> dict[str, Any]:
    return {
        "package": part.package,
        "backend": part.backend or None,
        "runtime": part.runtime or None,
        "releases": [{"version": str(v), "date": date or None} for v, date in part.dates.items()],
        "not_asked": [{"version": str(v), "reason": r} for v, r in part.unasked.items()],
        "conventions": [
            {
                "api": api,
                "axis": subject,
                "same": len(row) == 1,
                "ranges": [
                    {
                        "from": str(part.versions[begin]),
                        "to": str(part.versions[end]),
                        "choice": state.words,
                    }
                    for begin, end, state in row
                ],
                "cases": sorted(
                    {case for m, case in cases.items() if m.subject == subject and api in m.apis}
                ),
            }
            for api, rows in part.rows.items()
            for subject, row in rows.items()
        ],
    }
