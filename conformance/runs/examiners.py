"""Carry out shards in this process, with a worker that each thread keeps for its next shard.

Examiners make or find the environment of a shard. Their observations are the same on every machine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from conformance.adapters.base import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in, runtime_of
from conformance.observations import Observation
from conformance.runs import calls, shards
from conformance.runs.shards import Shard
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils.printable import PrintableError
from conformance.workers.worker_client import RuntimeInfo, Stopped, WorkerClient


class DifferentRuntime(PrintableError):
    """The code or the runtime is not that of the rest of the run, in a sentence."""


@dataclass(eq=False)
class _IdleClient:
    """A client that waits for the next shard of a thread."""

    settings: tuple[Environment, WorkerLimits]
    client: WorkerClient
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False

    def end(self) -> None:
        self.ended = True
        self.client.__exit__(None, None, None)


class Examiners:
    """Carry out shards in this process; each thread keeps the worker that it used last.

    Threads do not share workers, as a worker dies with the thread that started it.
    """

    def __init__(self) -> None:
        self._thread = threading.local()
        self._clients: set[_IdleClient] = set()
        self._stopped = False

    def identify(self, environment: Environment, terms: WorkerLimits) -> RuntimeInfo:
        """Return what the worker of an environment reports of its runtime.

        Raises
        ------
        CannotBuild, CannotStart
            If there is no environment or no worker.
        Stopped
            After `stop`.
        """
        with self._client(environment, terms) as client:
            return client.identity

    def observe(self, shard: Shard) -> Iterator[Observation]:
        """Carry out a shard.

        Parameters
        ----------
        shard
            The shard.

        Yields
        ------
        Observation
            As soon as there is one. The thread that starts the iterator must also exhaust it.

        Raises
        ------
        DifferentRuntime
            If the code or the runtime is not that of the run.
        BadSource
            If a call is not valid source.
        CannotBuild, CannotStart, Stopped
            As of `identify`.
        """
        _require_same_code(shard.package)
        with self._client(shard.environment, shard.terms) as client:
            framework = FRAMEWORKS[shard.environment.framework]
            _require_same_runtime(framework, shard.identity, client.identity)
            yield from calls.run_invocations(client, shard.invocations())

    def stop(self) -> None:
        """Stop all workers for good, from any thread."""
        self._stopped = True
        for idle_client in tuple(self._clients):
            idle_client.client.stop()

    def retire(self) -> None:
        """End the idle workers, from any thread."""
        for idle_client in tuple(self._clients):
            if idle_client.lock.acquire(blocking=False):
                self._end(idle_client)
                idle_client.lock.release()

    @contextmanager
    def _client(self, environment: Environment, terms: WorkerLimits) -> Iterator[WorkerClient]:
        idle_client = self._acquire(environment, terms)
        try:
            yield idle_client.client
        except BaseException:
            self._end(idle_client)  # what failed here may fail again for no other reason
            raise
        finally:
            idle_client.lock.release()

    def _acquire(self, environment: Environment, terms: WorkerLimits) -> _IdleClient:
        """Return the client of this thread, locked; start another one if the settings differ."""
        idle_client: _IdleClient | None = getattr(self._thread, "client", None)
        if idle_client is not None:
            idle_client.lock.acquire()
            if not idle_client.ended and idle_client.settings == (environment, terms):
                return idle_client
            self._end(idle_client)
            idle_client.lock.release()
        interpreter = interpreter_in(environment, together=terms.together)
        client = WorkerClient(
            interpreter,
            timeout=terms.timeout,
            startup=terms.startup,
            memory=terms.memory,
            growth=terms.growth,
        )
        idle_client = self._thread.client = _IdleClient((environment, terms), client)
        idle_client.lock.acquire()
        self._clients.add(idle_client)
        try:
            if self._stopped:
                raise Stopped
            client.__enter__()
        except BaseException:
            self._end(idle_client)
            idle_client.lock.release()
            raise
        return idle_client

    def _end(self, idle_client: _IdleClient) -> None:
        self._clients.discard(idle_client)
        idle_client.end()


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


_EXAMINERS = Examiners()
"""Of this process, for executors that call the functions below on a cluster."""


def identify(environment: Environment, terms: WorkerLimits, package: str) -> RuntimeInfo:
    """Return what the worker of an environment reports, as of `Examiners.identify`.

    Parameters
    ----------
    environment, terms
        The environment, and the limits of its worker.
    package
        The caller's `shards.package`.

    Returns
    -------
    RuntimeInfo
        The runtime.

    Raises
    ------
    DifferentRuntime
        If the code here is not the caller's.
    """
    _require_same_code(package)
    return _EXAMINERS.identify(environment, terms)


def carry_out(shard: Shard) -> tuple[Observation, ...]:
    """Return the observations of a shard, as of `Examiners.observe`."""
    return tuple(_EXAMINERS.observe(shard))


def retire() -> None:
    """End the idle workers of this process."""
    _EXAMINERS.retire()
