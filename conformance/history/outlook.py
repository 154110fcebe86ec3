"""Say what the history lets one expect of a version, also of one that was never asked."""

from collections.abc import Iterator, Sequence

from packaging.version import InvalidVersion, Version

from conformance.history.series import Move, Series
from conformance.utils.excerpt import listed
from conformance.utils.text import count, name, plain, shortened

MOST = 5
"""The most changes that are worded; the others are counted."""


def version_of(words: str | None) -> Version | None:
    """Return a version without the local part of a build; None for words that are none."""
    try:
        return Version(Version(words or "").public)
    except InvalidVersion:
        return None


def outlook(
    series_list: Sequence[Series], runtime: str | None, before: str | None, after: str | None
) -> Iterator[str]:
    """Yield sentences: where a version is in the history, and what changed up to it."""
    old_version, new_version = version_of(before), version_of(after)
    candidates = [series for series in series_list if series.versions]
    if old_version is None or new_version is None or not candidates:
        return
    of_class = [series for series in candidates if series.runtime == (runtime or "")]
    if not of_class and runtime:
        of_class = [max(candidates, key=lambda series: len(series.versions))]
        yield (
            f"The history has {of_class[0].title}, and not in the runtime class {name(runtime)},"
            " which may answer otherwise."
        )
    for series in of_class[:1]:
        yield from sentences(series, old_version, new_version)


def sentences(
    series: Series, old_version: Version, version: Version, *, is_open: bool = False
) -> Iterator[str]:
    """Yield where a version is in a series, and each change between an old one and it.

    Of an open range, neither end is meant, and no change in it is certain.
    """
    yield position(series, version)
    oldest, newest = sorted((old_version, version))
    begin = series.neighbours(oldest)[0] or series.versions[0]
    end = series.neighbours(newest)[1] or series.versions[-1]
    moves = [move for move in series.moves if begin <= move.last and move.first <= end]
    if not moves:
        releases = f"from {begin} to {end}" if begin < end else f"in {end}"
        yield f"Expect the conventions of {end}: the history has no change {releases}."
    for move in moves[:MOST]:
        is_certain = not is_open and oldest <= move.last and move.first <= newest
        yield f"{'Expect' if is_certain else 'Expect either'}: {sentence(move)}."
    if len(moves) > MOST:
        others = count(len(moves) - MOST, "other change")
        yield f"`conformance history {series.package}` shows {others}."


def position(series: Series, version: Version) -> str:
    """Return a sentence that says where a version is among the releases, and the nearest ones."""
    release = f"{series.package} {version}{series.place}"
    older, newer = series.neighbours(version)
    if older == version:
        return f"The history has {release}."
    reason = series.unasked.get(version, "")
    reason = f" ({shortened(plain(reason))})" if reason else ""
    if older and newer:
        place = f"is not in the history{reason}; the nearest releases are {older} and {newer}"
    else:
        age = "newer" if older else "older"
        number = count(len(series.versions), "release")
        place = (
            f"is {age} than all {number} of the history{reason}; the nearest is {older or newer}"
        )
    return f"{release} {place}."


def sentence(move: Move) -> str:
    """Return what changed, until when and from when on."""
    return (
        f"{listed(move.apis)}: {move.subject}: {move.before.words} until {move.last},"
        f" {move.after.words} from {move.first}"
    )
