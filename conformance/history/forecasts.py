"""What asking releases comes to, before anything is made: environments, and what they download."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, log2

from conformance.environments.definitions import Environment
from conformance.environments.installer import CannotBuild
from conformance.history import downloads, history
from conformance.history.companions import attempts
from conformance.history.downloads import Amount, Download, amount
from conformance.history.history import Plan
from conformance.history.releases import Release


@dataclass(frozen=True)
class Forecast:
    """What asking a release comes to.

    environment  what is to be made; None where the release was asked before, or cannot be asked
    files        what making it downloads
    trouble      why it cannot be asked, in words
    """

    release: Release
    environment: Environment | None = None
    files: frozenset[Download] = frozenset()
    trouble: str | None = None

    def __str__(self) -> str:
        if self.trouble is not None:
            return f"{self.release}: cannot be asked: {self.trouble}"
        if self.environment is None:
            return f"{self.release}: its run is kept"
        return f"{self.release}: Python {self.environment.python}, {amount(self.files)}"


@dataclass(frozen=True)
class Foreseen:
    """What asking several releases comes to.

    releases  those that are foreseen one by one
    steps     how many are asked at most
    amount    what is downloaded for all that are asked: what they share is downloaded once
    """

    releases: tuple[Forecast, ...]
    steps: int
    amount: Amount

    def __str__(self) -> str:
        number = f"{self.steps} release{'s' if self.steps != 1 else ''}"
        return f"{number} to ask at most: {self.amount}"


def of_all(plan: Plan, releases: Sequence[Release]) -> Foreseen:
    """Foresee what asking releases comes to.

    The first environment for which uv finds a solution stands for a release: if its framework does
    not start there, another one is made, and that is not foreseen.

    Parameters
    ----------
    plan
        What they are asked.
    releases
        All that there is to ask.

    Returns
    -------
    Foreseen
        The releases in their order.
    """
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(partial(_resolved, plan), releases))
    files: dict[str, frozenset[Download]] = {}
    for one in found:
        if one.environment is not None:
            python = one.environment.python
            files[python] = files.get(python, frozenset()) | one.files
    left = {python: downloads.uncached(each, python) for python, each in files.items()}
    foreseen = tuple(
        replace(one, files=one.files & left[one.environment.python]) if one.environment else one
        for one in found
    )
    total = amount(frozenset[Download]().union(*(one.files for one in foreseen)))
    return Foreseen(foreseen, sum(one.environment is not None for one in foreseen), total)


def of_search(plan: Plan, releases: Sequence[Release], first: int, last: int) -> Foreseen:
    """Foresee what a search comes to that asks its ends, and then halves what is between.

    The release in the middle stands for all that are asked between the ends.

    Parameters
    ----------
    plan
        What they are asked.
    releases
        All that there are.
    first, last
        The ends of the search.

    Returns
    -------
    Foreseen
        The releases that are asked first, and about what is downloaded in the longest search.
    """
    places = last - first + 1
    steps = places if places < 3 else 2 + ceil(log2(places - 1))
    asked = dict.fromkeys((last, first, (first + last) // 2))
    foreseen = of_all(plan, [releases[place] for place in asked])
    *ends, middle = foreseen.releases
    further = amount(middle.files.difference(*(end.files for end in ends)))
    further_steps = max(0, steps - len(asked))
    total = foreseen.amount.plus(further, further_steps)
    return replace(foreseen, steps=steps, amount=total)


def _resolved(plan: Plan, release: Release) -> Forecast:
    """With all files that it is made of, whether uv has them in its cache or not."""
    if not release.pythons:
        return Forecast(release, trouble=history.NO_WHEEL)
    if history.kept_attempt(plan, release) is not None:
        return Forecast(release)
    trouble = None
    for attempt in attempts(plan.place, release, plan.fixed):
        environment = attempt.environment
        if environment.is_made:
            return Forecast(release, environment)
        try:
            return Forecast(release, environment, downloads.files_of(environment))
        except CannotBuild as error:
            trouble = trouble or str(error)
    return Forecast(release, trouble=trouble)
