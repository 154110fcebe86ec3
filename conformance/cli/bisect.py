"""``conformance bisect``: finds the first release of a package that answers a case otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import click
from packaging.requirements import Requirement
from rich.text import Text

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import history_table, options
from conformance.cli.console import Screen, console
from conformance.cli.exit_status import refuse
from conformance.cli.release_options import ReleaseOptions, release_options
from conformance.explain import explanation
from conformance.history import bisection, forecasts, known_changes
from conformance.history.bisection import ChangePoint, NoChange, Unanswered
from conformance.history.history import Entry
from conformance.history.releases import (
    Release,
    exact,
    published_releases,
    requirement_of,
    selected_releases,
)
from conformance.history.search_answers import SearchAnswers
from conformance.history.version_ranges import API_ITSELF
from conformance.observations import Mode
from conformance.runs import calls, lookup, plan, run_header
from conformance.runs.axis_choices import touched_axes
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import client_in
from conformance.utils.excerpt import listed
from conformance.utils.grouping import group
from conformance.utils.text import count


@click.command("bisect")
@click.argument("requirement", metavar="PACKAGE")
@click.option("--case", "name", required=True, metavar="ID", help="The case to ask.")
@release_options
@click.option(
    "--good",
    metavar="VERSION",
    help="A release at one end of the search.  [default: the oldest that can be asked]",
)
@click.option("--bad", metavar="VERSION", help="A release at the other end.  [default: the newest]")
@options.api_ids
@options.mode
@options.case_files
def command(
    requirement: str,
    name: str,
    releases: ReleaseOptions,
    good: str | None,
    bad: str | None,
    api_ids: tuple[str, ...],
    mode: Mode,
    paths: tuple[Path, ...],
) -> None:
    """Find the first release of PACKAGE whose answer to a case differs, by halving.

    PACKAGE is a name, or a range such as 'keras>=3'. Two releases answer alike where every API of
    the case has the same status, shape and numbers; error messages are not compared. The search
    skips releases that cannot be made or started. Where the history that ships has a change of what
    the case asks about, the search begins there. It prints the size of a download beforehand, and
    refuses one above --max-download.

    \b
    Example:
      conformance bisect "keras>=3" --backend torch --case same-total-one-odd-kernel
    """
    screen = console(highlight=False)
    try:
        package = requirement_of(requirement)
        place, pythons = releases.place(package.name)
        prepared_case = PreparedCase(lookup.case_named(name, paths))
        case_id = prepared_case.case.id
        selection = Selection(expression=case_id, cases=tuple(map(str, paths)))
        plan = releases.plan(place, [prepared_case], paths, selection)
        adapter = FRAMEWORKS[place.framework]
        apis = lookup.apis_of(adapter, prepared_case.case, api_ids)
        ends = [_end(package, version) for version in (good, bad)]
        known = history_table.known(package.name, place.backend)
        published = published_releases(package.name, pythons)
        candidates = known_changes.askable(
            known,
            selected_releases(
                [package, *filter(None, ends)], published, pre=releases.pre, every=True
            ),
            [exact(end) for end in ends if end],
        )

        def report(line: str, could_be_asked: bool) -> None:
            screen.print(line if could_be_asked else Text(line, style="yellow"))

        answers = SearchAnswers(plan, candidates, [api.id for api in apis], mode, report)
        old, new = _indices(candidates, ends)
        click.echo(f"{case_id}: {_range(candidates)}")
        first, last = old or 0, len(candidates) - 1 if new is None else new
        likely = known_changes.likely_change(
            known,
            candidates[first : last + 1],
            {*touched_axes(prepared_case), API_ITSELF},
            answers.api_ids,
        )
        if likely is not None:
            likely = first, last = first + likely[0], first + likely[1]
            sides = f"{candidates[first]} and {candidates[last].version}"
            click.echo(f"The history has a change between {sides}; these are asked first.")
        releases.announce(forecasts.of_search(plan, candidates, first, last), plan)
        if releases.dry_run:
            return
        result = bisection.search(len(candidates), answers, old, new, likely)
        change = _report(screen, answers, result)
        if change:
            _explain(screen, answers, change)
    except Unanswered as error:
        refuse("bisect", answers.reason(error))
    except KeyboardInterrupt:
        refuse("bisect", "stopped; what was asked is kept")
    raise SystemExit(0 if change else 1)


def _end(package: Requirement, version: str | None) -> Requirement | None:
    return requirement_of(f"{package.name}=={version}") if version else None


def _indices(
    candidates: Sequence[Release], ends: Sequence[Requirement | None]
) -> tuple[int | None, int | None]:
    """Return the indices of the ends, the older one first, whichever is the good one."""
    versions = [release.version for release in candidates]
    good, bad = (end and exact(end) for end in ends)
    old = versions.index(good) if good else None
    new = versions.index(bad) if bad else None
    return (new, old) if old is not None and new is not None and new < old else (old, new)


def _range(candidates: Sequence[Release]) -> str:
    first, last = candidates[0], candidates[-1]
    number = count(len(candidates), "release")
    return f"{number} of {first.package}, {first.version} to {last.version}"


def _report(
    console: Screen, answers: SearchAnswers, result: ChangePoint | NoChange
) -> tuple[Entry, Entry] | None:
    """Print the result of the search, and return the releases on both sides of a change."""
    echo = partial(console.print, soft_wrap=True)
    if isinstance(result, NoChange):
        oldest, newest = answers.candidates[result.oldest], answers.candidates[result.newest]
        echo(
            f"{oldest} and {newest.version} answer alike: there is nothing to find."
            f" {answers.progress}."
        )
        return None
    last, first = answers.entries[result.last], answers.entries[result.first]
    sentence = f"{first.release} is the first that answers otherwise than {last.release.version}."
    if result.between:
        sentence = f"Between {last.release} and {first.release.version} the answer changes."
    echo(Text(f"{sentence} {answers.progress}.", style="bold"))
    for index in result.between:
        echo(Text(f"It may be {answers.trouble(index)}", style="yellow"))
    return last, first


def _explain(console: Screen, answers: SearchAnswers, change: tuple[Entry, Entry]) -> None:
    """Print the case, and the calls and answers of both releases where they differ.

    Of several APIs with the same change, the calls of the first are printed.
    """
    (prepared_case,) = answers.plan.prepared_cases
    limits = replace(answers.plan.limits, batched=False)
    framework = FRAMEWORKS[answers.plan.environment.framework]
    console.print_lines([Text(), *explanation.about(prepared_case, console.width)])
    before, after = (answers.by_api(entry) for entry in change)
    changed = (api for api in framework.apis if before.get(api.id) != after.get(api.id))
    groups = group(changed, lambda api: (before.get(api.id), after.get(api.id)))
    titles = {apis[0].id: listed([api.id for api in apis]) for apis in groups.values()}
    firsts = [apis[0] for apis in groups.values()]
    for entry in change:
        environment = entry.environment
        assert environment is not None  # or it had not answered
        with client_in(environment, limits) as client:
            header = run_header.header(framework, client.identity, [prepared_case])
            companions = Text(f"beside {', '.join(entry.companions)}", style="dim")
            console.print_lines([Text(), explanation.where(header), companions])
            present = [api for api in firsts if header.apis[api.id]]
            all_calls = plan.invocations(framework, header.runtime, present, [prepared_case])
            for api_id, api_calls in groupby(all_calls, lambda call: call.api.id):
                results = tuple(calls.run(client, api_calls))
                console.print_lines(explanation.api_lines(titles[api_id], results, console.width))
            absent = (titles[api.id] for api in firsts if not header.apis[api.id])
            console.print_lines([Text(f"{title}: not in this version") for title in absent])
