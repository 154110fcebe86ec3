"""Define the limits of workers, without imports that would slow a command down."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.workers.interpreter import STARTUP as STARTUP
from conformance.workers.worker_client import GROWTH
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
    together
        Whether it receives many questions at once, if the framework supports that.
    """

    timeout: float = TIMEOUT
    startup: float = field(default=STARTUP, repr=False)
    memory: int | None = MEMORY
    growth: int = GROWTH
    together: bool = True
