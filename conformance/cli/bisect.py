"""``conformance bisect``: the first release of a package that answers one case otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

import click
from packaging.requirements import Requirement
from rich.console import Console
from rich.text import Text

from conformance.adapters.base import Api
from conformance.adapters.registry import FRAMEWORKS
from conformance.cli import release_options, shared_options
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.environments.definitions import CannotBuild
from conformance.explain import explanation
from conformance.explain.explanation import InvocationResult
from conformance.history import bisection, forecasts, history, releases
from conformance.history.bisection import Agreed, Found, Unanswered
from conformance.history.downloads import Allowance, TooLarge
from conformance.history.history import Entry, Plan
from conformance.history.releases import NoRelease, Release
from conformance.observations import MODES, Mode
from conformance.runs import calls, evaluation, lookup, plan, run_header
from conformance.runs.lookup import NotFoundError
from conformance.runs.plan import Invocation, is_applicable
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import RunError
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils.excerpt import listed
from conformance.utils.text import count, plain, shortened
from conformance.workers.worker_client import WorkerClient, WorkerError


@click.command("bisect")
@click.argument("requirement", metavar="PACKAGE")
@click.option("--case", "name", required=True, metavar="ID", help="The case to ask.")
@release_options.options
@click.option("--good", metavar="VERSION", help="One end.  [default: the oldest that can be asked]")
@click.option("--bad", metavar="VERSION", help="The other.  [default: the newest]")
@shared_options.api_ids
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="native",
    show_default=True,
    help="The same-looking call, or the translated one.",
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

    PACKAGE is a name, or a range such as 'keras>=3'. An answer is its status, shape and numbers,
    of every API that the case concerns; the words of an error are none. What cannot be made or
    started is stepped around. What is about to be downloaded is said before, and held to
    --max-download.

    \b
    Example:
      conformance bisect "keras>=3" --backend torch --case same-total-one-odd-kernel
    """
    screen = console(highlight=False)
    try:
        wanted = releases.asked_for(requirement)
        place, pythons = release_options.place(
            wanted.name, framework, backend, python, download_python
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
        apis = _meant(plan, api_ids)
        ends = [_end(wanted, version) for version in (good, bad)]
        existing = releases.existing(wanted.name, pythons)
        chosen = releases.meant([wanted, *filter(None, ends)], existing, pre=pre, every=True)
        asked = _Asked(plan, chosen, [api.id for api in apis], mode, screen)
        old, new = _places(chosen, ends)
        click.echo(f"{prepared_case.case.id}: {_range(chosen)}")
        last = len(chosen) - 1 if new is None else new
        foreseen = forecasts.of_search(plan, chosen, old or 0, last)
        if release_options.is_rehearsed(foreseen, plan, dry_run=dry_run):
            return
        changed = _told(asked, bisection.search(len(chosen), asked, old, new))
        if changed:
            _draw(asked, changed)
    except Unanswered as end:
        refuse("bisect", _why(asked, end))
    except _TROUBLES as error:
        refuse("bisect", error)
    except KeyboardInterrupt:
        refuse("bisect", "stopped; what was asked is kept")
    raise SystemExit(0 if changed else 1)


_TROUBLES = (NoRelease, NotFoundError, CannotBuild, WorkerError, TooLarge, RunError, OSError)


def _meant(plan: Plan, api_ids: tuple[str, ...]) -> list[Api]:
    """The APIs that the case concerns, or those of them that are named. Raises `NotThere`."""
    (prepared_case,) = plan.prepared_cases
    framework = FRAMEWORKS[plan.place.framework]
    for api_id in api_ids:
        owner, api = lookup.api_named(api_id)
        if owner is not framework:
            raise NotFoundError(f"{api_id} is of {owner.title}, not of {framework.title}")
        lookup.require_applicable(api, prepared_case.case)
    concerned = [api for api in framework.apis if is_applicable(api, prepared_case.case)]
    if not concerned:
        raise NotFoundError(
            f"nothing in {framework.title} can be asked for {prepared_case.case.op}"
        )
    return [api for api in concerned if api.id in (api_ids or (api.id,))]


def _end(wanted: Requirement, version: str | None) -> Requirement | None:
    return releases.asked_for(f"{wanted.name}=={version}") if version else None


def _places(
    chosen: Sequence[Release], ends: Sequence[Requirement | None]
) -> tuple[int | None, int | None]:
    """The places of the ends, the older one first whichever is the good one."""
    versions = [release.version for release in chosen]
    good, bad = (end and releases.exact(end) for end in ends)
    old = versions.index(good) if good else None
    new = versions.index(bad) if bad else None
    return (new, old) if old is not None and new is not None and new < old else (old, new)


def _range(chosen: Sequence[Release]) -> str:
    first, last = chosen[0], chosen[-1]
    return f"{count(len(chosen), 'release')} of {first.package}, {first.version} to {last.version}"


class _Asked:
    """What releases answer, asked when it is wanted and said as it comes.

    Equal answers have the same letter.
    """

    def __init__(
        self,
        plan: Plan,
        chosen: Sequence[Release],
        api_ids: Sequence[str],
        mode: Mode,
        console: Console,
    ) -> None:
        self.plan, self.chosen, self.api_ids, self.mode = plan, chosen, api_ids, mode
        self.console = console
        self.entries: dict[int, Entry] = {}
        self._letters: dict[Hashable, str] = {}

    def __call__(self, place: int) -> Hashable | None:
        entry = self.entries[place] = history.entry(self.plan, self.chosen[place])
        if entry.run is None:
            self.console.print(Text(_cannot(entry), style="yellow"))
            return None
        found = tuple(answer for answer in self.answers(entry).values())
        if found not in self._letters:
            self._letters[found] = f"{len(self._letters) + 1}"
        what = ", ".join(dict.fromkeys(str(status) for status, *_ in found))
        self.console.print(f"{entry.release}: answer {self._letters[found]} ({what})")
        return found

    def answers(self, entry: Entry) -> dict[str, tuple[Hashable, ...]]:
        """What each API answered: its status, and of an exact case the very numbers."""
        assert entry.run is not None
        seen = {o.api: o for o in entry.run.observations if o.mode == self.mode}
        answers: dict[str, tuple[Hashable, ...]] = {}
        for api in self.api_ids:
            o = seen.get(api)
            if o is None:
                answers[api] = ("not there",)
            else:
                answers[api] = (o.status, o.shape, o.digest if o.exact else None)
        return answers

    @property
    def number(self) -> str:
        """How many releases were asked, of how many."""
        asked = sum(entry.environment is not None for entry in self.entries.values())
        return f"{asked} of {count(len(self.chosen), 'release')} asked"


def _cannot(entry: Entry) -> str:
    return f"{entry.release}: cannot be asked: {shortened(plain(entry.trouble or ''), 300)}"


def _why(asked: _Asked, end: Unanswered) -> str:
    if end.place is None:
        return f"none of {count(len(asked.chosen), 'release')} can be asked"
    return _cannot(asked.entries[end.place])


def _told(asked: _Asked, found: Found | Agreed) -> tuple[Entry, Entry] | None:
    """Says what was found, and gives the releases on both sides of the change."""
    say, chosen = partial(asked.console.print, soft_wrap=True), asked.chosen
    if isinstance(found, Agreed):
        oldest, newest = chosen[found.oldest], chosen[found.newest]
        say(
            f"{oldest} and {newest.version} answer alike: there is nothing to find. {asked.number}."
        )
        return None
    last, first = asked.entries[found.last], asked.entries[found.first]
    bold = f"{first.release} is the first that answers otherwise than {last.release.version}."
    if found.between:
        bold = f"Between {last.release} and {first.release.version} the answer changes."
    say(Text(f"{bold} {asked.number}.", style="bold"))
    for place in found.between:
        say(Text(f"It may be {_cannot(asked.entries[place])}", style="yellow"))
    return last, first


def _draw(asked: _Asked, changed: tuple[Entry, Entry]) -> None:
    """Shows the case, and what both releases were told and answer, where that differs.

    Of APIs whose answers changed alike, the calls of the first are shown.
    """
    (prepared_case,) = asked.plan.prepared_cases
    terms = asked.plan.terms
    console, framework = asked.console, FRAMEWORKS[asked.plan.place.framework]
    _print(console, [Text(), *explanation.about(prepared_case, console.width)])
    before, after = (asked.answers(entry) for entry in changed)
    alike: dict[Hashable, list[Api]] = {}
    for api in framework.apis:
        if before.get(api.id) != after.get(api.id):
            alike.setdefault((before.get(api.id), after.get(api.id)), []).append(api)
    named = {apis[0].id: listed([api.id for api in apis]) for apis in alike.values()}
    differing = [apis[0] for apis in alike.values()]
    for entry in changed:
        environment = entry.environment
        assert environment is not None  # or it had not answered
        with lookup.examining(environment, timeout=terms.timeout, startup=terms.startup) as client:
            header = run_header.header(framework, client.identity, [prepared_case])
            beside = Text(f"beside {', '.join(entry.companions)}", style="dim")
            _print(console, [Text(), explanation.where(header), beside])
            there = [api for api in differing if header.apis[api.id]]
            items = plan.invocations(framework, header.runtime, there, [prepared_case])
            for api, mine in groupby(items, lambda item: item.api.id):
                calls = [_call(client, item) for item in mine]
                _print(console, explanation.told(named[api], calls, console.width))
            gone = (named[api.id] for api in differing if not header.apis[api.id])
            _print(console, [Text(f"{api}: not in this version") for api in gone])


def _call(client: WorkerClient, item: Invocation) -> InvocationResult:
    outcome = calls.invoke(client, item)
    judged = tuple(evaluation.evaluate(item, mode, outcome) for mode in item.modes)
    return InvocationResult(item, outcome, judged)


def _print(console: Console, lines: Iterable[Text]) -> None:
    """Prints lines as they are: they were made for the width."""
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
