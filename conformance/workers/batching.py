"""Tasks on their way to a worker, some of them together: what is sent next, and what once more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from conformance.workers.outcomes import Crash, Flaky, Hang, Outcome

HEAVY = 2**24
"""Bytes of its arrays beyond which a bundle takes no further task."""


@dataclass(frozen=True, eq=False)
class Task:
    """One question: a key for whoever asks, source that sets ``y``, and the arrays it names.

    traceable_spans  the lines (first, last + 1) of the source that turn the tensors of these names
                     into
               the tensor ``y``, and nothing else; a task that has none is asked alone
    last       nothing else is asked of its worker, whose memory it may have broken
    """

    key: str
    source: str
    arrays: Mapping[str, NDArray[Any]]
    traceable_spans: tuple[tuple[int, int, tuple[str, ...]], ...] = ()
    last: bool = False


@dataclass(eq=False)
class Submission:
    """A task that was pulled, and what came of it once that is known.

    lost  the bundle that it was in when its worker died, or did not answer, with no one to blame
    """

    task: Task
    outcome: Outcome | None = None
    lost: Lost | None = None


@dataclass(frozen=True, eq=False)
class Lost:
    """A bundle that nothing came of, so that each of its tasks is asked alone.

    reason  what became of the worker
    """

    reason: str
    batch: Batch

    @property
    def is_over(self) -> bool:
        """Whether all of its tasks have come to something."""
        return all(one.outcome is not None for one in self.batch)

    @property
    def words(self) -> str | None:
        """Why its tasks were asked again; None where one of them was at fault, which tells all."""
        if any(isinstance(one.outcome, Crash | Hang | Flaky) for one in self.batch):
            return None
        reason = f"was {self.reason}" if self.reason.startswith("killed") else self.reason
        return f"asked again alone: among {len(self.batch)} questions the worker {reason}"


Batch: TypeAlias = tuple[Submission, ...]


class Batches:
    """A queue of bundles, of at most ``most`` tasks each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ready: deque[Batch] = deque()
        self._gathered: list[Submission] = []
        self._weight = 0

    def add(self, one: Submission) -> None:
        """One more, which goes alone or waits for company."""
        if self._most == 1 or not one.task.traceable_spans:
            self._ready.append((one,))
            return
        self._gathered.append(one)
        self._weight += sum(array.nbytes for array in one.task.arrays.values())
        if len(self._gathered) == self._most or self._weight > HEAVY:
            self._close()

    def take(self, *, hurry: bool) -> Batch | None:
        """The next bundle; one that waits for more tasks only in a hurry."""
        if not self._ready and hurry and self._gathered:
            self._close()
        return self._ready.popleft() if self._ready else None

    def put_back(self, batches: Iterable[Batch]) -> None:
        """To be taken before all others, in this order."""
        self._ready.extendleft(reversed(tuple(batches)))

    def _close(self) -> None:
        self._ready.append(tuple(self._gathered))
        self._gathered.clear()
        self._weight = 0
