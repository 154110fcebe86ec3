"""Options of `history` and `bisect`, which choose releases of a package and their environments."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from conformance.adapters.registry import LIBRARIES
from conformance.cli import options
from conformance.cli.option_kinds import flag, group, several, word
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.history import releases
from conformance.history.companions import base_environment
from conformance.history.downloads import Allowance
from conformance.history.forecasts import TotalForecast
from conformance.history.history import Plan
from conformance.history.releases import NoRelease
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils import byte_sizes
from conformance.utils.text import plain, shortened
from conformance.workers import pythons

UNLIMITED = "unlimited"
"""The value of --max-download for no limit."""


@dataclass(frozen=True, kw_only=True)
class ReleaseOptions:
    """The values of the options that `history` and `bisect` share.

    Attributes
    ----------
    framework, backend, python, download_python
        What chooses the environment of a release; None for the default.
    pins
        Requirements that hold beside every release.
    pre
        Whether pre-releases are asked too.
    limit
        The largest download, in bytes.
    dry_run
        Whether nothing is made and asked.
    jobs, limits
        How many workers run at once, and their limits.
    """

    framework: str | None
    backend: str | None
    python: str | None
    download_python: bool | None
    pins: tuple[str, ...]
    pre: bool
    limit: float
    dry_run: bool
    jobs: int
    limits: WorkerLimits

    def place(self, package: str) -> tuple[Environment, tuple[str, ...]]:
        """Choose the environment to put releases in, and the Pythons to try.

        Raises ``NoRelease`` if the Python is missing or too old. Raises ``CannotBuild`` if there is
        no such environment.
        """
        base = base_environment(package, self.framework, self.backend)
        pinned = replace(base, download=self.download_python)
        if self.python is not None:
            environment = replace(pinned, python=pythons.canonical(self.python))
            if environment.missing_python is not None:
                installed = ", ".join(pythons.versions()) or "none"
                raise NoRelease(f"{environment.missing_python}; installed are {installed}")
            version = pythons.version_of(self.python)
            if version is not None and version < pythons.OLDEST:
                oldest = ".".join(map(str, pythons.OLDEST))
                raise NoRelease(
                    f"{self.python} is older than Python {oldest}, which workers need at least"
                )
            return pinned, (environment.python,)
        candidates = pythons.versions()
        if pinned.python not in candidates and definitions.may_download(self.download_python):
            candidates = (pinned.python, *candidates)
        return pinned, tuple(sorted(candidates, key=lambda version: version != pinned.python))

    def plan(
        self,
        place: Environment,
        prepared_cases: Sequence[PreparedCase],
        paths: tuple[Path, ...],
        selection: Selection,
    ) -> Plan:
        """Return what every release is asked."""
        return Plan(
            environment=place,
            fixed=tuple(releases.requirement_of(pin) for pin in self.pins),
            prepared_cases=tuple(prepared_cases),
            cases=paths,
            words=tuple(selection.options()),
            jobs=self.jobs,
            limits=self.limits,
            selection=selection or None,
            allowance=Allowance(self.limit),
        )

    def announce(self, forecast: TotalForecast, plan: Plan) -> None:
        """Print what is about to be downloaded, and in a dry run every release.

        Raises ``TooLarge`` if the amount is above the limit, and this is no dry run.
        """
        if self.dry_run:
            for release in forecast.releases:
                click.echo(shortened(plain(str(release)), 300))
            click.echo(str(forecast))
        elif forecast.amount.number:
            click.echo(str(forecast), err=True)
            plan.allowance.refuse_more(forecast.amount)


def _bytes(words: str) -> float:
    """Read a number of bytes; infinity for no limit."""
    if words.strip().lower() == UNLIMITED:
        return math.inf
    try:
        return byte_sizes.parse(words)
    except ValueError as error:
        raise click.BadParameter(f"{error}, nor {UNLIMITED!r}") from None


release_options = group(
    "releases",
    ReleaseOptions,
    click.option(
        "--framework",
        type=click.Choice(LIBRARIES),
        help="The framework to ask.  [default: that of the package]",
    ),
    word("--backend", metavar="NAME", help="The backend of Keras.  [default: the first pinned]"),
    word(
        "--python",
        metavar="PYTHON",
        help="The only Python to use, such as 3.11 or a path.  [default: for each release one that"
        " it has a wheel for]",
    ),
    options.download,
    several(
        "--with",
        "pins",
        metavar="PIN",
        help="A requirement that holds beside every release; repeatable."
        "  [default: the pins of that framework and backend, as long as they go with the release]",
    ),
    flag("--pre", help="Also ask pre-releases."),
    click.option(
        "--max-download",
        "limit",
        type=_bytes,
        default="2GB",
        show_default=True,
        metavar="SIZE",
        help=f"The largest download, such as 500MB, or {UNLIMITED!r}.",
    ),
    flag("--dry-run", help="Print what would be asked and downloaded, and make and ask nothing."),
    options.jobs,
    options.limits(),
)
"""The options, which become the argument ``releases``."""
