"""Define the limits of workers, and make the client of a worker in an environment."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in
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
        Seconds for one question.
    startup
        Seconds for an interpreter and its framework. No answer depends on them, so they are not in
        the representation, and a stopped run can be resumed with others.
    memory
        Bytes that a worker may use beyond those that it starts with.
    growth
        Bytes that it may keep from one question to the next.
    batched
        Whether it receives many questions at once, if the framework supports that.
    """

    timeout: float = TIMEOUT
    startup: float = field(default=STARTUP, repr=False)
    memory: int | None = MEMORY
    growth: int = GROWTH
    batched: bool = True


def client_in(environment: Environment, limits: WorkerLimits) -> WorkerClient:
    """Make the client of a worker in an environment, which is made first if needed.

    The worker starts when the client is entered. Raise `CannotBuild` if the environment cannot be
    made.
    """
    return WorkerClient(
        interpreter_in(environment, batched=limits.batched),
        timeout=limits.timeout,
        startup=limits.startup,
        memory=limits.memory,
        growth=limits.growth,
    )
