"""Forecast which environments a history makes, and how much they download."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, log2

from conformance.environments.definitions import Environment
from conformance.environments.installer import CannotBuild
from conformance.history import downloads, history
from conformance.history.downloads import Amount, Download, amount
from conformance.history.history import Plan
from conformance.history.releases import Release
from conformance.utils.text import count


@dataclass(frozen=True)
class Forecast:
    """What asking a release needs.

    Parameters
    ----------
    environment
        To be made; None where the release was asked before, or cannot be asked.
    files
        What making it downloads.
    trouble
        Why the release cannot be asked, in words.
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
class TotalForecast:
    """What asking several releases needs.

    Parameters
    ----------
    releases
        Those with a forecast of their own.
    steps
        How many releases are asked at most.
    amount
        Of all downloads; a file that environments share is downloaded once.
    """

    releases: tuple[Forecast, ...]
    steps: int
    amount: Amount

    def __str__(self) -> str:
        return f"{count(self.steps, 'release')} to ask at most: {self.amount}"


def of_all(plan: Plan, releases: Sequence[Release]) -> TotalForecast:
    """Forecast what asking all of some releases needs, in their order.

    The first environment for which uv finds a solution stands for a release. If its framework does
    not start there, another environment is made, which the forecast does not contain.
    """
    with ThreadPoolExecutor(4) as pool:
        single_forecasts = list(pool.map(partial(_resolve, plan), releases))
    files: dict[str, frozenset[Download]] = {}
    for forecast in single_forecasts:
        if forecast.environment is not None:
            python = forecast.environment.python
            files[python] = files.get(python, frozenset()) | forecast.files
    missing_files = {python: downloads.uncached(files[python], python) for python in files}
    forecasts = tuple(
        replace(f, files=f.files & missing_files[f.environment.python]) if f.environment else f
        for f in single_forecasts
    )
    total = amount(frozenset[Download]().union(*(f.files for f in forecasts)))
    return TotalForecast(forecasts, sum(f.environment is not None for f in forecasts), total)


def of_search(plan: Plan, releases: Sequence[Release], first: int, last: int) -> TotalForecast:
    """Forecast what a bisection needs, which asks its ends and then halves the range.

    Returns the releases that are asked first, and about what the longest search downloads. The
    release in the middle stands for all that are asked between the ends.
    """
    places = last - first + 1
    steps = places if places < 3 else 2 + ceil(log2(places - 1))
    first_places = dict.fromkeys((last, first, (first + last) // 2))
    forecast = of_all(plan, [releases[place] for place in first_places])
    *ends, middle = forecast.releases
    typical_amount = amount(middle.files.difference(*(end.files for end in ends)))
    total = forecast.amount.plus(typical_amount, max(0, steps - len(first_places)))
    return replace(forecast, steps=steps, amount=total)


def _resolve(plan: Plan, release: Release) -> Forecast:
    """Forecast a release, with all files of its environment, whether uv has them or not."""
    if not release.pythons:
        return Forecast(release, trouble=history.NO_WHEEL)
    if history.kept_attempt(plan, release) is not None:
        return Forecast(release)
    trouble = None
    for attempt in plan.attempts(release):
        environment = attempt.environment
        if environment.is_made:
            return Forecast(release, environment)
        try:
            return Forecast(release, environment, downloads.files_of(environment))
        except CannotBuild as error:
            trouble = trouble or str(error)
    return Forecast(release, trouble=trouble)
