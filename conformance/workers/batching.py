"""Queues the tasks of a worker in batches, and remembers those that were lost with a worker."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import msgspec
from numpy.typing import NDArray

from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal

HEAVY = 2**24
"""Bytes of its arrays beyond which a batch takes no further task."""


@dataclass(frozen=True, eq=False)
class Task:
    """One question to a worker.

    Parameters
    ----------
    key
        A name of the caller's.
    source
        Python source that sets ``y``.
    arrays
        The arrays that the source names.
    traceable_spans
        Spans of lines that compute the tensor ``y`` from tensors and do nothing else: the first
        line, the one after the last, the names of the tensors, and the line of a ``with`` statement
        around them or None. A task without spans is asked alone.
    last
        Whether its worker is asked nothing else, as the task may corrupt its memory.
    """

    key: str
    source: str
    arrays: Mapping[str, NDArray[Any]]
    traceable_spans: tuple[tuple[int, int, tuple[str, ...], int | None], ...] = ()
    last: bool = False

    @cached_property
    def digest(self) -> str:
        """A digest of all that decides the outcome in a worker."""
        shapes = [(name, a.dtype.str, a.shape) for name, a in self.arrays.items()]
        digest = hashlib.sha256(repr((self.source, self.traceable_spans, shapes)).encode())
        for array in self.arrays.values():
            digest.update(array.tobytes())
        return digest.hexdigest()[:32]


@dataclass(eq=False)
class Submission:
    """A task that a client has taken.

    Parameters
    ----------
    lost
        The batch that it was in when its worker died or did not answer, unless the system killed
        the worker.
    """

    task: Task
    outcome: Outcome | None = None
    lost: LostBatch | None = None

    @property
    def final_outcome(self) -> Outcome | None:
        """The outcome, with the reason for a retry where no other outcome shows it.

        It is None while it is not known. The tasks of a lost batch are asked one after the other,
        and only the outcomes of all of them show whether one of them was at fault.
        """
        if self.lost is None or self.outcome is None:
            return self.outcome
        if not self.lost.is_over:
            return None
        if self.lost.words is None or not isinstance(self.outcome, Answer | Refusal):
            return self.outcome
        return msgspec.structs.replace(self.outcome, retry=self.lost.words)


@dataclass(frozen=True, eq=False)
class LostBatch:
    """A batch without an answer, each task of which is asked alone.

    ``reason`` says what happened to the worker.
    """

    reason: str
    batch: Batch

    @property
    def is_over(self) -> bool:
        """Whether all of its tasks have an outcome."""
        return all(submission.outcome is not None for submission in self.batch)

    @property
    def words(self) -> str | None:
        """The reason for asking again; None where the outcome of one of the tasks shows it."""
        if any(isinstance(submission.outcome, Crash | Hang | Flaky) for submission in self.batch):
            return None
        reason = f"was {self.reason}" if self.reason.startswith("killed") else self.reason
        return f"asked again alone: among {len(self.batch)} questions the worker {reason}"


Batch: TypeAlias = tuple[Submission, ...]


class Batches:
    """A queue of batches.

    ``most`` says how many tasks a batch may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._ready: deque[Batch] = deque()
        self._open: list[Submission] = []
        self._weight = 0

    def add(self, submission: Submission) -> None:
        """Add a task: as a batch of its own, or to the open batch."""
        if self._most == 1 or not submission.task.traceable_spans:
            self._ready.append((submission,))
            return
        self._open.append(submission)
        self._weight += sum(array.nbytes for array in submission.task.arrays.values())
        if len(self._open) == self._most or self._weight > HEAVY:
            self._close()

    def take(self, *, hurry: bool) -> Batch | None:
        """Take the next batch; return None if there is none.

        In a hurry, the open batch is taken, too, if there is no other.
        """
        if not self._ready and hurry and self._open:
            self._close()
        return self._ready.popleft() if self._ready else None

    def put_back(self, batches: Iterable[Batch]) -> None:
        """Put batches before all others, in their order."""
        self._ready.extendleft(reversed(tuple(batches)))

    def _close(self) -> None:
        self._ready.append(tuple(self._open))
        self._open.clear()
        self._weight = 0
