"""Executors that do what those of a cluster do on a bad day, in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from queue import Empty, LifoQueue
from typing import Any

from conformance.runs.shards import Shard

Call = Callable[[], None]


class Machine(RuntimeError):
    """What is said when a machine is gone."""


def done(function: Callable[..., Any], words: tuple[Any, ...]) -> Future[Any]:
    """A future that has come to its end."""
    future: Future[Any] = Future()
    _come_true(future, function, words)
    return future


def _come_true(future: Future[Any], function: Callable[..., Any], words: tuple[Any, ...]) -> None:
    try:
        future.set_result(function(*words))
    except Exception as error:
        future.set_exception(error)


class Immediate(Executor):
    """Does at once what it is handed; ``calls`` are the shards that it was."""

    def __init__(self) -> None:
        self.calls: list[Shard] = []

    def submit(self, function: Callable[..., Any], /, *words: Any, **_: Any) -> Future[Any]:
        if isinstance(words[0], Shard):
            self.calls.append(words[0])
        return done(self._lose if self.loses(words[0]) else function, words)

    def loses(self, _word: object) -> bool:
        return False

    def _lose(self, *_: object) -> None:
        raise Machine("nobody knows why")


class Losing(Immediate):
    """Loses every shard with this case in it, so many times."""

    def __init__(self, case: str, times: int) -> None:
        super().__init__()
        self.case = case
        self.left = times

    def loses(self, word: object) -> bool:
        lost = (
            isinstance(word, Shard)
            and self.left > 0
            and any(prepared_case.case.id == self.case for prepared_case in word.prepared_cases)
        )
        self.left -= lost
        return lost


class Forgetful(Immediate):
    """Cannot say who answers, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def loses(self, word: object) -> bool:
        lost = not isinstance(word, Shard) and self.left > 0
        self.left -= lost
        return lost


class Dying(Immediate):
    """Takes so many shards, and breaks for good."""

    def __init__(self, shards: int) -> None:
        super().__init__()
        self.left = shards

    def submit(self, function: Callable[..., Any], /, *words: Any, **rest: Any) -> Future[Any]:
        self.left -= isinstance(words[0], Shard)
        if self.left < 0:
            raise BrokenExecutor("the last process is gone")
        return super().submit(function, *words, **rest)


class Unordered(Executor):
    """Has a thread that does last things first, as soon as nothing more has come for a while."""

    def __init__(self) -> None:
        self._calls: LifoQueue[Call | None] = LifoQueue()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def submit(self, function: Callable[..., Any], /, *words: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._calls.put(lambda: _come_true(future, function, words))
        return future

    def shutdown(self, *_: Any, **__: Any) -> None:
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (call := self._last()) is not None:
            call()

    def _last(self) -> Call | None:
        calls = [self._calls.get()]
        while True:
            try:
                calls.append(self._calls.get(timeout=0.1))
            except Empty:
                break
        for call in calls[:-1]:
            self._calls.put(call)
        return calls[-1]
