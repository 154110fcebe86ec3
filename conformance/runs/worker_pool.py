"""Carry out shards in this process, with a worker that each thread keeps for its next shard.

A pool makes or finds the environment of a shard. Its observations are the same on every machine.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from conformance.adapters.framework import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import runtime_of
from conformance.observations import Observation
from conformance.runs import calls, shards
from conformance.runs.cached_client import CachedClient
from conformance.runs.shards import Shard
from conformance.runs.worker_limits import WorkerLimits, cached_client_in
from conformance.utils.printable import PrintableError
from conformance.workers.worker_client import RuntimeInfo, Stopped


class DifferentRuntime(PrintableError):
    """The code or the runtime is not that of the rest of the run, in a sentence."""


@dataclass(eq=False)
class _Slot:
    """The client of a thread, and what it was made for; users hold the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    settings: tuple[Environment, WorkerLimits] | None = None
    client: CachedClient | None = None

    def clear(self) -> None:
        """End the client, if there is one."""
        client, self.client, self.settings = self.client, None, None
        if client is not None:
            client.__exit__(None, None, None)


class WorkerPool:
    """Carry out shards in this process; each thread keeps the worker that it used last.

    Threads do not share workers, as a worker dies with the thread that started it.
    """

    def __init__(self) -> None:
        self._thread = threading.local()
        self._slots: list[_Slot] = []
        self._stopped = False

    def identify(self, environment: Environment, limits: WorkerLimits, package: str) -> RuntimeInfo:
        """Return what the worker of an environment reports of its runtime.

        Raise `DifferentRuntime` if the code here is not the package of the caller, `CannotBuild`
        or `CannotStart` if there is no environment or no worker, and `Stopped` after `stop`.
        """
        _require_same_code(package)
        with self._client(environment, limits) as client:
            return client.identity

    def observe(self, shard: Shard) -> Iterator[Observation]:
        """Carry out a shard, and yield each observation as soon as there is one.

        The thread that starts the iterator must also exhaust it. Raise `DifferentRuntime` if the
        code or the runtime is not that of the run, `BadSource` if a call is not valid source, and
        errors as of `identify`.
        """
        _require_same_code(shard.package)
        with self._client(shard.environment, shard.limits) as client:
            framework = FRAMEWORKS[shard.environment.framework]
            _require_same_runtime(framework, shard.identity, client.identity)
            yield from calls.observe(client, shard.invocations())

    def report(self, shard: Shard, report: Callable[[Observation], None]) -> None:
        """Carry out a shard as `observe` does, and report each observation as it comes."""
        for observation in self.observe(shard):
            report(observation)

    def stop(self) -> None:
        """Stop all workers for good, from any thread."""
        self._stopped = True
        for slot in tuple(self._slots):
            if (client := slot.client) is not None:
                client.stop()

    def shut_down(self) -> None:
        """End the idle workers, from any thread."""
        for slot in tuple(self._slots):
            if slot.lock.acquire(blocking=False):
                slot.clear()
                slot.lock.release()

    @contextmanager
    def _client(self, environment: Environment, limits: WorkerLimits) -> Iterator[CachedClient]:
        """Provide the client of this thread; start another one if the settings differ."""
        if not hasattr(self._thread, "slot"):
            self._thread.slot = _Slot()
            self._slots.append(self._thread.slot)
        slot: _Slot = self._thread.slot
        with slot.lock:
            if slot.settings != (environment, limits):
                slot.clear()
            try:
                if slot.client is None:
                    slot.client = cached_client_in(environment, limits)
                    slot.settings = environment, limits
                    if self._stopped:
                        raise Stopped
                    slot.client.__enter__()
                yield slot.client
            except BaseException:
                slot.clear()  # what failed here may fail again for no other reason
                raise


def _require_same_code(expected: str) -> None:
    actual = shards.package()
    if expected != actual:
        raise DifferentRuntime(
            f"conformance is {actual} where shards are carried out, and {expected} here"
        )


def _require_same_runtime(framework: Framework, expected: RuntimeInfo, actual: RuntimeInfo) -> None:
    """Raise `DifferentRuntime` unless all that decides answers is equal; platforms may differ."""
    classes = (runtime_of(framework, identity).runtime_class for identity in (expected, actual))
    for name, value, actual_value in (
        ("the runtime class", *classes),
        ("Python", expected.python, actual.python),
        ("NumPy", expected.numpy, actual.numpy),
        *((name, fact, actual.facts.get(name)) for name, fact in expected.facts.items()),
    ):
        if value != actual_value:
            raise DifferentRuntime(
                f"{name} is {actual_value!r} in one place, and {value!r} in the rest of the run"
            )


_POOL = WorkerPool()
"""Of this process, for executors that call the functions below on a cluster."""


def identify(environment: Environment, limits: WorkerLimits, package: str) -> RuntimeInfo:
    """Return what the worker of an environment reports, as of `WorkerPool.identify`."""
    return _POOL.identify(environment, limits, package)


def execute(shard: Shard) -> tuple[Observation, ...]:
    """Return the observations of a shard, as of `WorkerPool.observe`."""
    return tuple(_POOL.observe(shard))


def shut_down() -> None:
    """End the idle workers of this process."""
    _POOL.shut_down()
