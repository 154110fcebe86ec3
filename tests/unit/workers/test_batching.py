"""Questions asked together are answered as they are one by one, whatever any of them does."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import plain
from fakes.clock import PATIENCE, racing
from fakes.frameworks import INTEROP, api, framework
from tiny import asked

from conformance import question
from conformance.adapters.runtime import ANY
from conformance.cases.sampling import draws
from conformance.question import Question, chained
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.recipes.plan_source import Text, TraceableSpan
from conformance.recipes.search import Cost
from conformance.workers import batched
from conformance.workers.batching import Batches, Submission, Task
from conformance.workers.outcomes import Answer, Crash, Hang, Refusal
from conformance.workers.worker_client import Interpreter, WorkerClient

FAKES = Path(__file__).parents[2] / "fakes"
LIMITS = ("no dilation", "no groups", "symmetric padding")


def each(asked: list[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    return [call(*given) for call, given in asked]


def examined(*asked: Call, by: Callable[[list[Any]], list[Any]] = each) -> dict[int, np.ndarray]:
    names = {"np": np, "plain": plain}
    arrays = batched.merge_arrays(call.arrays for call in asked)
    sources = [(call.source, call.traceable_spans) for call in asked]
    told = batched.answer_all(sources, arrays, names, by, np.asarray)
    return {int(number): answer for number, answer in told.items()}


def alone(call: Call) -> np.ndarray:
    names = {"np": np, "plain": plain, **call.arrays}
    exec(call.source, names)
    answer: np.ndarray = names["y"]
    return answer


def recipe(q: Question) -> Call:
    asked_of = api(q.operator, limits=LIMITS, layout="N *s C", flips=True)
    call = call_writer.write(framework(asked_of), ANY, asked_of, q, "recipe")
    assert isinstance(call, Call), call
    return call


# What is handed over


def stretched(call: Call) -> list[list[str]]:
    lines = call.source.splitlines()
    return [
        [line.strip() for line in lines[first:last]] for first, last, *_ in call.traceable_spans
    ]


def native(q: Question, **interop: Any) -> Call:
    one = api(interop=replace(INTEROP, **interop))
    call = call_writer.write(framework(one), ANY, one, q, "native")
    assert isinstance(call, Call)
    return call


def test_a_stretch_goes_from_the_arrays_to_the_answer_as_a_tensor() -> None:
    (lines,) = stretched(native(asked()))
    assert lines[:2] == ["x = plain.tensor(x)", "w = plain.tensor(w)"]
    assert lines[2].startswith("y = plain.ask('conv_transpose', x, w, ")
    assert len(lines) == 3


def test_a_stretch_takes_what_it_reads() -> None:
    (stretch,) = native(asked(bias=np.ones(1, np.float32))).traceable_spans
    assert stretch.names == ("x", "w", "b")


def test_a_cast_is_no_part_of_a_stretch_as_compilers_leave_some_out() -> None:
    casts = {"bfloat16": ("plain.tensor({v})", "{v}.numpy()")}
    (lines,) = stretched(native(asked(dtype="bfloat16"), dtype_conversions=casts))
    assert len(lines) == 1
    assert lines[0].startswith("y = plain.ask")


def wide(**interop: Any) -> Call:
    one = api(interop=replace(INTEROP, **interop))
    numbers = asked(x=np.ones((1, 1, 3)), kernel=np.ones((1, 1, 2)), dtype="float64")
    call = call_writer.write(framework(one), ANY, one, numbers, "recipe")
    assert isinstance(call, Call)
    return call


def test_what_needs_a_line_around_it_says_which() -> None:
    call = wide(dtype_contexts={"float64": "with plain.wide():"})
    assert call.source.startswith("with plain.wide():\n")
    (stretch,) = call.traceable_spans
    assert stretch.context == 0
    assert stretched(call) == stretched(wide())  # but for their margin


def test_each_is_answered_within_its_own_line_and_within_no_other() -> None:
    entered: list[str] = []

    class Noting:
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> None:
            entered.append(self.name)

        def __exit__(self, *_: object) -> None:
            entered.remove(self.name)

    def by(calls: list[Any]) -> list[Any]:
        return [(*entered, *call(*given)) for call, given in calls]

    inner = "    x = x + 1\n    y = tuple(x)\n    y = ''.join(map(str, y))\n"
    sources = [
        (f"with Noting('{name}'):\n{inner}", [(2, 3, ("x",), 0)]) for name in ("a", "b", "a")
    ]
    sources.append(("y = tuple(x)\ny = ''.join(map(str, y))\n", [(0, 1, ("x",), None)]))
    arrays = batched.merge_arrays({"x": np.array([number])} for number in range(4))
    told = batched.answer_all(sources, arrays, {"Noting": Noting}, by, str)
    assert told == {"0": "a1", "1": "b2", "2": "a3", "3": "3"}
    assert entered == []


def test_a_chain_has_a_stretch_for_every_step() -> None:
    one = api(forward="plain.conv")
    chain = chained(asked().x, (asked(), asked()))
    call = call_writer.write(framework(one), ANY, one, chain, "native")
    assert isinstance(call, Call)
    assert len(call.traceable_spans) == 2


def test_a_source_becomes_a_function_that_waits_for_its_stretch() -> None:
    source = "for a in [x]:\n    b = a\n    y = b + b\ny = y * 10\n"
    names: dict[str, Any] = {}
    exec(batched.generator_source(source, [TraceableSpan(2, 3, ("b",))], ["x"]), names)
    running = names["question"](x=3)
    _, (call, given) = next(running)
    assert (call(*given), given) == (6, (3,))
    with pytest.raises(StopIteration) as end:
        running.send(7)
    assert end.value.value == 70


# What comes back


def test_answers_are_those_of_questions_asked_alone() -> None:
    some = [recipe(q) for q in islice(draws(seed=3), 100)]
    told = examined(*some)
    assert sorted(told) == list(range(len(some)))
    for number, call in enumerate(some):
        np.testing.assert_array_equal(told[number], alone(call), strict=True)


def test_a_call_for_each_group_is_a_call_handed_over() -> None:
    x = np.array([[[1, 2], [3, 4], [5, np.inf]]])  # which no zeros in a kernel may touch
    groups = asked(x=x, kernel=np.ones((3, 1, 2)), groups=3)
    sizes: list[int] = []

    def counting(asked: list[Any]) -> list[Any]:
        sizes.append(len(asked))
        return each(asked)

    told = examined(recipe(groups), native(asked()), by=counting)
    assert sizes == [2, 1, 1]
    np.testing.assert_array_equal(told[0], question.answer(groups))


@pytest.mark.parametrize("source", ["y = x", "raise SystemExit", "y = ("])
def test_a_source_that_fails_takes_no_other_with_it(source: str) -> None:
    right, wrong = native(asked()), Call(Text((source,)), {}, Cost.ARGUMENTS, (), ())
    told = examined(right, wrong, right)
    assert list(told) == [0, 2]
    np.testing.assert_array_equal(told[2], alone(right))


def test_what_is_not_answered_together_is_missing() -> None:
    one = native(asked())
    told = examined(one, one, by=lambda asked: [None, *each(asked[1:])])
    assert list(told) == [1]


def test_where_all_fail_together_nothing_is_answered() -> None:
    def failing(_: list[Any]) -> list[Any]:
        raise RuntimeError("this program cannot be compiled")

    assert examined(native(asked()), by=failing) == {}


# Bundles


def tasks(number: int, **fields: Any) -> list[Submission]:
    return [Submission(Task(str(n), "y = x", {}, **fields)) for n in range(number)]


STRETCHES = ((0, 1, ("x",), None),)


def taken(batches: Batches, *, hurry: bool = False) -> Iterator[list[str]]:
    while batch := batches.take(hurry=hurry):
        yield [one.task.key for one in batch]


def test_a_bundle_waits_for_company_unless_there_is_a_hurry() -> None:
    batches = Batches(2)
    for one in tasks(3, traceable_spans=STRETCHES):
        batches.add(one)
    assert list(taken(batches)) == [["0", "1"]]
    assert list(taken(batches, hurry=True)) == [["2"]]


def test_a_task_without_a_stretch_goes_alone() -> None:
    batches = Batches(3)
    for one in tasks(2):
        batches.add(one)
    assert list(taken(batches)) == [["0"], ["1"]]


def test_what_is_put_back_comes_first() -> None:
    batches = Batches(1)
    first, second, third = tasks(3)
    batches.add(third)
    batches.put_back([(first,), (second,)])
    assert list(taken(batches)) == [["0"], ["1"], ["2"]]


def test_heavy_tasks_go_before_the_bundle_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.workers.batching.HEAVY", 20)
    batches = Batches(9)
    for n in range(3):
        batches.add(Submission(Task(str(n), "y = x", {"x": np.zeros(2)}, STRETCHES)))
    assert list(taken(batches)) == [["0", "1"]]


# By way of a worker


TOGETHER = """
def together(calls):
    import unruly
    answers = [call(*given) for call, given in calls]
    unruly.LEAKED.append(len(calls))
    return answers
"""
UNRULY = Interpreter(
    sys.executable,
    prelude="import os, sys, unruly",
    variables={
        "PYTHONPATH": os.pathsep.join([str(FAKES), *filter(None, [os.getenv("PYTHONPATH")])])
    },
    together=TOGETHER,
    most=4,
)


def doubling(n: int) -> Task:
    return Task(str(n), "y = x * 2", {"x": np.array([n])}, STRETCHES)


def bad(line: str) -> Task:
    return Task("bad", f"y = x\n{line}", {"x": np.array([0])}, ((0, 2, ("x",), None),))


SIZES = Task("sizes", "y = np.array(unruly.LEAKED)", {})


@pytest.fixture(scope="module")
def client() -> Iterator[WorkerClient]:
    with WorkerClient(UNRULY, timeout=PATIENCE) as client:
        yield client


def numbers(client: WorkerClient, asked: list[Task]) -> list[list[int]]:
    told = list(client.submit(asked))
    assert [task for task, _ in told] == asked
    return [outcome.array.tolist() for _, outcome in told if isinstance(outcome, Answer)]


def test_questions_are_asked_together_up_to_a_number() -> None:
    with WorkerClient(UNRULY, timeout=PATIENCE) as fresh:
        *answers, sizes = numbers(fresh, [*map(doubling, range(8)), SIZES])
    assert answers == [[2 * n] for n in range(8)]
    assert sizes == [4, 4]


def test_answers_come_in_order_where_some_are_asked_alone(client: WorkerClient) -> None:
    asked = [
        doubling(n) if n % 3 else Task(str(n), "y = x * 2", {"x": np.array([n])}) for n in range(30)
    ]
    assert numbers(client, asked) == [[2 * n] for n in range(30)]


def test_a_task_may_be_asked_twice(client: WorkerClient) -> None:
    assert numbers(client, [doubling(4)] * 7) == [[8]] * 7


def test_without_a_way_to_ask_together_all_are_asked_alone() -> None:
    with WorkerClient(replace(UNRULY, together="", most=1), timeout=PATIENCE) as alone:
        *answers, sizes = numbers(alone, [*map(doubling, range(5)), SIZES])
    assert answers == [[2 * n] for n in range(5)]
    assert sizes == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("raise ValueError('not possible')", "It refused: ValueError: not possible."),
        ("os.abort()", "It crashed: killed by SIGABRT."),
        ("unruly.close_the_standard_streams()",
         "It crashed: closed or replaced the worker's descriptors [0, 1, 2]."),
        ("y = None", "It refused: NoAnswer: y must be an array of NumPy's own numbers,"
         " got a NoneType of dtype object."),
    ],
)  # fmt: skip
def test_trouble_is_told_of_the_guilty_alone(client: WorkerClient, line: str, words: str) -> None:
    asked = [*map(doubling, range(6)), bad(line), *map(doubling, range(6, 12))]
    outcomes = [outcome for _, outcome in client.submit(asked)]
    guilty = outcomes.pop(6)
    assert isinstance(guilty, Refusal | Crash)
    assert guilty.words == words
    assert [o.array.tolist() for o in outcomes if isinstance(o, Answer)] == [
        [2 * n] for n in range(12)
    ]


def test_a_hang_is_told_of_the_guilty_alone(tmp_path: Path) -> None:
    with racing(tmp_path), WorkerClient(UNRULY, timeout=PATIENCE) as client:
        told = list(client.submit([doubling(1), bad("unruly.stall()"), doubling(2)]))
    first, guilty, last = (outcome for _, outcome in told)
    assert isinstance(guilty, Hang)
    assert isinstance(first, Answer)
    assert isinstance(last, Answer)


def test_what_crashes_only_in_company_is_no_crash(client: WorkerClient, tmp_path: Path) -> None:
    once = bad(f"unruly.crash_once({str(tmp_path / 'been')!r})")
    outcomes = [outcome for _, outcome in client.submit([doubling(1), once, doubling(2)])]
    why = "asked again alone: among 3 questions the worker was killed by SIGABRT"
    assert [outcome.retry for outcome in outcomes if isinstance(outcome, Answer)] == [why] * 3


def test_nothing_is_told_of_the_others_where_one_is_guilty(client: WorkerClient) -> None:
    outcomes = [o for _, o in client.submit([doubling(1), bad("os.abort()"), doubling(2)])]
    assert [type(outcome) for outcome in outcomes] == [Answer, Crash, Answer]
    assert [o.retry for o in outcomes if isinstance(o, Answer)] == [None, None]


def test_nothing_is_told_where_somebody_killed_the_worker(
    client: WorkerClient, tmp_path: Path
) -> None:
    once = bad(f"unruly.crash_once({str(tmp_path / 'been')!r}, 9)")
    outcomes = [outcome for _, outcome in client.submit([doubling(1), once, doubling(2)])]
    assert [o.retry for o in outcomes if isinstance(o, Answer)] == [None] * 3


def test_nothing_is_told_of_what_has_no_answer_in_company(client: WorkerClient) -> None:
    asked = [doubling(1), bad("raise ValueError('no')"), doubling(2)]
    outcomes = [outcome for _, outcome in client.submit(asked)]
    assert [o.retry for o in outcomes if isinstance(o, Answer | Refusal)] == [None] * 3
