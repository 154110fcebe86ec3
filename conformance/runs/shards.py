"""Cut a run into shards: plain values that can be carried out anywhere, in any order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

import conformance
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api
from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import runtime_of
from conformance.observations import MODES, Key, Mode, Observation
from conformance.question import AnyQuestion, Array, Chain
from conformance.runs import fingerprint, plan
from conformance.runs.calls import InvocationResult
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits
from conformance.workers.outcomes import Crash
from conformance.workers.worker_client import RuntimeInfo

MOST = 128
"""The most cases of a shard, which are asked again if it is lost."""
MOST_BYTES = 2**22
"""The most bytes of the arrays of a shard with several cases."""


@cache
def package() -> str:
    """Return the version of this package, and a digest of its code."""
    return f"{conformance.__version__} ({fingerprint.code()})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Shard:
    """Cases for some APIs, in one environment.

    Attributes
    ----------
    identity
        The runtime of the run; no other may answer.
    done
        The keys of the observations of these cases that exist already.
    package
        The code that made the shard; no other may carry it out.
    """

    environment: Environment
    limits: WorkerLimits
    identity: RuntimeInfo
    api_ids: tuple[str, ...]
    prepared_cases: tuple[PreparedCase, ...]
    done: frozenset[Key] = frozenset()
    modes: tuple[Mode, ...] = MODES
    package: str = field(default_factory=package)

    @property
    def apis(self) -> tuple[Api, ...]:
        """The APIs with these ids, in the order of the framework."""
        apis = FRAMEWORKS[self.environment.framework].apis
        return tuple(api for api in apis if api.id in self.api_ids)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """The keys of the observations to make."""
        all_keys = keys(self.apis, self.prepared_cases, self.modes)
        return tuple(key for key in all_keys if key not in self.done)

    def invocations(self) -> Iterator[Invocation]:
        """Yield the calls to make."""
        framework = FRAMEWORKS[self.environment.framework]
        runtime = runtime_of(framework, self.identity)
        keys = frozenset(self.keys)
        for invocation in plan.invocations(
            framework, runtime, self.apis, self.prepared_cases, self.modes
        ):
            names = invocation.api.id, invocation.prepared_case.case.id
            modes = tuple(mode for mode in invocation.modes if (*names, mode) in keys)
            if modes:
                yield replace(invocation, modes=modes)

    def split(self) -> Iterator[Shard]:
        """Yield a shard for each case that has observations to make."""
        shards = (
            replace(self, prepared_cases=(prepared_case,)) for prepared_case in self.prepared_cases
        )
        return (shard for shard in shards if shard.keys)

    def lost(self, reason: str) -> Iterator[Observation]:
        """Yield the observations of a shard that cannot be carried out: every call crashed."""
        for invocation in self.invocations():
            call = invocation.call
            outcome = call if isinstance(call, Inexpressible) else Crash(reason, "")
            yield from InvocationResult(invocation, outcome).observations


def keys(
    apis: Iterable[Api],
    prepared_cases: Iterable[PreparedCase],
    modes: Collection[Mode] = MODES,
) -> Iterator[Key]:
    """Yield the keys of all observations of these cases, in the order of a run file."""
    apis = tuple(apis)
    for prepared_case in prepared_cases:
        for api in apis:
            if plan.is_asked(api, prepared_case.case):
                yield from ((api.id, prepared_case.case.id, mode) for mode in modes)


def cut(
    template: Shard, prepared_cases: Iterable[PreparedCase], size: Callable[[], int] = lambda: MOST
) -> Iterator[Shard]:
    """Cut cases into shards, each with at least one case; the cases are read one by one.

    Parameters
    ----------
    template
        A shard with all values but the cases. Cases that it has done completely are left out.
    size
        Returns the most cases of the next shard.
    """
    most = size()
    batch: list[PreparedCase] = []
    batch_bytes = 0
    for prepared_case in prepared_cases:
        of_case = keys(template.apis, [prepared_case], template.modes)
        if template.done and template.done.issuperset(of_case):
            continue
        case_bytes = sum(array.nbytes for array in _arrays(prepared_case.case.question))
        if batch and (len(batch) >= most or batch_bytes + case_bytes > MOST_BYTES):
            yield _shard(template, batch)
            batch, batch_bytes, most = [], 0, size()
        batch.append(prepared_case)
        batch_bytes += case_bytes
    if batch:
        yield _shard(template, batch)


def _shard(template: Shard, prepared_cases: Iterable[PreparedCase]) -> Shard:
    prepared_cases = tuple(prepared_cases)
    of_cases = keys(template.apis, prepared_cases, template.modes)
    done = template.done and template.done.intersection(of_cases)
    return replace(template, prepared_cases=prepared_cases, done=done)


def _arrays(question: AnyQuestion) -> Iterator[Array]:
    for q in question.questions if isinstance(question, Chain) else (question,):
        yield from q.arrays.values()
