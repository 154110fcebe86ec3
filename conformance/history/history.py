"""A history: releases of a package, each asked the same cases in an environment of its own.

Environments are kept, and so is every run that the same code, cases and pins have made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement

from conformance.environments import definitions
from conformance.environments.definitions import CannotBuild, Environment
from conformance.history.companions import Attempt, attempts
from conformance.history.downloads import Allowance
from conformance.history.releases import Release
from conformance.runs import execute, run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Run
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import MEMORY, WorkerLimits
from conformance.utils import progress
from conformance.workers.worker_client import WorkerError


@dataclass(frozen=True)
class Plan:
    """What every release is asked.

    place      the pinned environment that a release takes its place in
    fixed      requirements that hold whatever the release
    cases      the files that the subjects are from
    words      what tells this choice of subjects from another one of the same files
    allowance  how much may be downloaded
    selection  the part of all cases that the subjects are
    """

    place: Environment
    fixed: tuple[Requirement, ...]
    prepared_cases: tuple[PreparedCase, ...]
    cases: tuple[Path, ...]
    words: tuple[str, ...]
    jobs: int = 1
    terms: WorkerLimits = field(default_factory=WorkerLimits)
    selection: Selection | None = None
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True)
class Entry:
    """A release and what came of asking it.

    companions  what it was asked beside, such as ``torch 2.13.0``
    pinned      whether these are the pinned ones
    trouble     why it could not be asked, in words
    """

    release: Release
    run: Run | None = None
    environment: Environment | None = None
    companions: tuple[str, ...] = ()
    pinned: bool = True
    trouble: str | None = None


NO_WHEEL = "pip finds no wheel of it for a Python that is installed here"


def entry(plan: Plan, release: Release) -> Entry:
    """A release asked now, or read from the run that is kept of it.

    Raises ``OSError``, and ``TooLarge`` where it would download more than the plan allows.
    """
    if not release.pythons:
        return Entry(release, trouble=NO_WHEEL)
    kept = kept_attempt(plan, release)
    if kept is not None:
        return _entry(release, kept, _kept(plan, kept)[0])
    troubles: list[CannotBuild | WorkerError] = []
    for attempt in attempts(plan.place, release, plan.fixed):
        try:
            return _entry(release, attempt, _asked(plan, release, attempt))
        except (CannotBuild, WorkerError) as trouble:
            troubles.append(trouble)
    # What was made and did not start says more than what could not be made.
    troubles.sort(key=lambda trouble: isinstance(trouble, CannotBuild))
    return Entry(release, trouble=str(troubles[0]))


def kept_attempt(plan: Plan, release: Release) -> Attempt | None:
    """Find what was asked before.

    Parameters
    ----------
    plan
        What releases are asked.
    release
        One of them.

    Returns
    -------
    Attempt or None
        The one whose run is kept.
    """
    for attempt in attempts(plan.place, release, plan.fixed):
        if execute.is_made_from(*_kept(plan, attempt)):
            return attempt
    return None


def _asked(plan: Plan, release: Release, attempt: Attempt) -> Path:
    environment = attempt.environment
    path, made_from = _kept(plan, attempt)
    with progress.stage(f"{release}: an environment on Python {environment.python}"):
        plan.allowance.spend(environment)
        environment.executable()
    try:
        execute.record(
            environment,
            plan.prepared_cases,
            path,
            jobs=plan.jobs,
            terms=plan.terms,
            sources=made_from,
            selection=plan.selection,
        )
    except WorkerError:
        path.unlink(missing_ok=True)  # it says only that, and the next attempt may do better
        raise
    return path


def _kept(plan: Plan, attempt: Attempt) -> tuple[Path, str]:
    """Where the run of an environment is kept, and what it is made from."""
    words = (*plan.words, str(plan.terms.timeout), str(MEMORY))
    made_from = execute.made_from(attempt.environment, plan.cases, words)
    return attempt.environment.home / "runs" / f"{made_from}.jsonl", made_from


def _entry(release: Release, attempt: Attempt, path: Path) -> Entry:
    environment = attempt.environment
    versions = definitions.installed(environment.executable())
    names = (Requirement(pin).name.lower() for pin in environment.pins[1:])
    return Entry(
        release,
        run_files.read(path),
        environment,
        tuple(f"{name} {versions[name]}" for name in names if name in versions),
        attempt.companions == "as pinned",
    )
