"""Word the history of packages: the ranges of releases, and what changed, the newest first."""

from collections.abc import Iterator, Mapping, Sequence

from packaging.version import Version
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from conformance.history.series import Move, Series, newest_first
from conformance.history.version_ranges import API_ITSELF
from conformance.report.changes import SIGNS, STYLES, as_markdown, shown, signed
from conformance.utils.markdown import table
from conformance.utils.text import count, markdown, plain, sentence, shortened, tick

NEWS = "What changed, newest first"
NOTHING = "Nothing changed."


def overview(series: Series) -> str:
    """Return how many releases were asked, the ends of their range, and how many were not."""
    words = count(len(series.versions), "release")
    if series.versions:
        words += f", {' to '.join(dict.fromkeys(_dated(series, n) for n in (0, -1)))}"
    if series.unasked:
        words += f"; {len(series.unasked):,} more could not be asked"
    return f"{words}."


def _dated(series: Series, place: int) -> str:
    version = series.versions[place]
    day = series.dates[version]
    return f"{version} ({day})" if day else str(version)


def unasked(series: Series) -> Iterator[str]:
    """Yield each release that could not be asked, with the reason."""
    for version, reason in series.unasked.items():
        yield f"{series.package} {version}: {shortened(plain(reason), 300)}"


def release(series: Series, move: Move) -> str:
    """Return the release of a change and the one before it, such as ``keras 3.15.0 on torch``."""
    runtime = f", {series.runtime}" if series.runtime else ""
    return f"{series.package} {move.first}{series.place}{runtime} (after {move.last})"


def of_series(series: Series, examples: Mapping[Move, str]) -> Iterator[RenderableType]:
    """Yield the ranges of one package for a terminal."""
    yield Text(series.title, style="bold underline")
    yield Text(overview(series))
    for words in unasked(series):
        yield Padding(Text(words, style="dim"), (0, 0, 0, 2))
    yield Text()
    yield from shown(series.trends(examples))


def blocks(series_list: Sequence[Series], examples: Mapping[Move, str]) -> Iterator[RenderableType]:
    """Yield the history for a terminal: package by package, and then the newest changes."""
    for series in series_list:
        yield from of_series(series, examples)
    yield Text(NEWS, style="bold underline")
    news = newest_first(series_list)
    if not news:
        yield Text(NOTHING)
    for series, move in news:
        yield Text(f"{series.dates[move.first]}  {release(series, move)}".strip(), style="bold")
        states = (
            Text(f"{SIGNS[s.kind]} {s.words}", STYLES[s.kind]) for s in (move.before, move.after)
        )
        yield Padding(Text(f"{move.subject}: ") + Text(" -> ").join(states), (0, 0, 0, 4))
        case = f"; shown by {examples[move]}" if move in examples else ""
        yield Padding(Text(f"{', '.join(move.apis)}{case}", style="dim"), (0, 0, 0, 4))


def page(series_list: Sequence[Series], examples: Mapping[Move, str]) -> str:
    """Return the history as Markdown, the newest changes first."""
    parts = [f"## {NEWS}", _news(series_list, examples)]
    for series in series_list:
        parts += [f"## {markdown(series.title)}", markdown(overview(series))]
        parts += [f"- {markdown(words)}" for words in unasked(series)]
        parts += [as_markdown(series.trends(examples))]
    return "\n\n".join(filter(None, parts)) + "\n"


def _news(series_list: Sequence[Series], examples: Mapping[Move, str]) -> str:
    rows = [
        (
            series.dates[move.first],
            markdown(release(series, move)),
            ", ".join(map(tick, move.apis)),
            sentence(move.subject),
            f"{signed(move.before)} → {signed(move.after)}",
            tick(examples[move]) if move in examples else "",
        )
        for series, move in newest_first(series_list)
    ]
    heads = ("date", "release", "APIs", "what changed", "from what to what", "shown by")
    return table(heads, rows) if rows else NOTHING


def since(series: Series, api: str, version: Version) -> Iterator[tuple[str, str]]:
    """Yield for each axis of an API, since which release it does what it does in a version."""
    place = sum(release <= version for release in series.versions) - 1
    rows = series.rows[api] if place >= 0 else {}
    for subject, row in rows.items():
        spans = [(begin, end, state) for begin, end, state in row if begin <= place]
        if subject == API_ITSELF or not spans:
            continue
        begin, end, state = spans[-1]
        first = _dated(series, begin)
        if len(row) == 1:
            number = count(end - begin + 1, "release")
            yield subject, f"{state.words} since {first} at least, in {number} that were asked"
        elif len(spans) == 1:
            yield subject, f"{state.words} until {series.versions[end]}"
        else:
            _, last, before = spans[-2]
            yield (
                subject,
                f"{state.words} since {first}; {before.words} until {series.versions[last]}",
            )
