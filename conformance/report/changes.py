"""What changed from version to version, for the eye: on a terminal, and as Markdown.

`conformance history` and the report say it in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.history.changes import Change, Trend
from conformance.history.version_ranges import Kind, State
from conformance.utils.text import count, markdown, plain, sentence, shortened, tick

SIGNS: Mapping[Kind, str] = {
    "right": "=",
    "other": "◆",
    "refused": "⊘",
    "broken": "✗",
    "absent": "-",
}
"""Those that the tables by axis have."""
STYLES: Mapping[Kind, str] = {
    "right": "green",
    "other": "bold yellow",
    "refused": "yellow",
    "broken": "bold red",
    "absent": "dim",
}
WIDEST = 40
"""How many characters wide on a terminal the names of what changed are, at most."""
REFUSAL = 200
"""How many characters of a framework's words are shown."""
NAMED = 3
"""How many cases are named before the rest is counted."""


def about(change: Change) -> str:
    """What changed: an axis, or so many cases of what."""
    if not change.cases:
        return change.about
    cases = count(len(change.cases), "case")
    if change.of_axis:
        return f"{change.about} ({cases})"
    return f"{cases} of {change.about}" + ("" if change.native else " (translated)")


def named(change: Change) -> str:
    """The first of the cases that no axis accounts for, and how many more there are."""
    if change.of_axis:
        return ""
    more = len(change.cases) - NAMED
    return ", ".join(change.cases[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def refusal(change: Change) -> str:
    """How one of the cases was refused, if they were."""
    return shortened(plain(change.refusal), REFUSAL) if change.refusal else ""


def line(change: Change) -> str:
    """A change in one line, without the names of its cases."""
    spans = (f"{span.when} {span.state.words.removesuffix('.')}" for span in change.spans)
    return f"{about(change)}: {'; '.join(spans)}."


def unchanged(trend: Trend) -> str:
    """What did not change, in one sentence."""
    others = [f"{axis} ({state.words})" for axis, state in trend.same if state.kind != "right"]
    alike = [axis for axis, state in trend.same if state.kind == "right"]
    said = "Unchanged" if trend.changes else f"Nothing changed in {count(trend.asked, 'case')}"
    if others:
        said += f": {', '.join(others)}"
    if alike:
        said += f"; as the reference has it: {', '.join(alike)}"
    return f"{said}."


def shown(trends: Sequence[Trend]) -> Iterator[RenderableType]:
    """The trends for a terminal, each under the name of its API."""
    for trend in trends:
        parts: list[RenderableType] = [Text(trend.api, style="bold")]
        labels = [about(change) for change in trend.changes]
        whens = [span.when for change in trend.changes for span in change.spans]
        widths = min(WIDEST, max(map(len, labels), default=0)), max(map(len, whens), default=0)
        for change in trend.changes:
            parts.append(Padding(_grid(change, widths), (0, 0, 0, 2)))
            for words in filter(None, (named(change), refusal(change))):
                parts.append(Padding(Text(words, style="dim"), (0, 0, 0, 4)))
        parts.append(Padding(Text(unchanged(trend), style="dim"), (0, 0, 1, 2)))
        yield Group(*parts)


def _grid(change: Change, widths: tuple[int, ...]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for width in widths:
        grid.add_column(width=width, overflow="fold")
    grid.add_column(overflow="fold")
    for number, span in enumerate(change.spans):
        what = Text(f"{SIGNS[span.state.kind]} {span.state.words}", STYLES[span.state.kind])
        grid.add_row(Text("" if number else about(change)), Text(span.when), what)
    return grid


def as_markdown(trends: Sequence[Trend], heading: str = "###") -> str:
    """The trends as Markdown: a table for each API in which anything changed."""
    return "\n\n".join(part for trend in trends for part in _parts(trend, heading))


def _parts(trend: Trend, heading: str) -> Iterator[str]:
    yield f"{heading} {tick(trend.api)}"
    if trend.changes:
        rows = ["| what changed | versions | what it does |", "| --- | --- | --- |"]
        for change in trend.changes:
            whens = "<br>".join(markdown(span.when) for span in change.spans)
            whats = "<br>".join(state_in_markdown(span.state) for span in change.spans)
            what = "<br>".join(
                (
                    sentence(about(change)),
                    *map(markdown, filter(None, (named(change), refusal(change)))),
                )
            )
            rows.append(f"| {what} | {whens} | {whats} |")
        yield "\n".join(rows)
    yield sentence(unchanged(trend))


def state_in_markdown(state: State) -> str:
    """What an API does, set off where it is not what the reference does."""
    said = f"{SIGNS[state.kind]} {sentence(state.words)}"
    return said if state.kind in ("right", "absent") else f"**{said}**"
