"""Provide executors for shards: threads of this process, or a Dask cluster."""

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
from conformance.runs import shards, worker_pool
from conformance.runs.shards import Shard
from conformance.runs.worker_limits import WorkerLimits
from conformance.runs.worker_pool import WorkerPool
from conformance.utils.printable import PrintableError
from conformance.workers.worker_client import RuntimeInfo

_COUNT_INTERVAL = 2.0  # seconds between two counts of the workers of a cluster
_PACKAGE = "__import__('importlib').import_module('conformance.runs.shards').package()"


class NoExecutor(PrintableError):
    """There is nowhere to carry out shards, in a sentence."""


@dataclass(frozen=True, eq=False)
class Place:
    """An executor of shards.

    Attributes
    ----------
    capacity
        Returns how many shards it carries out at once.
    pool
        The workers of a thread of this process; None for the workers of a cluster, which send
        their observations when the shard is done.
    """

    executor: Executor
    capacity: Callable[[], int] = lambda: 1
    pool: WorkerPool | None = None

    @property
    def room(self) -> int:
        """How many shards it may have: those that it carries out, and as many in its queue."""
        return 2 * max(1, self.capacity())

    def identify(self, environment: Environment, limits: WorkerLimits) -> Future[RuntimeInfo]:
        """Submit the question which runtime an environment has there."""
        function = worker_pool.identify if self.pool is None else self.pool.identify
        return self.executor.submit(function, environment, limits, shards.package())

    def execute(
        self, shard: Shard, report: Callable[[Observation], None]
    ) -> Future[tuple[Observation, ...]] | Future[None]:
        """Submit a shard, and return the observations that are not reported.

        ``report`` receives observations while the shard is carried out, from any thread; the result
        is None if it receives all.
        """
        if self.pool is None:
            return self.executor.submit(worker_pool.execute, shard)
        return self.executor.submit(self.pool.report, shard, report)


@contextmanager
def threads(jobs: int) -> Iterator[list[Place]]:
    """Provide so many places in this process, each with its own thread and its own worker."""
    pool = WorkerPool()
    executors = [ThreadPoolExecutor(1) for _ in range(jobs)]
    try:
        yield [Place(executor, pool=pool) for executor in executors]
    except BaseException:
        pool.stop()  # or else an interrupt would wait for every hang
        raise
    finally:
        for executor in executors:
            executor.shutdown(cancel_futures=True)
        pool.shut_down()


@contextmanager
def dask(address: str) -> Iterator[list[Place]]:
    """Provide the workers of the Dask scheduler at an address as one place.

    Raise `NoExecutor` if Dask is not installed, or if there is no scheduler with the same code.
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
    count, count_time = 0, -_COUNT_INTERVAL

    def capacity() -> int:
        nonlocal count, count_time
        if monotonic() - count_time >= _COUNT_INTERVAL:  # as workers come and go
            try:
                count, count_time = sum(client.nthreads().values()), monotonic()
            except OSError as error:
                raise NoExecutor(f"the Dask scheduler at {address} is gone: {error}") from None
        return count

    with client:
        _require_same_code(client, address)
        executor = client.get_executor(pure=False)  # the same call may be submitted again
        try:
            yield [Place(executor, capacity)]
        finally:
            executor.shutdown(wait=False)
            with suppress(Exception):  # they end with the cluster, if not now
                client.run(worker_pool.shut_down)


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
