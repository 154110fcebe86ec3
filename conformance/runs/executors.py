"""Executors: where shards are carried out, in threads of this process or on a cluster."""

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
from conformance.runs import shards
from conformance.runs.shards import Examiners, Shard, WorkerLimits
from conformance.utils.printable import PrintableError
from conformance.workers.worker_client import RuntimeInfo

Tell = Callable[[Observation], None]
_CENSUS = 2.0  # seconds between looks at how many workers a cluster has
_ASKED = "__import__('importlib').import_module('conformance.runs.shards').package()"


class NoExecutor(PrintableError):
    """There is nowhere to carry out shards, in a sentence."""


@dataclass(frozen=True, eq=False)
class Place:
    """Somewhere that shards are carried out.

    executor   whatever it is that can be handed a function and a value
    hands      how many shards it carries out at once
    examiners  of this process, where that is its place: what is observed is told as it comes, and
               not in the end
    """

    executor: Executor
    hands: Callable[[], int] = lambda: 1
    examiners: Examiners | None = None

    @property
    def room(self) -> int:
        """How many shards it may have: one to carry out and one to go on with for each hand."""
        return 2 * max(1, self.hands())

    def identify(self, environment: Environment, terms: WorkerLimits) -> Future[RuntimeInfo]:
        """Who answers there."""
        if self.examiners is None:
            return self.executor.submit(shards.identify, environment, terms, shards.package())
        return self.executor.submit(self.examiners.identify, environment, terms)

    def carry_out(self, shard: Shard, tell: Tell) -> Future[tuple[Observation, ...]]:
        """What comes of a shard, less what was told before."""
        if self.examiners is None:
            return self.executor.submit(shards.carry_out, shard)
        return self.executor.submit(_telling, self.examiners, shard, tell)


def _telling(examiners: Examiners, shard: Shard, tell: Tell) -> tuple[Observation, ...]:
    for observation in examiners.observe(shard):
        tell(observation)
    return ()


@contextmanager
def threads(jobs: int) -> Iterator[list[Place]]:
    """As many places in this process, each with a thread and a worker of its own."""
    examiners = Examiners()
    pools = [ThreadPoolExecutor(1) for _ in range(jobs)]
    try:
        yield [Place(pool, examiners=examiners) for pool in pools]
    except BaseException:
        examiners.stop()  # or else an interrupt would wait for every hang
        raise
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        examiners.retire()


@contextmanager
def dask(address: str) -> Iterator[list[Place]]:
    """The workers of a Dask scheduler as one place. Raises `NoExecutor`."""
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise NoExecutor(
            "Dask is not installed; `python -m pip install distributed` installs it"
        ) from None
    try:
        # By itself, as a client that fails over an address is waited for at the end of the process.
        asyncio.run(_reach(distributed, address))
        client = distributed.Client(address, set_as_default=False)
    except Exception as error:  # whatever is raised for an address of any scheme
        raise NoExecutor(f"there is no Dask scheduler at {address!r}: {error}") from None

    def threads_there() -> int:
        try:
            return sum(client.nthreads().values())
        except OSError as error:
            raise NoExecutor(f"the Dask scheduler at {address} is gone: {error}") from None

    with client:
        _refuse_other_code(client, address)
        hands = _census(threads_there)
        executor = client.get_executor(pure=False)  # what was asked once may be asked again
        try:
            yield [Place(executor, hands)]
        finally:
            executor.shutdown(wait=False)
            with suppress(Exception):  # they end with the cluster, if not now
                client.run(shards.retire)


async def _reach(distributed: Any, address: str) -> None:
    """Opens a connection, and closes it."""
    arguments = distributed.Security().get_connection_args("client")
    connection = await distributed.comm.connect(address, **arguments)
    await connection.close()


def _refuse_other_code(client: Any, address: str) -> None:
    """A scheduler unpacks what it passes on, and says nothing helpful when it cannot."""
    try:
        found = client.run_on_scheduler(eval, _ASKED)
    except ImportError as error:
        raise NoExecutor(
            f"the Dask scheduler at {address} and its workers need this package too: {error}"
        ) from None
    if found != shards.package():
        raise NoExecutor(f"conformance is {found} at {address}, and {shards.package()} here")


def _census(count: Callable[[], int]) -> Callable[[], int]:
    """A count that is taken now and then, as workers come and go."""
    last, when = 0, -_CENSUS

    def counted() -> int:
        nonlocal last, when
        if monotonic() - when >= _CENSUS:
            last, when = count(), monotonic()
        return last

    return counted
