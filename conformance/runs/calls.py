"""Makes planned calls in a worker, and gives what comes of each."""

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


def run_invocations(client: WorkerClient, items: Iterable[Invocation]) -> Iterator[Observation]:
    """What comes of each item, in their order, as it comes."""
    pulled: deque[Invocation] = deque()

    def tasks() -> Iterator[Task]:
        for item in items:
            pulled.append(item)
            if not isinstance(item.call, Inexpressible):
                yield _task(item, item.call)

    def mute() -> Iterator[Observation]:
        while pulled and isinstance(call := pulled[0].call, Inexpressible):
            item = pulled.popleft()
            yield from (evaluate(item, mode, call) for mode in item.modes)

    for _, outcome in client.ask(tasks()):
        yield from mute()
        item = pulled.popleft()
        for mode in item.modes:
            yield evaluate(item, mode, outcome)
    yield from mute()


def invoke(client: WorkerClient, item: Invocation) -> Outcome | Inexpressible:
    """What comes of one item, with the very array that was answered; `judged` tells its worth."""
    if isinstance(item.call, Inexpressible):
        return item.call
    ((_, outcome),) = client.ask([_task(item, item.call)])
    return outcome


def _task(item: Invocation, call: Call) -> Task:
    last = item.modes == ("native",) and limitations.corrupts_process(
        item.api, item.prepared_case.case.question, item.runtime
    )
    key = f"{item.api.id} {item.prepared_case.case.id}"
    return Task(key, call.source, call.arrays, call.traceable_spans, last)
