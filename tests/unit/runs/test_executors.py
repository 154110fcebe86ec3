"""The same run file whatever carries its shards out, also when that loses some of them."""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import executors as fakes
from fakes import troubled
from fakes.clock import PATIENCE, wait_until
from fakes.drive import PATHS
from fakes.frameworks import api, framework, function
from fakes.prepared_cases import case, prepared_cases

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.observations import Observation
from conformance.runs import executors, run_files, scheduler, shards, worker_pool
from conformance.runs.executors import NoExecutor, Place
from conformance.runs.job import Job, Request
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.shards import MOST, Shard
from conformance.runs.worker_limits import WorkerLimits
from conformance.workers.worker_client import CannotStart

MANY = prepared_cases(50)
ENVIRONMENT = Environment(framework="plain", python=sys.executable)


@pytest.fixture(autouse=True)
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    spell = function("troubled.ask", layout="N C *s", kernel="in out *k", limits=())
    one = framework(
        api(id="right", native=spell, recipe=spell),
        api(id="backwards", flips=True),
        variables={"PYTHONPATH": PATHS, "FAKE_FOLDER": str(tmp_path)},
    )
    monkeypatch.setitem(FRAMEWORKS, "plain", one)
    yield
    worker_pool.shut_down()  # what a cluster's workers would keep


def recorded(path: Path, places: list[Place], some: list[PreparedCase] = MANY) -> Job:
    limits = WorkerLimits(timeout=PATIENCE)
    request = Request(name="plain", environment=ENVIRONMENT, path=path, limits=limits)
    (one,) = scheduler.record_all([request], some, places)
    return one


def written(
    path: Path, executor: Executor, some: list[PreparedCase] = MANY, hands: int = 4
) -> bytes:
    """The run file that an executor as far away as any comes to."""
    assert recorded(path, [Place(executor, lambda: hands)], some).error is None
    return path.read_bytes()


@pytest.fixture
def undisturbed(tmp_path: Path) -> bytes:
    with executors.threads(1) as places:
        assert recorded(tmp_path / "undisturbed.jsonl", places).error is None
    return (tmp_path / "undisturbed.jsonl").read_bytes()


def observations(path: Path) -> list[Observation]:
    return list(run_files.read(path).observations)


# Whatever carries them out


@pytest.mark.parametrize("jobs", [2, 3])
def test_threads_side_by_side_write_the_same_file(
    tmp_path: Path, undisturbed: bytes, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "WORTH", 0.0)
    with executors.threads(jobs) as places:
        recorded(tmp_path / "run.jsonl", places)
    assert (tmp_path / "run.jsonl").read_bytes() == undisturbed


def test_an_executor_writes_the_same_file(tmp_path: Path, undisturbed: bytes) -> None:
    assert written(tmp_path / "run.jsonl", fakes.Immediate()) == undisturbed


def test_what_comes_out_of_order_is_put_into_it(tmp_path: Path, undisturbed: bytes) -> None:
    with fakes.Unordered() as executor:
        assert written(tmp_path / "run.jsonl", executor) == undisturbed
    assert [path.name for path in tmp_path.glob("*.jsonl*")].count("run.jsonl") == 1


def test_shards_are_small_in_the_end_so_that_no_hand_is_idle(tmp_path: Path) -> None:
    executor = fakes.Immediate()
    written(tmp_path / "run.jsonl", executor, hands=2)
    assert [len(shard.prepared_cases) for shard in executor.calls] == [12, 9, 8, 8, 8, 5]


def test_shards_are_no_larger_than_what_one_likes_to_lose(tmp_path: Path) -> None:
    executor = fakes.Immediate()
    written(tmp_path / "run.jsonl", executor, prepared_cases(4 * MOST), hands=1)
    assert len(executor.calls[0].prepared_cases) == MOST


def test_no_more_shards_are_made_than_there_is_room_for(tmp_path: Path) -> None:
    """Or else a long run would not fit into memory."""
    pulled: list[str] = []

    class Drawn(list[PreparedCase]):
        """Cases that are made when they are gone through, and counted when they are asked."""

        def __iter__(self) -> Iterator[PreparedCase]:
            for one in list.__iter__(self):
                pulled.append(one.case.id)
                yield one

    class Watching(fakes.Immediate):
        seen = (0, 0)

        def submit(self, *words: Any, **rest: Any) -> Future[Any]:
            if isinstance(words[1], Shard) and not self.calls:
                self.seen = Counter(pulled)["00"], len(pulled)
            return super().submit(*words, **rest)

    executor = Watching()
    written(tmp_path / "run.jsonl", executor, Drawn(prepared_cases(10 * MOST)), hands=1)
    passes, seen = executor.seen
    assert seen <= (passes - 1) * 10 * MOST + 3 * MOST


# When something is lost


def test_a_shard_that_is_lost_is_asked_again(tmp_path: Path, undisturbed: bytes) -> None:
    assert written(tmp_path / "run.jsonl", fakes.Losing("05", 1)) == undisturbed


def test_a_case_that_is_lost_twice_is_asked_once_more(tmp_path: Path, undisturbed: bytes) -> None:
    assert written(tmp_path / "run.jsonl", fakes.Losing("05", 2)) == undisturbed


def test_what_was_lost_is_asked_again_case_by_case(tmp_path: Path) -> None:
    executor = fakes.Losing("05", 1)
    written(tmp_path / "run.jsonl", executor, prepared_cases(8))
    assert [len(shard.prepared_cases) for shard in executor.calls] == [8] + [1] * 8


def test_a_case_that_is_lost_three_times_is_observed_as_such(tmp_path: Path) -> None:
    written(tmp_path / "run.jsonl", fakes.Losing("05", 3))
    lost = [o for o in observations(tmp_path / "run.jsonl") if o.status == "crashed"]
    assert {o.case for o in lost} == {"05"}
    assert {o.detail for o in lost} == {
        "It crashed: its shard failed 3 times, at last with Machine: nobody knows why."
    }


def test_a_case_that_is_lost_costs_no_other(tmp_path: Path, undisturbed: bytes) -> None:
    told = written(tmp_path / "run.jsonl", fakes.Losing("05", 3)).splitlines()
    kept = [line for line in undisturbed.splitlines()[:-1] if b'"case": "05"' not in line]
    assert [line for line in told[:-1] if b'"case": "05"' not in line] == kept
    assert run_files.read(tmp_path / "run.jsonl").complete


def test_an_enquiry_that_is_lost_is_made_again(tmp_path: Path, undisturbed: bytes) -> None:
    assert written(tmp_path / "run.jsonl", fakes.Forgetful(2)) == undisturbed


def test_an_enquiry_that_is_lost_three_times_ends_the_run(tmp_path: Path) -> None:
    one = recorded(tmp_path / "run.jsonl", [Place(fakes.Forgetful(3))])
    assert isinstance(one.error, fakes.Machine)
    assert run_files.read(tmp_path / "run.jsonl").header.failure == "nobody knows why"


def test_an_executor_that_dies_leaves_what_was_observed(tmp_path: Path) -> None:
    with pytest.raises(NoExecutor, match="BrokenExecutor: the last process is gone"):
        recorded(tmp_path / "run.jsonl", [Place(fakes.Dying(2))])
    left = run_files.read(tmp_path / "run.jsonl")
    assert not left.complete
    assert len({o.case for o in left.observations}) == 25 + 12


def test_a_run_of_other_code_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["ours"])
    monkeypatch.setattr(shards, "package", lambda: next(codes, "theirs"))
    one = recorded(tmp_path / "run.jsonl", [Place(fakes.Immediate())])
    said = "conformance is theirs where shards are carried out, and ours here"
    assert str(one.error) == said
    assert run_files.read(tmp_path / "run.jsonl").header.failure == said


# Threads


class Interrupted(Exception):
    pass


@pytest.fixture
def interrupt(tmp_path: Path) -> Iterator[None]:
    """In the main thread, as soon as a worker holds on and the first case is in the run file."""

    def wait() -> None:
        with (tmp_path / "pipe").open("rb") as pipe:
            pipe.read(1)
        try:
            wait_until(lambda: len(observations(tmp_path / "run.jsonl")) >= 4)
        finally:
            os.kill(os.getpid(), signal.SIGUSR1)

    def handle(*_: object) -> None:
        raise Interrupted

    os.mkfifo(tmp_path / "pipe")
    before = signal.signal(signal.SIGUSR1, handle)
    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("interrupt")
def test_threads_tell_what_they_observe_as_they_do(tmp_path: Path) -> None:
    """The worker hangs in the second case of a shard, and the first is there to be read."""
    held = PreparedCase(case("held", troubled.FIRST_NUMBER["holds on"]))
    with pytest.raises(Interrupted), executors.threads(1) as places:
        recorded(tmp_path / "run.jsonl", places, [*prepared_cases(1), held])
    assert {o.case for o in observations(tmp_path / "run.jsonl")} == {"00"}


def test_a_worker_that_cannot_start_ends_the_run(tmp_path: Path) -> None:
    wrong = replace(FRAMEWORKS["plain"], prelude="import no_such_framework")
    FRAMEWORKS["plain"] = wrong  # given back by the fixture
    with executors.threads(2) as places:
        one = recorded(tmp_path / "run.jsonl", places)
    assert isinstance(one.error, CannotStart)


# Clusters


def test_without_dask_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(NoExecutor, match=r"Dask is not installed; .* installs it"),
        executors.dask("tcp://127.0.0.1:1"),
    ):
        pass
