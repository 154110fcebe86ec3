"""Group things that have something in common, in the order of their first occurrence."""

from collections.abc import Callable, Hashable, Iterable, Set
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def group(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Return the items by their keys."""
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def cluster(items: Iterable[T], alike: Callable[[T, T], bool]) -> list[list[T]]:
    """Return groups of items that are like the first of their group."""
    clusters: list[list[T]] = []
    for item in items:
        match = next((members for members in clusters if alike(members[0], item)), None)
        if match is None:
            clusters.append([item])
        else:
            match.append(item)
    return clusters


def are_mostly_shared(first: Set[object], second: Set[object]) -> bool:
    """Return whether at least half of the smaller set is in the other one, too."""
    return 2 * len(first & second) >= min(len(first), len(second))
