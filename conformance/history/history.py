"""Run the same cases against releases of a package, each in an environment of its own.

Environments are kept, and so is every run of the same code, cases and pins.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement

from conformance.environments import definitions, store
from conformance.environments.definitions import CannotBuild, Environment
from conformance.history.companions import Attempt, attempts
from conformance.history.downloads import Allowance
from conformance.history.releases import Release
from conformance.observations import ANSWERED
from conformance.runs import executors, run_files, scheduler
from conformance.runs.fingerprint import has_fingerprint, run_fingerprint
from conformance.runs.job import Request
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Run
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import MEMORY, WorkerLimits
from conformance.utils import progress
from conformance.workers.worker_client import WorkerError


@dataclass(frozen=True)
class Plan:
    """What every release is asked.

    Parameters
    ----------
    environment
        The pinned environment whose pin a release replaces.
    fixed
        Requirements that hold for every release.
    cases
        The files that the prepared cases are from.
    words
        What distinguishes this choice of cases from another one of the same files.
    selection
        The part of all cases that the prepared cases are.
    for_table
        Whether the answers are for the table of a history: companions are those of the year after
        the release, and an environment that fails is removed.
    """

    environment: Environment
    fixed: tuple[Requirement, ...]
    prepared_cases: tuple[PreparedCase, ...]
    cases: tuple[Path, ...]
    words: tuple[str, ...]
    jobs: int = 1
    limits: WorkerLimits = field(default_factory=WorkerLimits)
    selection: Selection | None = None
    allowance: Allowance = field(default_factory=Allowance)
    for_table: bool = False

    def attempts(self, release: Release) -> Iterator[Attempt]:
        """Yield the environments to try for a release, the likeliest first."""
        pinned_first = not self.for_table
        return attempts(self.environment, release, self.fixed, pinned_first=pinned_first)


@dataclass(frozen=True)
class Entry:
    """A release, and its run or the reason why there is none.

    Parameters
    ----------
    companions
        The packages beside the release, such as ``torch 2.13.0``.
    pinned
        Whether these are the pinned ones.
    trouble
        Why the release could not be asked, in words.
    """

    release: Release
    run: Run | None = None
    environment: Environment | None = None
    companions: tuple[str, ...] = ()
    pinned: bool = True
    trouble: str | None = None


NO_WHEEL = "pip finds no wheel of it for a Python that is installed here"


def entry(plan: Plan, release: Release) -> Entry:
    """Run the cases against a release, or read the run that is kept of it.

    Raises ``OSError`` where a file cannot be read or written. Raises ``TooLarge`` where the release
    would download more than the plan allows.
    """
    if not release.pythons:
        return Entry(release, trouble=NO_WHEEL)
    attempt = kept_attempt(plan, release)
    if attempt is not None:
        return _entry(plan, release, attempt, _run_file(plan, attempt)[0])
    troubles: list[CannotBuild | WorkerError] = []
    for attempt in plan.attempts(release):
        try:
            path = _record(plan, release, attempt)
            if plan.for_table and (silence := _silence(path)):
                raise WorkerError(silence)
            return _entry(plan, release, attempt, path)
        except (CannotBuild, WorkerError) as trouble:
            troubles.append(trouble)
            if plan.for_table:
                store.discard(attempt.environment.home)
    # A framework that did not start says more than an environment that could not be made.
    troubles.sort(key=lambda trouble: isinstance(trouble, CannotBuild))
    return Entry(release, trouble=str(troubles[0]))


def _silence(path: Path) -> str | None:
    """Return why a run has no answer at all, as beside a NumPy that is too new; None if it has."""
    observations = run_files.read(path).observations
    if any(observation.status in ANSWERED for observation in observations):
        return None
    failures = Counter(o.detail for o in observations if o.status != "inexpressible")
    return " ".join(("It answers no call.", *(str(words) for words, _ in failures.most_common(1))))


def kept_attempt(plan: Plan, release: Release) -> Attempt | None:
    """Return the attempt whose run is kept from an earlier history, if there is one."""
    for attempt in plan.attempts(release):
        path, fingerprint = _run_file(plan, attempt)
        # An environment that is half removed would be made anew, without the run.
        is_kept = attempt.environment.is_made and has_fingerprint(path, fingerprint)
        if is_kept and not (plan.for_table and _silence(path)):
            return attempt
    return None


def _record(plan: Plan, release: Release, attempt: Attempt) -> Path:
    environment = attempt.environment
    path, fingerprint = _run_file(plan, attempt)
    request = Request(
        name=environment.framework,
        environment=environment,
        path=path,
        limits=plan.limits,
        fingerprint=fingerprint,
        selection=plan.selection,
    )
    with progress.stage(f"{release}: an environment on Python {environment.python}"):
        plan.allowance.spend(environment)
        environment.executable()
    with executors.threads(plan.jobs) as places:
        (job,) = scheduler.record_all([request], plan.prepared_cases, places)
    if isinstance(job.error, WorkerError):
        path.unlink(missing_ok=True)  # the run has only the failure; the next attempt may succeed
    if job.error is not None:
        raise job.error
    return path


def _run_file(plan: Plan, attempt: Attempt) -> tuple[Path, str]:
    """Return the path of an attempt's run, and the fingerprint of what the run is made from."""
    words = (*plan.words, str(plan.limits.timeout), str(MEMORY))
    fingerprint = run_fingerprint(attempt.environment, plan.cases, words)
    return attempt.environment.home / "runs" / f"{fingerprint}.jsonl", fingerprint


def _entry(plan: Plan, release: Release, attempt: Attempt, path: Path) -> Entry:
    environment = attempt.environment
    versions = definitions.installed(environment.executable())
    pins = (*plan.environment.pins, *map(str, plan.fixed))
    names = dict.fromkeys(Requirement(pin).name.lower() for pin in pins)
    names.pop(release.package.lower(), None)
    return Entry(
        release,
        run_files.read(path),
        environment,
        tuple(f"{name} {versions[name]}" for name in names if name in versions),
        attempt.companions == "as pinned",
    )
