"""Convert what a worker has sent, or how it has ended, into the outcome of a question."""

import re
from collections.abc import Callable
from typing import TypeAlias

from conformance.workers.batching import Task
from conformance.workers.channel import Message, Termination
from conformance.workers.interpreter import WorkerError
from conformance.workers.outcomes import Answer, Crash, Hang, Refusal, SingleOutcome
from conformance.workers.protocol import (
    AnswerReply,
    CrashReply,
    MemoryReply,
    MistakeReply,
    RefusalReply,
)

Reply: TypeAlias = Message | Termination | None
"""A frame of a worker, or its end; None if it was silent for too long."""

_OUT_OF_MEMORY = re.compile(
    r"MemoryError|bad_alloc|out of memory|can(?:no|')t allocate memory|unable to allocate"
    r"|RESOURCE_EXHAUSTED",
    re.IGNORECASE,
)
_OTHERWISE = "sent a frame that is no answer: it is of another kind"


class BadSource(WorkerError):
    """The source of a question has a mistake of its own, so the framework was not asked."""


def outcome_of(
    task: Task, reply: Reply, *, timeout: float, memory: int | None, retire: Callable[[], str]
) -> SingleOutcome:
    """Convert a reply to an outcome, and end the worker after a crash or a hang.

    ``memory`` is the limit of its memory in bytes, if there is one. ``retire`` ends the worker, and
    returns the end of its standard error. Raises ``BadSource`` for a source with a mistake of its
    own.
    """

    def crash(reason: str) -> Crash:
        stderr = retire()
        out_of_memory = mentions_limit(stderr)
        if out_of_memory:
            reason = f"ran out of memory: limit {memory} bytes ({reason})"
        return Crash(reason, stderr, out_of_memory=out_of_memory)

    def mentions_limit(text: str) -> bool:
        return memory is not None and _OUT_OF_MEMORY.search(text) is not None

    if reply is None:
        return Hang(timeout, retire())
    if isinstance(reply, Termination):
        return crash(reply.reason)
    match reply.reply:
        case AnswerReply():
            return Answer(reply.arrays["y"])
        case MistakeReply(type=name, message=message):
            raise BadSource(f"{task.key}: {name}: {message} in\n{task.source}")
        case RefusalReply(type=name, message=message) if not mentions_limit(message):
            return Refusal(name, message)
        case RefusalReply(type=name, message=message) | MemoryReply(type=name, message=message):
            limit = "" if memory is None else f": limit {memory} bytes"
            refusal = Refusal(name, message)
            reason = f"ran out of memory{limit} ({refusal.type}: {refusal.first_line})"
            return Crash(reason, retire(), out_of_memory=True)
        case CrashReply(reason=reason):
            return crash(reason)
        case _:
            return crash(_OTHERWISE)


def loss_reason(reply: Reply, timeout: float) -> str:
    """Return what happened to a worker that has not answered a batch."""
    if reply is None:
        return f"gave no answer within {timeout:g} s"
    return reply.reason if isinstance(reply, Termination) else _OTHERWISE
