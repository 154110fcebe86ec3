"""Use what the history has of a package where a change is searched for."""

from collections.abc import Collection, Iterable, Sequence

from packaging.version import Version

from conformance.history.releases import Release
from conformance.history.series import Series


def askable(
    series: Iterable[Series], releases: Sequence[Release], ends: Collection[Version | None]
) -> tuple[Release, ...]:
    """Return the releases without those that could not be asked; ends of the search stay."""
    unasked = {version for one in series for version in one.unasked}
    kept = [r for r in releases if r.version in ends or r.version not in unasked]
    return tuple(kept or releases)


def likely_change(
    series: Iterable[Series],
    releases: Sequence[Release],
    subjects: Collection[str],
    api_ids: Collection[str],
) -> tuple[int, int] | None:
    """Return the places of the releases around the first change in a range of releases.

    Parameters
    ----------
    series
        Those of the package, in each runtime class.
    releases
        The range, the oldest first.
    subjects
        The axes whose changes count, and `API_ITSELF`.
    """
    places = {release.version: place for place, release in enumerate(releases)}
    changes = sorted(
        (places[move.last], places[move.first])
        for one in series
        for move in one.moves
        if move.subject in subjects and not {*move.apis}.isdisjoint(api_ids)
        if move.last in places and move.first in places
    )
    return changes[0] if changes else None
