"""What a random search found: a table for whoever looks, and cases to go on from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.authoring import to_yaml, yaml_writer
from conformance.fuzz.random_search import KINDS, SHRUNK, Finding, Kind, Search, Tally, subject_of
from conformance.runs.run_files import Header
from conformance.utils.text import count

TITLES: dict[Kind, str] = {
    "failing": "Recipes that fail",
    "unexplained": "Native calls that no convention explains",
    "refused": "Recipes that are refused",
    "unwritten": "Recipes that cannot be written",
    "limit": "Native calls that run into a known limit",
    "convention": "Native calls of another meaning",
}
SHOWN = 12
"""Groups of a kind that are shown, of the kinds that are no bugs."""


def show(console: Console, tally: Tally) -> None:
    """Prints a table of the groups of each kind, those that most questions fell into first."""
    for kind in KINDS:
        groups = tally.of_kind(kind)
        if not groups:
            continue
        table = Table(title=TITLES[kind], title_justify="left", box=None, pad_edge=False)
        for head in ("questions", "API", "mode", "status", "what is known of it", "such as"):
            table.add_column(head, justify="right" if head == "questions" else "left")
        shown = groups if kind in SHRUNK else groups[:SHOWN]
        for group, met in shown:
            words = (group.api, group.mode, group.status, group.said, str(met.number))
            table.add_row(f"{met.count:,}", *map(Text, words))
        console.print(table)
        if len(groups) > len(shown):
            rest = sum(met.count for _, met in groups[len(shown) :])
            console.print(f"{rest:,} more in {count(len(groups) - len(shown), 'group')}")
        console.print()


def cases(header: Header, search: Search, found: Iterable[Finding]) -> str:
    """A case file with each question that something was found of; nothing if there is none."""
    same: dict[str, list[Finding]] = {}
    for finding in found:
        content = subject_of("any", finding.question).content
        same.setdefault(content, []).append(finding)
    if not same:
        return ""
    ids: Counter[str] = Counter()
    entries = []
    for about in same.values():
        name = f"fuzz-{header.name}-{search.seed}-{about[0].number}"
        ids[name] += 1
        entries.append(_entry(name if ids[name] == 1 else f"{name}-{ids[name]}", about, search))
    first = (
        f"# What {header.name} {header.version} does to random questions of seed {search.seed},"
        " each made small.\n"
    )
    return f"{first}\ncases:\n" + "\n".join(entries)


def _entry(id: str, about: list[Finding], search: Search) -> str:  # noqa: A002  # as in Case
    said: dict[str, dict[str, None]] = {}
    for finding in about:
        group = finding.group
        how = f"{group.status} {group.mode}: {group.said.removesuffix('.')}."
        said.setdefault(how, {})[group.api] = None
    fields = {
        "id": id,
        "why": " ".join(f"{_listed(list(apis))}, {how}" for how, apis in said.items()),
        "topics": to_yaml.topics(about[0].question),
        **to_yaml.fields(about[0].question),
    }
    once = {finding.group: finding for finding in reversed(about)}
    remarks = dict.fromkeys(_remark(finding, search) for finding in once.values())
    return yaml_writer.entry(fields, {"id": tuple(remarks)}, 2)


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _remark(finding: Finding, search: Search) -> str:
    said = f"{finding.count:,} of {count(search.count, 'question')}, such as {finding.number}."
    if finding.steadily is None:
        return f"{said} As it was drawn."
    return said if finding.steadily else f"{said} Asked once more, it was another."
