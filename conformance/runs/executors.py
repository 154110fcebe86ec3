"""Provide executors for shards: threads of this process, or a Dask cluster."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from conformance.environments.definitions import Environment
from conformance.observations import Observation
from conformance.runs import examiners, shards
from conformance.runs.examiners import Examiners as Examiners
from conformance.runs.shards import Shard, WorkerLimits
from conformance.utils.printable import PrintableError
from conformance.workers.worker_client import RuntimeInfo

Report = Callable[[Observation], None]
_COUNT_INTERVAL = 2.0  # seconds between two counts of the workers of a cluster
_PACKAGE = "__import__('importlib').import_module('conformance.runs.shards').package()"


class NoExecutor(PrintableError):
    """There is nowhere to carry out shards, in a sentence."""


@dataclass(frozen=True, eq=False)
class Place:
    """An executor of shards.

    Attributes
    ----------
    executor
        Calls functions.
    capacity
        Returns how many shards it carries out at once.
    examiners
        Of this process, if the executor is a thread: observations are reported one by one, not with
        the result.
    """

    executor: Executor
    capacity: Callable[[], int] = lambda: 1
    examiners: Examiners | None = None

    @property
    def room(self) -> int:
        """How many shards it may have: those that it carries out, and as many in its queue."""
        return 2 * max(1, self.capacity())

    def identify(self, environment: Environment, terms: WorkerLimits) -> Future[RuntimeInfo]:
        """Submit the question which runtime an environment has there."""
        if self.examiners is None:
            return self.executor.submit(examiners.identify, environment, terms, shards.package())
        return self.executor.submit(self.examiners.identify, environment, terms)

    def carry_out(self, shard: Shard, report: Report) -> Future[tuple[Observation, ...]]:
        """Submit a shard.

        Parameters
        ----------
        shard
            The shard.
        report
            Receives observations while the shard is carried out, from any thread.

        Returns
        -------
        Future
            The observations that were not reported.
        """
        if self.examiners is None:
            return self.executor.submit(examiners.carry_out, shard)
        return self.executor.submit(_report_all, self.examiners, shard, report)


def _report_all(
    local_examiners: Examiners, shard: Shard, report: Report
) -> tuple[Observation, ...]:
    for observation in local_examiners.observe(shard):
        report(observation)
    return ()


@contextmanager
def threads(jobs: int) -> Iterator[list[Place]]:
    """Provide places in this process.

    Parameters
    ----------
    jobs
        The number of places.

    Yields
    ------
    list of Place
        Each with its own thread and its own worker.
    """
    local_examiners = Examiners()
    pools = [ThreadPoolExecutor(1) for _ in range(jobs)]
    try:
        yield [Place(pool, examiners=local_examiners) for pool in pools]
    except BaseException:
        local_examiners.stop()  # or else an interrupt would wait for every hang
        raise
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        local_examiners.retire()


@contextmanager
def dask(address: str) -> Iterator[list[Place]]:
    """Provide the workers of a Dask scheduler as one place.

    Parameters
    ----------
    address
        Of the scheduler.

    Yields
    ------
    list of Place
        One place.

    Raises
    ------
    NoExecutor
        If Dask is not installed, or if there is no scheduler with the same code at the address.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise NoExecutor(
            "Dask is not installed; `python -m pip install distributed` installs it"
        ) from None
    try:
        # A client that fails to connect would delay the end of the process.
        asyncio.run(_try_connection(distributed, address))
        client = distributed.Client(address, set_as_default=False)
    except Exception as error:  # whatever is raised for an address of any scheme
        raise NoExecutor(f"there is no Dask scheduler at {address!r}: {error}") from None

    def count_threads() -> int:
        try:
            return sum(client.nthreads().values())
        except OSError as error:
            raise NoExecutor(f"the Dask scheduler at {address} is gone: {error}") from None

    with client:
        _require_same_code(client, address)
        capacity = _cached_count(count_threads)
        executor = client.get_executor(pure=False)  # the same call may be submitted again
        try:
            yield [Place(executor, capacity)]
        finally:
            executor.shutdown(wait=False)
            with suppress(Exception):  # they end with the cluster, if not now
                client.run(examiners.retire)


async def _try_connection(distributed: Any, address: str) -> None:
    arguments = distributed.Security().get_connection_args("client")
    connection = await distributed.comm.connect(address, **arguments)
    await connection.close()


def _require_same_code(client: Any, address: str) -> None:
    """Raise `NoExecutor` unless the scheduler can unpickle shards with the same code."""
    try:
        package = client.run_on_scheduler(eval, _PACKAGE)
    except ImportError as error:
        raise NoExecutor(
            f"the Dask scheduler at {address} and its workers need this package too: {error}"
        ) from None
    if package != shards.package():
        raise NoExecutor(f"conformance is {package} at {address}, and {shards.package()} here")


def _cached_count(count: Callable[[], int]) -> Callable[[], int]:
    """Return a function that counts again only after `_COUNT_INTERVAL`, as workers come and go."""
    result, time = 0, -_COUNT_INTERVAL

    def cached() -> int:
        nonlocal result, time
        if monotonic() - time >= _COUNT_INTERVAL:
            result, time = count(), monotonic()
        return result

    return cached
