"""Run planned calls in a worker: the one loop over calls, for all commands."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from conformance.adapters.call_source import Inexpressible
from conformance.observations import Mode, Observation
from conformance.recipes import limitations
from conformance.recipes.call_writer import Call
from conformance.runs.evaluation import evaluate
from conformance.runs.plan import Invocation
from conformance.workers.outcomes import Outcome
from conformance.workers.worker_client import Task, WorkerClient


@dataclass(frozen=True, eq=False)
class InvocationResult:
    """One call and its result."""

    invocation: Invocation
    outcome: Outcome | Inexpressible

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        """The evaluation in each mode of the call."""
        return tuple(map(self.observation, self.invocation.modes))

    def observation(self, mode: Mode) -> Observation:
        """Return the evaluation in one mode."""
        return evaluate(self.invocation, mode, self.outcome)


def run(client: WorkerClient, invocations: Iterable[Invocation]) -> Iterator[InvocationResult]:
    """Run calls, and yield their results in the same order, each as soon as there is one.

    The calls are read as the worker needs them.
    """
    pending: deque[Invocation] = deque()

    def tasks() -> Iterator[Task]:
        for invocation in invocations:
            pending.append(invocation)
            if not isinstance(invocation.call, Inexpressible):
                yield _task(invocation, invocation.call)

    def inexpressible() -> Iterator[InvocationResult]:
        while pending and isinstance(call := pending[0].call, Inexpressible):
            yield InvocationResult(pending.popleft(), call)

    for _, outcome in client.submit(tasks()):
        yield from inexpressible()
        yield InvocationResult(pending.popleft(), outcome)
    yield from inexpressible()


def observe(client: WorkerClient, invocations: Iterable[Invocation]) -> Iterator[Observation]:
    """Run calls as `run` does, and yield the observation of each mode of each call."""
    for result in run(client, invocations):
        yield from result.observations


def run_one(client: WorkerClient, invocation: Invocation) -> InvocationResult:
    """Run one call, as `run` does."""
    (result,) = run(client, [invocation])
    return result


def _task(invocation: Invocation, call: Call) -> Task:
    api, case = invocation.api, invocation.prepared_case.case
    last = invocation.modes == ("native",) and limitations.corrupts_process(
        api, case.question, invocation.runtime
    )
    return Task(f"{api.id} {case.id}", call.source, call.arrays, call.traceable_spans, last)
