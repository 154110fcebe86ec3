"""How workers are treated: a plain value, which a command has before anything heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.workers.controller import GROWTH

TIMEOUT = 60.0
"""Seconds for a question."""
MEMORY = 8 * 2**30
"""Bytes that a worker may use beyond what it starts with."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The limits of workers, and how they are asked.

    timeout   seconds for a question
    memory    bytes that a worker may use beyond what it starts with
    growth    bytes that it may keep between two questions
    together  whether it is asked many questions at once, where a framework has a way to do so
    """

    timeout: float = TIMEOUT
    memory: int | None = MEMORY
    growth: int = GROWTH
    together: bool = True
