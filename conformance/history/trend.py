"""Hold what changed in an API from version to version, and merge what changed alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from conformance.history.version_ranges import Span, State
from conformance.utils.excerpt import listed
from conformance.utils.grouping import are_mostly_shared, cluster


@dataclass(frozen=True)
class Change:
    """A difference between versions, and the cases that show it.

    Parameters
    ----------
    subject
        An axis, or the topics of the cases.
    is_of_axis
        Whether a convention changed; else no axis accounts for the change.
    is_native
        Whether the naive calls show it.
    refusal
        The framework's message in one of the cases, where it refuses them.
    examples
        Cases that the states answer differently, where those that show it are not known.
    """

    subject: str
    spans: tuple[Span, ...]
    cases: tuple[str, ...]
    is_of_axis: bool = True
    is_native: bool = True
    refusal: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trend:
    """What changed in one API, and what did not.

    Parameters
    ----------
    changes
        First those of axes, then those that no axis accounts for.
    unchanged
        The axes on which nothing changed, with the state in all versions.
    asked, unit
        How many cases every version was asked that has the API, or how many releases of it.
    """

    api: str
    changes: tuple[Change, ...]
    unchanged: tuple[tuple[str, State], ...]
    asked: int
    unit: str = "case"


def alike(trends: Iterable[Trend]) -> tuple[Trend, ...]:
    """Merge the trends of APIs that changed alike.

    Trends with the same changes, over the same spans and of mostly the same cases, are one, under
    the names of its APIs. It has the unchanged axes that they share.
    """
    return tuple(map(_merge, cluster(trends, _change_alike)))


def _change_alike(first: Trend, second: Trend) -> bool:
    if not first.changes or len(first.changes) != len(second.changes):
        return False
    return all(map(_is_the_same, first.changes, second.changes))


def _is_the_same(first: Change, second: Change) -> bool:
    if (first.spans, first.is_of_axis, first.is_native) != (
        second.spans,
        second.is_of_axis,
        second.is_native,
    ):
        return False
    if first.is_of_axis:
        return first.subject == second.subject
    return are_mostly_shared({*first.cases}, {*second.cases})


def _merge(group: Sequence[Trend]) -> Trend:
    first, *others = group
    if not others:
        return first
    changes = (
        replace(equals[0], cases=tuple(dict.fromkeys(c for change in equals for c in change.cases)))
        for equals in zip(*(trend.changes for trend in group), strict=True)
    )
    same = (state for state in first.unchanged if all(state in trend.unchanged for trend in others))
    asked = min(trend.asked for trend in group)
    title = listed([trend.api for trend in group])
    return Trend(title, tuple(changes), tuple(same), asked, first.unit)
