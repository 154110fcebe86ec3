"""Who gets what next: works of a few words, and places that do them at once and write it down."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from conformance.environments.definitions import Environment
from conformance.runs.executors import NoExecutor
from conformance.runs.run_files import RunError
from conformance.runs.scheduler import TRIES, Scheduler
from conformance.runs.worker_limits import WorkerLimits
from conformance.workers.protocol import Machine
from conformance.workers.worker_client import BadSource, CannotStart, RuntimeInfo

WHO = RuntimeInfo("3.11.0", "Linux", "2.0", {"version": "1.0", "backend": None}, Machine(), {})


@dataclass(eq=False)
class Words:
    """A work whose shards are words, and what became of it; each word takes a second."""

    name: str
    words: list[Any]
    start: float = 1.0
    refuses: Exception | None = None
    opened: bool = False
    ended: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = Environment(framework=self.name)
        self.limits = WorkerLimits()

    @property
    def remaining(self) -> float:
        return float(len(self.words))

    @property
    def exhausted(self) -> bool:
        return self.opened and not self.words

    def open(self, _identity: RuntimeInfo, _seconds: float) -> None:
        if self.refuses:
            raise self.refuses
        self.opened = True

    def take(self) -> Any:
        return self.words.pop(0)

    def add(self, observation: Any) -> None:
        raise AssertionError(f"nobody observed {observation}")

    def spend(self, _seconds: float, _shard: Any) -> None:
        pass

    def close(self) -> None:
        self.ended.append("closed")

    def fail(self, error: Exception) -> None:
        self.ended.append(str(error))


@dataclass(eq=False)
class Notebook:
    """A place that observes nothing and writes down what it was asked to do."""

    name: str
    notes: list[tuple[str, str]]
    many: int = 1
    fails: Callable[[Any], Exception | None] = lambda _: None

    @property
    def room(self) -> int:
        return 2 * self.many

    def capacity(self) -> int:
        return self.many

    def identify(self, environment: Environment, _limits: WorkerLimits) -> Future[Any]:
        return self._done(f"who is {environment.framework}", WHO)

    def execute(self, shard: Any, _tell: object) -> Future[Any]:
        return self._done(shard, ())

    def _done(self, words: str, result: object) -> Future[Any]:
        self.notes.append((self.name, words))
        future: Future[Any] = Future()
        error = self.fails(words)
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
        return future


def shared(works: list[Words], count: int, **rest: Any) -> list[str]:
    """What each place did, in words."""
    notes: list[tuple[str, str]] = []
    Scheduler(works, [Notebook(str(number), notes, **rest) for number in range(count)]).run()
    return [
        " ".join([words for name, words in notes if name == str(number)]) for number in range(count)
    ]


def raising(error: Exception, at: str) -> Callable[[Any], Exception | None]:
    return lambda words: error if words == at else None


def test_one_place_does_all_one_after_the_other() -> None:
    works = [Words("a", ["a1", "a2"]), Words("b", ["b1"])]
    assert shared(works, 1) == ["who is a a1 a2 who is b b1"]


def test_places_begin_with_the_first_works() -> None:
    first, second = shared([Words("a", ["a1"]), Words("b", ["b1"]), Words("c", ["c1"])], 2)
    assert first.startswith("who is a")
    assert second.startswith("who is b")


def test_a_place_stays_with_its_work() -> None:
    works = [Words("a", ["a1", "a2", "a3"]), Words("b", ["b1", "b2", "b3"])]
    assert shared(works, 2) == ["who is a a1 a2 a3", "who is b b1 b2 b3"]


def test_nothing_of_a_work_is_done_before_it_is_known_who_answers() -> None:
    notes: list[tuple[str, str]] = []
    Scheduler([Words("a", ["a1"] * 9)], [Notebook("0", notes), Notebook("1", notes)]).run()
    assert notes[0] == ("0", "who is a")


def test_an_idle_place_helps_with_the_work_that_has_most_to_do() -> None:
    works = [Words("long", ["l"] * 50), Words("longer", ["m"] * 90), Words("short", ["s"])]
    third = shared(works, 3)[2]
    assert third.startswith("who is short s m")


def test_an_idle_place_helps_nobody_whose_work_is_done_sooner() -> None:
    works = [Words("a", ["a"] * 9, start=10.0), Words("b", ["b"])]
    assert shared(works, 2) == ["who is a" + " a" * 9, "who is b b"]


def test_a_place_with_many_hands_begins_as_many_works_at_once() -> None:
    works = [Words("a", ["a1"]), Words("b", ["b1"]), Words("c", ["c1"])]
    (told,) = shared(works, 1, many=2)
    assert told.startswith("who is a who is b a1")


def test_every_work_is_closed_once() -> None:
    works = [Words("a", ["a1", "a2"]), Words("b", [])]
    shared(works, 2)
    assert [work.ended for work in works] == [["closed"], ["closed"]]


def test_a_work_that_cannot_start_ends_no_other() -> None:
    works = [Words("a", ["a1"]), Words("b", ["b1"])]
    fails = raising(CannotStart("no such framework"), "who is a")
    assert shared(works, 1, fails=fails) == ["who is a who is b b1"]
    assert [work.ended for work in works] == [["no such framework"], ["closed"]]


@pytest.mark.parametrize("error", [RunError("another run"), OSError("no such folder")])
def test_a_work_that_cannot_be_opened_ends_no_other(error: Exception) -> None:
    works = [Words("a", ["a1"], refuses=error), Words("b", ["b1"])]
    assert shared(works, 1) == ["who is a who is b b1"]
    assert [work.ended for work in works] == [[str(error)], ["closed"]]


def test_it_is_asked_again_who_answers_when_that_is_lost() -> None:
    work = Words("a", ["a1"])
    fails = raising(RuntimeError("the machine is gone"), "who is a")
    assert shared([work], 1, fails=fails) == [" ".join(["who is a"] * TRIES)]
    assert work.ended == ["the machine is gone"]


@pytest.mark.parametrize("error", [BrokenExecutor("gone"), CancelledError()])
def test_a_place_that_is_gone_for_good_ends_everything(error: Exception) -> None:
    with pytest.raises(NoExecutor, match=f"can no longer be carried out: {type(error).__name__}"):
        shared([Words("a", ["a1"])], 1, fails=raising(error, "a1"))


def test_a_worker_that_reports_a_mistake_of_ours_ends_its_work_and_no_other() -> None:
    works = [Words("a", ["a1", "a2"]), Words("b", ["b1"])]
    shared(works, 1, fails=raising(BadSource("a1: SyntaxError"), "a1"))
    assert [work.ended for work in works] == [["a1: SyntaxError"], ["closed"]]
