"""Word the changes from version to version, on a terminal and in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.history.trend import Change, Trend
from conformance.history.version_ranges import Kind, Span, State
from conformance.utils.excerpt import first
from conformance.utils.markdown import table
from conformance.utils.text import count, markdown, plain, sentence, shortened, tick

SIGNS: Mapping[Kind, str] = {
    "right": "=",
    "other": "◆",
    "refused": "⊘",
    "broken": "✗",
    "absent": "-",
}
"""The signs that the convention tables have, too."""
STYLES: Mapping[Kind, str] = {
    "right": "green",
    "other": "bold yellow",
    "refused": "yellow",
    "broken": "bold red",
    "absent": "dim",
}
WIDEST = 40
"""The most characters that a label takes on a terminal."""
REFUSAL = 200
"""The most characters of a framework's message that are shown."""
NAMED = 3
"""The most cases that are named; the others are counted."""


def label(change: Change) -> str:
    """Return what changed: an axis, or a number of cases."""
    if not change.cases:
        return change.subject
    cases = count(len(change.cases), "case")
    if change.is_of_axis:
        return f"{change.subject} ({cases})"
    return f"{cases} of {change.subject}" + ("" if change.is_native else " (translated)")


def case_names(change: Change) -> str:
    """Return the first of the cases that no axis accounts for, or that show a change of one."""
    if change.examples:
        return f"shown by {first(change.examples, NAMED)}"
    return "" if change.is_of_axis else first(change.cases, NAMED)


def refusal(change: Change) -> str:
    """Return a framework's message for one of the cases, or an empty string."""
    return shortened(plain(change.refusal), REFUSAL) if change.refusal else ""


def line(change: Change) -> str:
    """Return a change in one line, without the names of its cases."""
    spans = (f"{span.versions} {span.state.words.removesuffix('.')}" for span in change.spans)
    return f"{label(change)}: {'; '.join(spans)}."


def unchanged_axes(trend: Trend) -> str:
    """Return a sentence about the axes that did not change."""
    others = [f"{axis} ({state.words})" for axis, state in trend.unchanged if state.kind != "right"]
    right = [axis for axis, state in trend.unchanged if state.kind == "right"]
    text = "Unchanged" if trend.changes else f"Nothing changed in {count(trend.asked, trend.unit)}"
    if others:
        text += f": {', '.join(others)}"
    if right:
        text += f"; as the reference has it: {', '.join(right)}"
    return f"{text}."


def shown(trends: Sequence[Trend]) -> Iterator[RenderableType]:
    """Yield a block for each API for a terminal, under the name of the API."""
    for trend in trends:
        parts: list[RenderableType] = [Text(trend.api, style="bold")]
        labels = [label(change) for change in trend.changes]
        versions = [span.versions for change in trend.changes for span in change.spans]
        widths = min(WIDEST, max(map(len, labels), default=0)), max(map(len, versions), default=0)
        for change in trend.changes:
            parts.append(Padding(_grid(change, widths), (0, 0, 0, 2)))
            for words in filter(None, (case_names(change), refusal(change))):
                parts.append(Padding(Text(words, style="dim"), (0, 0, 0, 4)))
        parts.append(Padding(Text(unchanged_axes(trend), style="dim"), (0, 0, 1, 2)))
        yield Group(*parts)


def _grid(change: Change, widths: tuple[int, ...]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for width in widths:
        grid.add_column(width=width, overflow="fold")
    grid.add_column(overflow="fold")
    for number, span in enumerate(change.spans):
        state = Text(f"{SIGNS[span.state.kind]} {span.state.words}", STYLES[span.state.kind])
        grid.add_row(Text("" if number else label(change)), Text(span.versions), state)
    return grid


def as_markdown(trends: Sequence[Trend], heading: str = "###") -> str:
    """Return the trends as Markdown: a table for each API in which anything changed."""
    return "\n\n".join(block for trend in trends for block in _blocks(trend, heading))


def _blocks(trend: Trend, heading: str) -> Iterator[str]:
    yield f"{heading} {tick(trend.api)}"
    if trend.changes:
        rows = []
        for change in trend.changes:
            details = map(markdown, filter(None, (case_names(change), refusal(change))))
            title = "<br>".join((sentence(label(change)), *details))
            versions = "<br>".join(markdown(span.versions) for span in change.spans)
            states = "<br>".join(map(_emphatic, change.spans))
            rows.append((title, versions, states))
        yield table(("what changed", "versions", "what it does"), rows)
    yield sentence(unchanged_axes(trend))


def signed(state: State) -> str:
    """Return what an API does in Markdown, behind its sign."""
    return f"{SIGNS[state.kind]} {sentence(state.words)}"


def _emphatic(span: Span) -> str:
    text = signed(span.state)
    return text if span.state.kind in ("right", "absent") else f"**{text}**"
