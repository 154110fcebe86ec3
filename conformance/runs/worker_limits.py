"""How workers are treated: a plain value, which a command has before anything heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.workers.interpreter import STARTUP as STARTUP
from conformance.workers.worker_client import GROWTH
from conformance.workers.worker_client import MEMORY as MEMORY

TIMEOUT = 60.0
"""Seconds for a question."""


@dataclass(frozen=True, kw_only=True)
class WorkerLimits:
    """The limits of workers, and how they are asked.

    timeout   seconds for a question
    startup   seconds for an interpreter and its framework, which is no part of its words: what is
              answered does not depend on it, and a run that was stopped may be gone on with so
    memory    bytes that a worker may use beyond what it starts with
    growth    bytes that it may keep between two questions
    together  whether it is asked many questions at once, where a framework has a way to do so
    """

    timeout: float = TIMEOUT
    startup: float = field(default=STARTUP, repr=False)
    memory: int | None = MEMORY
    growth: int = GROWTH
    together: bool = True
