"""Shards: the same observations wherever they are carried out, and workers kept between them."""

import os
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import troubled
from fakes.drive import PATHS
from fakes.frameworks import api, framework, function
from fakes.prepared_cases import case, prepared_cases
from msgspec import structs

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.environments.definitions import Environment
from conformance.oracle.memory_layout import MEMORIES, Memory, laid
from conformance.runs import shards, worker_pool
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.shards import MOST, MOST_BYTES, Shard
from conformance.runs.worker_limits import WorkerLimits
from conformance.runs.worker_pool import DifferentRuntime, WorkerPool
from conformance.workers.protocol import Machine
from conformance.workers.worker_client import CannotStart, RuntimeInfo, Stopped

HERE = Environment(framework="plain")
THERE = Environment(framework="plain", backend="another")
LIMITS = WorkerLimits(timeout=60.0)
WHO = RuntimeInfo("3.11.0", "Linux", "2.0", {"version": "1.0", "backend": None}, Machine(), {})
SPELL = function("troubled.ask", layout="N C *s", kernel="in out *k", limits=())


@pytest.fixture(autouse=True)
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A framework whose version is the process that answers."""
    one = framework(
        api(id="right", native=SPELL, recipe=SPELL),
        api(id="backwards", flips=True),
        api(id="mute", native=lambda _: Inexpressible("no"), recipe=lambda _: Inexpressible("no")),
        version="str(__import__('os').getpid())",
        backend_variable="PLAIN_BACKEND",
        variables={"PYTHONPATH": PATHS, "FAKE_FOLDER": str(tmp_path)},
    )
    monkeypatch.setitem(FRAMEWORKS, "plain", one)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool()
    yield made
    made.shut_down()


def identify(pool: WorkerPool) -> RuntimeInfo:
    return pool.identify(HERE, LIMITS, shards.package())


def shard(*some: PreparedCase, **rest: object) -> Shard:
    fields = {
        "environment": HERE,
        "limits": LIMITS,
        "identity": WHO,
        "api_ids": ("right", "mute"),
        "prepared_cases": some,
        **rest,
    }
    return Shard(**fields)


def sizes(count: int, **rest: object) -> list[int]:
    return [len(one.prepared_cases) for one in shards.cut(shard(**rest), prepared_cases(count))]


# What a shard is


def test_every_case_is_in_one_shard_in_its_order() -> None:
    whole = prepared_cases(2 * MOST + 1)
    parts = shards.cut(shard(), whole)
    assert [one for part in parts for one in part.prepared_cases] == whole


def test_a_shard_has_so_many_cases_at_most() -> None:
    assert sizes(2 * MOST + 1) == [MOST, MOST, 1]


def test_each_shard_has_as_many_cases_as_it_may() -> None:
    wanted = iter([5, 3, 2, 2])
    parts = shards.cut(shard(), prepared_cases(12), lambda: next(wanted))
    assert [len(part.prepared_cases) for part in parts] == [5, 3, 2, 2]


def test_a_shard_with_large_arrays_has_fewer_cases() -> None:
    large = case("large").question.but(x=np.zeros((1, 1, MOST_BYTES // 4), np.float32))
    some = [PreparedCase(case("large", question=large)) for _ in range(3)]
    assert [len(one.prepared_cases) for one in shards.cut(shard(), some)] == [1, 1, 1]


def test_shards_are_cut_when_they_are_wanted() -> None:
    def endless() -> Iterator[PreparedCase]:
        while True:
            yield PreparedCase(case("one"))

    assert len(next(shards.cut(shard(), endless())).prepared_cases) == MOST


def test_what_is_done_is_in_no_shard() -> None:
    done = frozenset(shards.keys(shard().apis, prepared_cases(3)[1:2]))
    (part,) = shards.cut(shard(done=done), prepared_cases(3))
    assert [one.case.id for one in part.prepared_cases] == ["00", "02"]


def test_when_everything_is_done_there_is_no_shard() -> None:
    done = frozenset(shards.keys(shard().apis, prepared_cases(3)))
    assert not list(shards.cut(shard(done=done), prepared_cases(3)))


def test_a_case_of_which_something_is_done_is_asked_for_the_rest() -> None:
    done = frozenset({("right", "00", "native"), ("mute", "00", "recipe")})
    (part,) = shards.cut(shard(done=done), prepared_cases(1))
    assert part.keys == (("right", "00", "recipe"), ("mute", "00", "native"))
    assert [item.modes for item in part.invocations()] == [("recipe",), ("native",)]


def test_what_is_left_of_a_shard_can_be_asked_case_by_case() -> None:
    done = frozenset(shards.keys(shard().apis, prepared_cases(1)))
    parts = shard(*prepared_cases(3), done=done).split()
    assert [[one.case.id for one in part.prepared_cases] for part in parts] == [["01"], ["02"]]


def test_a_shard_goes_through_a_pipe() -> None:
    whole = shard(*prepared_cases(2))
    there = pickle.loads(pickle.dumps(whole))
    assert there.keys == whole.keys
    assert [item.call.source for item in there.invocations() if item.api.id == "right"] == [
        item.call.source for item in whole.invocations() if item.api.id == "right"
    ]


@pytest.mark.parametrize("memory", MEMORIES)
def test_the_order_in_memory_is_sent(memory: Memory) -> None:
    x = laid(np.arange(24, dtype=np.float32).reshape(2, 3, 4), memory)
    there = pickle.loads(pickle.dumps(replace(case("one").question, x=x)))
    assert there.x.strides == x.strides
    np.testing.assert_array_equal(there.x, x)


def test_what_is_worked_out_of_a_case_is_not_sent() -> None:
    (one,) = prepared_cases(1)
    before = len(pickle.dumps(one))
    assert one.oracle_answer is not None
    assert len(pickle.dumps(one)) == before


def test_a_shard_that_is_lost_is_observed_as_such() -> None:
    told = list(shard(*prepared_cases(1)).lost("its shard was lost"))
    assert [(o.api, o.status, o.detail) for o in told if o.mode == "native"] == [
        ("right", "crashed", "It crashed: its shard was lost."),
        ("mute", "inexpressible", "no"),
    ]


# Carrying shards out


def carried_out(pool: WorkerPool, whole: Shard) -> list[tuple[str, str, str]]:
    return [(o.api, o.mode, o.status) for o in pool.observe(whole)]


def test_a_shard_is_carried_out(pool: WorkerPool) -> None:
    who = identify(pool)
    assert carried_out(pool, shard(*prepared_cases(1), identity=who)) == [
        ("right", "native", "match"),
        ("right", "recipe", "match"),
        ("mute", "native", "inexpressible"),
        ("mute", "recipe", "inexpressible"),
    ]


def test_shards_come_to_what_the_whole_comes_to(pool: WorkerPool) -> None:
    who = identify(pool)
    whole = shard(*prepared_cases(5), identity=who, api_ids=("right", "backwards"))
    alone = [o for part in whole.split() for o in pool.observe(part)]
    assert alone == list(pool.observe(whole))


def test_it_is_carried_out_by_a_function_that_any_executor_can_be_handed() -> None:
    """In this process, whose worker is ended by the same means as that of a cluster."""
    who = worker_pool.identify(HERE, LIMITS, shards.package())
    told = worker_pool.execute(pickle.loads(pickle.dumps(shard(*prepared_cases(1), identity=who))))
    assert [o.status for o in told] == ["match", "match", "inexpressible", "inexpressible"]
    worker_pool.shut_down()
    assert gone(who)


def test_other_code_is_refused(pool: WorkerPool) -> None:
    with pytest.raises(
        DifferentRuntime, match=r"conformance is .* where shards are carried out, and 0\.0 "
    ):
        carried_out(pool, shard(*prepared_cases(1), package="0.0"))


def test_other_code_is_refused_before_an_environment_is_made_for_it() -> None:
    with pytest.raises(DifferentRuntime, match="and another here"):
        worker_pool.identify(Environment(framework="plain", pins=("none==0",)), LIMITS, "another")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"python": "2.7"}, "Python is .* in one place, and '2.7' in the rest of the run"),
        ({"numpy": "0.1"}, "NumPy is .* in one place, and '0.1'"),
        ({"facts": {"version": "0.9", "backend": None}}, "version is .* in one place, and '0.9'"),
    ],
)
def test_another_who_would_answer_is_refused(
    pool: WorkerPool, change: dict[str, object], said: str
) -> None:
    who = structs.replace(identify(pool), **change)
    with pytest.raises(DifferentRuntime, match=said):
        carried_out(pool, shard(*prepared_cases(1), identity=who))


def test_another_runtime_class_is_refused(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "runtime_of", lambda _, who: Runtime(runtime_class=who.python))
    who = structs.replace(identify(pool), python="another")
    with pytest.raises(
        DifferentRuntime, match=r"the runtime class is '[\d.]+' in one place, and 'another'"
    ):
        carried_out(pool, shard(*prepared_cases(1), identity=who))


def test_another_platform_is_none_other(pool: WorkerPool) -> None:
    who = structs.replace(identify(pool), platform="another kernel")
    assert carried_out(pool, shard(*prepared_cases(1), identity=who))


# Workers that are kept


def process(who: RuntimeInfo) -> int:
    return int(who.facts["version"])


def gone(who: RuntimeInfo) -> bool:
    try:
        os.kill(process(who), 0)
    except ProcessLookupError:
        return True
    return False


def test_a_thread_keeps_its_worker(pool: WorkerPool) -> None:
    assert identify(pool) == identify(pool)


def test_another_environment_takes_its_place(pool: WorkerPool) -> None:
    first = identify(pool)
    second = pool.identify(THERE, LIMITS, shards.package())
    assert process(first) != process(second)
    assert gone(first)


def test_other_limits_take_its_place(pool: WorkerPool) -> None:
    first = identify(pool)
    assert process(pool.identify(HERE, replace(LIMITS, timeout=1.0), shards.package())) != process(
        first
    )


def test_each_thread_has_a_worker_of_its_own(pool: WorkerPool) -> None:
    with ThreadPoolExecutor(2) as executor:
        both = threading.Barrier(2)

        def who() -> RuntimeInfo:
            both.wait()
            return identify(pool)

        one, other = (future.result() for future in [executor.submit(who), executor.submit(who)])
        assert process(one) != process(other)


def test_idle_workers_are_ended_from_any_thread(pool: WorkerPool) -> None:
    with ThreadPoolExecutor(1) as executor:
        who = executor.submit(identify, pool).result()
        pool.shut_down()
        assert gone(who)
        again = executor.submit(identify, pool).result()
        assert process(again) != process(who)
        pool.shut_down()


def test_a_worker_that_is_asked_is_not_ended(pool: WorkerPool) -> None:
    who = identify(pool)
    told = pool.observe(shard(*prepared_cases(2), identity=who))
    next(told)
    pool.shut_down()
    assert not gone(who)
    assert len(list(told)) == 7


def test_after_a_failure_another_worker_is_started(pool: WorkerPool) -> None:
    who = identify(pool)
    with pytest.raises(DifferentRuntime):
        carried_out(pool, shard(*prepared_cases(1), identity=structs.replace(who, numpy="0.1")))
    assert gone(who)
    assert process(identify(pool)) != process(who)


def test_one_that_cannot_start_is_tried_again_when_it_is_asked_for(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = FRAMEWORKS["plain"]
    monkeypatch.setitem(FRAMEWORKS, "plain", replace(right, prelude="import no_such_framework"))
    with pytest.raises(CannotStart):
        identify(pool)
    monkeypatch.setitem(FRAMEWORKS, "plain", right)
    assert not gone(identify(pool))


def test_a_hang_can_be_stopped_from_another_thread(pool: WorkerPool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    held = PreparedCase(case("held", troubled.FIRST_NUMBER["holds on"]))
    who = identify(pool)

    def stop() -> None:
        with (tmp_path / "pipe").open("rb") as pipe:
            pipe.read(1)
            pool.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Stopped):
        carried_out(pool, shard(held, identity=who))
    thread.join()


def test_what_was_stopped_starts_nothing_more(pool: WorkerPool) -> None:
    pool.stop()
    with pytest.raises(Stopped):
        identify(pool)
