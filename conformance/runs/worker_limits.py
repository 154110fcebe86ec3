"""Define the limits of workers, and make the client of a worker in an environment."""

from dataclasses import dataclass, field
from typing import Any

from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in
from conformance.runs.answer_cache import cache_of
from conformance.runs.cached_client import CachedClient
from conformance.workers.interpreter import STARTUP as STARTUP
from conformance.workers.worker_client import GROWTH, WorkerClient
from conformance.workers.worker_client import MEMORY as MEMORY

TIMEOUT = 60.0
"""Seconds for one question."""


@dataclass(frozen=True, kw_only=True)
class WorkerLimits:
    """The limits of a worker, and how it receives questions.

    Attributes
    ----------
    timeout
        Seconds for one question, which an environment multiplies by its ``timeout_multiplier``.
    startup
        Seconds for an interpreter and its framework. No answer depends on them, so they are not in
        the representation, and a stopped run can be resumed with others.
    memory
        Bytes that a worker may use beyond those that it starts with.
    growth
        Bytes that it may keep from one question to the next.
    batched
        Whether it receives many questions at once, if the framework supports that.
    cached
        Whether a call that has been answered is not asked again; if not, the new answer replaces
        the kept one.
    """

    timeout: float = TIMEOUT
    startup: float = field(default=STARTUP, repr=False)
    memory: int | None = MEMORY
    growth: int = GROWTH
    batched: bool = True
    cached: bool = field(default=True, repr=False)


def client_in(environment: Environment, limits: WorkerLimits) -> WorkerClient:
    """Make the client of a worker in an environment, which is made first if needed.

    The worker starts when the client is entered. Raise `CannotBuild` if the environment cannot be
    made.
    """
    interpreter = interpreter_in(environment, batched=limits.batched)
    return WorkerClient(interpreter, **_of_client(environment, limits))


def cached_client_in(environment: Environment, limits: WorkerLimits) -> CachedClient:
    """Make a client as `client_in` does, which asks only what was never asked."""
    interpreter = interpreter_in(environment, batched=limits.batched)
    cache = cache_of(environment, interpreter, str(limits), is_read=limits.cached)
    return CachedClient(interpreter, cache, **_of_client(environment, limits))


def _of_client(environment: Environment, limits: WorkerLimits) -> dict[str, Any]:
    """Return the limits that are arguments of a client."""
    return {
        "timeout": limits.timeout * environment.timeout_multiplier,
        "startup": limits.startup,
        "memory": limits.memory,
        "growth": limits.growth,
    }
