"""``conformance bisect``: finds the first release of a package that answers a case otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import click
from packaging.requirements import Requirement
from rich.console import Console
from rich.text import Text

from conformance.adapters.base import Api
from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import invocations, release_options, shared_options
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.cli.invocations import print_lines
from conformance.environments.definitions import CannotBuild
from conformance.explain import explanation
from conformance.history import bisection, forecasts, history, releases
from conformance.history.bisection import Agreed, Found, Unanswered
from conformance.history.downloads import Allowance, TooLarge
from conformance.history.history import Entry, Plan
from conformance.history.releases import NoRelease, Release
from conformance.observations import MODES, Mode
from conformance.runs import calls, lookup, plan, run_header
from conformance.runs.lookup import NotFoundError
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import RunError
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.utils.excerpt import listed
from conformance.utils.text import count, plain, shortened
from conformance.workers.worker_client import WorkerError


@click.command("bisect")
@click.argument("requirement", metavar="PACKAGE")
@click.option("--case", "name", required=True, metavar="ID", help="The case to ask.")
@release_options.options
@click.option(
    "--good",
    metavar="VERSION",
    help="A release at one end of the search.  [default: the oldest that can be asked]",
)
@click.option("--bad", metavar="VERSION", help="A release at the other end.  [default: the newest]")
@shared_options.api_ids
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="native",
    show_default=True,
    help="The naive call, or the equivalent call.",
)
@shared_options.case_files
def command(
    requirement: str,
    name: str,
    framework: str | None,
    backend: str | None,
    python: str | None,
    download_python: bool | None,
    pins: tuple[str, ...],
    pre: bool,
    limit: float,
    dry_run: bool,
    jobs: int,
    timeout: float,
    startup: float,
    good: str | None,
    bad: str | None,
    api_ids: tuple[str, ...],
    mode: Mode,
    paths: tuple[Path, ...],
) -> None:
    """Find the first release of PACKAGE whose answer to a case differs, by halving.

    PACKAGE is a name, or a range such as 'keras>=3'. Two releases answer alike where every API of
    the case has the same status, shape and numbers; error messages are not compared. The search
    skips releases that cannot be made or started. It prints the size of a download beforehand, and
    refuses one above --max-download.

    \b
    Example:
      conformance bisect "keras>=3" --backend torch --case same-total-one-odd-kernel
    """
    screen = console(highlight=False)
    try:
        package = releases.asked_for(requirement)
        place, pythons = release_options.place(
            package.name, framework, backend, python, download_python
        )
        prepared_case = PreparedCase(lookup.case_named(name, paths))
        plan = Plan(
            place=place,
            fixed=tuple(releases.asked_for(pin) for pin in pins),
            prepared_cases=(prepared_case,),
            cases=paths,
            words=("case", prepared_case.case.id),
            jobs=jobs,
            terms=WorkerLimits(timeout=timeout, startup=startup),
            selection=Selection(expression=prepared_case.case.id, cases=tuple(map(str, paths))),
            allowance=Allowance(limit),
        )
        adapter = FRAMEWORKS[place.framework]
        apis = invocations.apis_of(adapter, prepared_case.case, api_ids)
        ends = [_end(package, version) for version in (good, bad)]
        existing = releases.existing(package.name, pythons)
        candidates = releases.meant([package, *filter(None, ends)], existing, pre=pre, every=True)
        answers = _Answers(plan, candidates, [api.id for api in apis], mode, screen)
        old, new = _indices(candidates, ends)
        click.echo(f"{prepared_case.case.id}: {_range(candidates)}")
        last = len(candidates) - 1 if new is None else new
        forecast = forecasts.of_search(plan, candidates, old or 0, last)
        release_options.announce_downloads(forecast, plan, dry_run=dry_run)
        if dry_run:
            return
        change = _report(answers, bisection.search(len(candidates), answers, old, new))
        if change:
            _explain(answers, change)
    except Unanswered as error:
        refuse("bisect", _reason(answers, error))
    except _ERRORS as error:
        refuse("bisect", error)
    except KeyboardInterrupt:
        refuse("bisect", "stopped; what was asked is kept")
    raise SystemExit(0 if change else 1)


_ERRORS = (NoRelease, NotFoundError, CannotBuild, WorkerError, TooLarge, RunError, OSError)


def _end(package: Requirement, version: str | None) -> Requirement | None:
    return releases.asked_for(f"{package.name}=={version}") if version else None


def _indices(
    candidates: Sequence[Release], ends: Sequence[Requirement | None]
) -> tuple[int | None, int | None]:
    """Return the indices of the ends, the older one first, whichever is the good one."""
    versions = [release.version for release in candidates]
    good, bad = (end and releases.exact(end) for end in ends)
    old = versions.index(good) if good else None
    new = versions.index(bad) if bad else None
    return (new, old) if old is not None and new is not None and new < old else (old, new)


def _range(candidates: Sequence[Release]) -> str:
    first, last = candidates[0], candidates[-1]
    number = count(len(candidates), "release")
    return f"{number} of {first.package}, {first.version} to {last.version}"


class _Answers:
    """The answers of releases, each asked when it is called for and printed when it comes.

    Equal answers have the same number.
    """

    def __init__(
        self,
        plan: Plan,
        candidates: Sequence[Release],
        api_ids: Sequence[str],
        mode: Mode,
        console: Console,
    ) -> None:
        self.plan, self.candidates, self.api_ids, self.mode = plan, candidates, api_ids, mode
        self.console = console
        self.entries: dict[int, Entry] = {}
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, index: int) -> Hashable | None:
        entry = self.entries[index] = history.entry(self.plan, self.candidates[index])
        if entry.run is None:
            self.console.print(Text(_trouble(entry), style="yellow"))
            return None
        answer = tuple(self.by_api(entry).values())
        number = self._numbers.setdefault(answer, len(self._numbers) + 1)
        statuses = ", ".join(dict.fromkeys(str(status) for status, *_ in answer))
        self.console.print(f"{entry.release}: answer {number} ({statuses})")
        return answer

    def by_api(self, entry: Entry) -> dict[str, tuple[Hashable, ...]]:
        """Return the answer of each API: its status, its shape, and the digest of exact numbers."""
        assert entry.run is not None
        observations = {o.api: o for o in entry.run.observations if o.mode == self.mode}
        answers: dict[str, tuple[Hashable, ...]] = {}
        for api in self.api_ids:
            o = observations.get(api)
            if o is None:
                answers[api] = ("not there",)
            else:
                answers[api] = (o.status, o.shape, o.digest if o.exact else None)
        return answers

    @property
    def progress(self) -> str:
        """How many of the releases were asked."""
        number = sum(entry.environment is not None for entry in self.entries.values())
        return f"{number} of {count(len(self.candidates), 'release')} asked"


def _trouble(entry: Entry) -> str:
    return f"{entry.release}: cannot be asked: {shortened(plain(entry.trouble or ''), 300)}"


def _reason(answers: _Answers, error: Unanswered) -> str:
    if error.place is None:
        return f"none of {count(len(answers.candidates), 'release')} can be asked"
    return _trouble(answers.entries[error.place])


def _report(answers: _Answers, result: Found | Agreed) -> tuple[Entry, Entry] | None:
    """Print the result of the search, and return the releases on both sides of a change."""
    echo = partial(answers.console.print, soft_wrap=True)
    if isinstance(result, Agreed):
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
        echo(Text(f"It may be {_trouble(answers.entries[index])}", style="yellow"))
    return last, first


def _explain(answers: _Answers, change: tuple[Entry, Entry]) -> None:
    """Print the case, and the calls and answers of both releases where they differ.

    Of several APIs with the same change, the calls of the first are printed.
    """
    (prepared_case,) = answers.plan.prepared_cases
    limits = replace(answers.plan.terms, batched=False)
    console, framework = answers.console, FRAMEWORKS[answers.plan.place.framework]
    print_lines(console, [Text(), *explanation.about(prepared_case, console.width)])
    before, after = (answers.by_api(entry) for entry in change)
    groups: dict[Hashable, list[Api]] = {}
    for api in framework.apis:
        if before.get(api.id) != after.get(api.id):
            groups.setdefault((before.get(api.id), after.get(api.id)), []).append(api)
    titles = {apis[0].id: listed([api.id for api in apis]) for apis in groups.values()}
    firsts = [apis[0] for apis in groups.values()]
    for entry in change:
        environment = entry.environment
        assert environment is not None  # or it had not answered
        with client_in(environment, limits) as client:
            header = run_header.header(framework, client.identity, [prepared_case])
            companions = Text(f"beside {', '.join(entry.companions)}", style="dim")
            print_lines(console, [Text(), explanation.where(header), companions])
            present = [api for api in firsts if header.apis[api.id]]
            all_calls = plan.invocations(framework, header.runtime, present, [prepared_case])
            for api_id, api_calls in groupby(all_calls, lambda call: call.api.id):
                results = tuple(calls.run(client, api_calls))
                print_lines(console, explanation.told(titles[api_id], results, console.width))
            absent = (titles[api.id] for api in firsts if not header.apis[api.id])
            print_lines(console, [Text(f"{title}: not in this version") for title in absent])
