"""Write the findings of a random search as a table and as a case file."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.authoring import to_yaml, yaml_writer
from conformance.fuzz.groups import KINDS, SHRUNK, Finding, Kind
from conformance.fuzz.random_search import Search, Tally, prepare_case
from conformance.runs.run_files import Header
from conformance.utils.excerpt import listed
from conformance.utils.grouping import group
from conformance.utils.text import count

TITLES: dict[Kind, str] = {
    "failing": "Recipes that fail",
    "unexplained": "Native calls that no convention explains",
    "refused": "Recipes that are refused",
    "unwritten": "Recipes that cannot be written",
    "limit": "Native calls that run into a known limit",
    "convention": "Native calls of another meaning",
}
"""The titles of the tables."""
SHOWN = 12
"""Groups that a table shows of a kind that is no bug."""


def show(console: Console, tally: Tally) -> None:
    """Print a table of the groups of each kind, the most frequent group first."""
    for kind in KINDS:
        groups = tally.of_kind(kind)
        if not groups:
            continue
        table = Table(title=TITLES[kind], title_justify="left", box=None, pad_edge=False)
        for head in ("questions", "API", "mode", "status", "what is known of it", "such as"):
            table.add_column(head, justify="right" if head == "questions" else "left")
        top = groups if kind in SHRUNK else groups[:SHOWN]
        for row, occurrences in top:
            cells = (row.api, row.mode, row.status, row.reason, str(occurrences.number))
            table.add_row(f"{occurrences.count:,}", *map(Text, cells))
        console.print(table)
        if others := groups[len(top) :]:
            total = sum(occurrences.count for _, occurrences in others)
            console.print(f"{total:,} more in {count(len(others), 'group')}")
        console.print()


def cases(header: Header, search: Search, findings: Iterable[Finding]) -> str:
    """Return the text of a case file with the questions of findings; empty where there are none.

    ``header`` is the header of a run, which names the framework and its version.
    """
    by_content = group(findings, lambda finding: prepare_case(finding.question).content)
    if not by_content:
        return ""
    ids: Counter[str] = Counter()
    entries = []
    for members in by_content.values():
        name = f"fuzz-{header.name}-{search.seed}-{members[0].number}"
        ids[name] += 1
        entries.append(_entry(name if ids[name] == 1 else f"{name}-{ids[name]}", members, search))
    comment = (
        f"# What {header.name} {header.version} does to random questions of seed {search.seed},"
        " each made small.\n"
    )
    return f"{comment}\ncases:\n" + "\n".join(entries)


def _entry(id: str, findings: list[Finding], search: Search) -> str:  # noqa: A002  # as in Case
    """Write the case of findings that have the same question."""
    apis: dict[str, dict[str, None]] = {}
    for finding in findings:
        shown = finding.group
        failure = f"{shown.status} {shown.mode}: {shown.reason.removesuffix('.')}."
        apis.setdefault(failure, {})[shown.api] = None
    question = findings[0].question
    fields = {
        "id": id,
        "why": " ".join(
            f"{listed(list(names), len(names))}, {failure}" for failure, names in apis.items()
        ),
        "topics": to_yaml.topics(question),
        **to_yaml.fields(question),
    }
    by_group = {finding.group: finding for finding in reversed(findings)}
    remarks = dict.fromkeys(_remark(finding, search) for finding in by_group.values())
    return yaml_writer.entry(fields, {"id": tuple(remarks)}, 2)


def _remark(finding: Finding, search: Search) -> str:
    frequency = f"{finding.count:,} of {count(search.count, 'question')}, such as {finding.number}."
    if finding.reproduced is None:
        return f"{frequency} As it was drawn."
    return frequency if finding.reproduced else f"{frequency} Asked once more, it was another."
