"""Run planned calls in a worker."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from conformance.adapters.base import Inexpressible
from conformance.observations import Observation
from conformance.recipes import limitations
from conformance.recipes.call_writer import Call
from conformance.runs.evaluation import evaluate
from conformance.runs.plan import Invocation
from conformance.workers.outcomes import Outcome
from conformance.workers.worker_client import Task, WorkerClient


def run_invocations(
    client: WorkerClient, invocations: Iterable[Invocation]
) -> Iterator[Observation]:
    """Run calls and evaluate their outcomes.

    Parameters
    ----------
    client
        The worker.
    invocations
        The calls. They are read as the worker needs them.

    Yields
    ------
    Observation
        One for each mode of each call, in the order of the calls, as soon as there is one.
    """
    pending: deque[Invocation] = deque()

    def tasks() -> Iterator[Task]:
        for invocation in invocations:
            pending.append(invocation)
            if not isinstance(invocation.call, Inexpressible):
                yield _task(invocation, invocation.call)

    def inexpressible() -> Iterator[Observation]:
        while pending and isinstance(call := pending[0].call, Inexpressible):
            invocation = pending.popleft()
            yield from (evaluate(invocation, mode, call) for mode in invocation.modes)

    for _, outcome in client.ask(tasks()):
        yield from inexpressible()
        invocation = pending.popleft()
        for mode in invocation.modes:
            yield evaluate(invocation, mode, outcome)
    yield from inexpressible()


def invoke(client: WorkerClient, invocation: Invocation) -> Outcome | Inexpressible:
    """Run one call, and return its outcome with the array of the answer.

    Parameters
    ----------
    client
        The worker.
    invocation
        The call.

    Returns
    -------
    Outcome or Inexpressible
        `evaluation.evaluate` turns it into an observation.
    """
    if isinstance(invocation.call, Inexpressible):
        return invocation.call
    ((_, outcome),) = client.ask([_task(invocation, invocation.call)])
    return outcome


def _task(invocation: Invocation, call: Call) -> Task:
    api, case = invocation.api, invocation.prepared_case.case
    last = invocation.modes == ("native",) and limitations.corrupts_process(
        api, case.question, invocation.runtime
    )
    return Task(f"{api.id} {case.id}", call.source, call.arrays, call.traceable_spans, last)
