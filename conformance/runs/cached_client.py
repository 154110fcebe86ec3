"""Ask a worker only what its environment has not answered before."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Self

from conformance.runs.answer_cache import AnswerCache
from conformance.workers.interpreter import Interpreter
from conformance.workers.outcomes import Outcome
from conformance.workers.worker_client import OtherRuntime, Task, WorkerClient


class CachedClient(WorkerClient):
    """A worker client that takes the outcomes of known calls from a cache, and keeps the others.

    If the cache knows the runtime, the worker does not start before the first other call.

    Parameters
    ----------
    cache
        The cache of the interpreter's environment; it is closed with the client.
    limits
        As of `WorkerClient`.
    """

    def __init__(self, interpreter: Interpreter, cache: AnswerCache, **limits: Any) -> None:
        super().__init__(interpreter, identity=cache.identity, **limits)
        self._cache = cache

    def __enter__(self) -> Self:
        super().__enter__()
        self._cache.identity = self.identity
        return self

    def __exit__(self, *error: Any) -> None:
        self._cache.close()
        super().__exit__(*error)

    def submit(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield every task with its outcome, as `WorkerClient.submit` does.

        If the worker reports another runtime than the cache, nothing more is taken from it.
        """
        pending: deque[tuple[Task, Outcome | None]] = deque()

        def unknown() -> Iterator[Task]:
            for task in tasks:
                outcome = self._cache.get(task)
                pending.append((task, outcome))
                if outcome is None:
                    yield task

        def known() -> Iterator[tuple[Task, Outcome]]:
            while pending and (outcome := pending[0][1]) is not None:
                yield pending.popleft()[0], outcome

        try:
            for task, outcome in super().submit(unknown()):
                yield from known()
                self._cache.add(task, outcome)
                pending.popleft()
                yield task, outcome
            yield from known()
        except OtherRuntime:
            self.forget()
            raise

    def forget(self) -> None:
        """Drop all that is kept of this runtime."""
        self._cache.forget()
