"""A worker is believed nothing: what it sends has the form of an answer, or costs its question.

The framework in it is ``fakes/lying.py``, which sends what it likes in the worker's place.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from fakes import frameworks
from fakes.clock import PATIENCE
from fakes.drive import PATHS
from fakes.prepared_cases import case
from msgspec import Meta

from conformance.adapters.runtime import ANY
from conformance.environments import interpreters
from conformance.runs import evaluation, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.workers.interpreter import Kind
from conformance.workers.outcomes import Answer, Crash, Flaky, Outcome
from conformance.workers.worker_client import (
    BadSource,
    CannotStart,
    Interpreter,
    Task,
    WorkerClient,
)

FAKES = Path(__file__).parents[2] / "fakes"
VARIABLES = {"PYTHONPATH": os.pathsep.join([str(FAKES), *filter(None, [os.getenv("PYTHONPATH")])])}
LYING = Interpreter(sys.executable, prelude="import lying", variables=VARIABLES)
GOOD = Task("good", "y = x + 1", {"x": np.array([1.0, 2.0])})


def task(source: str) -> Task:
    return Task("lie", f"{source}\ny = x", {"x": np.array([1.0, 2.0])})


@pytest.fixture(scope="module")
def client() -> Iterator[WorkerClient]:
    with WorkerClient(LYING, timeout=PATIENCE) as client:
        yield client


def only(client: WorkerClient, source: str) -> Outcome:
    """What a lie comes to, when the questions around it are answered."""
    outcomes = [outcome for _, outcome in client.submit([GOOD, task(source), GOOD])]
    for outcome in (outcomes[0], outcomes[2]):
        assert isinstance(outcome, Answer)
        assert outcome.array.tolist() == [2.0, 3.0]
        assert outcome.retry is None
    return outcomes[1]


OBJECT = """(lambda h: (b'{"kind": "answer", "number": %d, "arrays": [["y", "|O", [1]]]}'
 % h["number"], b"12345678"))"""
LIES = {
    "an array of objects": f"lying.instead({OBJECT})",
    "an array of lengths below nothing": "lying.say(kind='answer', arrays=[['y', '<f8', [-1]]])",
    "an array that is not there": "lying.say(kind='answer', arrays=[['y', '<f8', [2]]])",
    "an answer without an array": "lying.say(kind='answer')",
    "an answer to many": "lying.say(kind='answers')",
    "no kind": "lying.say()",
    "an unknown kind": "lying.say(kind='praise')",
    "a kind of another time": "lying.say(kind='ready')",
    "half a refusal": "lying.say(kind='refusal', type='ValueError')",
    "a refusal without words": "lying.say(kind='refusal', type=None, message=None)",
    "a refusal of endless words": "lying.say(kind='refusal', type='E', message='a' * 100_000)",
    "a crash without a reason": "lying.say(kind='crash')",
    "more than there is to say": "lying.say(kind='answer', verdict='match')",
    "another number": "lying.instead(lambda h: {**h, 'number': h['number'] + 1})",
    "no number": "lying.say(kind='answer', number=None)",
    "a header that is a list": "lying.instead(lambda h: [])",
    "a header that is not JSON": "lying.instead(lambda h: b'{')",
    "a header that never ends": "lying.instead(lambda h: b'[' * 100_000)",
    "a header of megabytes": "lying.instead(lambda h: {**h, 'more': 'a' * 2**21})",
    "a last word": "lying.exit_with_a_frame({'kind': 'answer'})",
}


@pytest.mark.parametrize("source", LIES.values(), ids=LIES.keys())
def test_a_frame_that_is_no_answer_costs_its_question(client: WorkerClient, source: str) -> None:
    outcome = only(client, source)
    assert isinstance(outcome, Crash)
    assert outcome.reason.startswith(
        ("sent a frame that is no answer", "wrote rubbish where", "answered out of turn")
    )
    assert len(outcome.reason) < 400


def test_a_second_try_is_recorded(client: WorkerClient, tmp_path: Path) -> None:
    path = str(tmp_path / "lied")
    outcome = only(client, f"lying.instead(lambda h: {{**h, 'kind': 'praise'}}, {path!r})")
    assert isinstance(outcome, Flaky)
    assert outcome.words.startswith(
        "Asked twice, it crashed: sent a frame that is no answer: Invalid value 'praise'"
    )
    assert outcome.words.endswith(", and then it answered with float64 of shape (2,).")


def test_a_second_answer_is_nobodys(client: WorkerClient) -> None:
    outcomes = [o for _, o in client.submit([task("lying.twice()"), *[GOOD] * 3])]
    assert all(isinstance(o, Answer | Flaky) for o in outcomes)
    assert sum(isinstance(o, Flaky) for o in outcomes) <= 1
    last = outcomes[-1]
    assert isinstance(last, Answer)
    assert last.array.tolist() == [2.0, 3.0]


def test_a_mistake_of_ours_is_told_in_a_sentence(client: WorkerClient) -> None:
    source = "lying.say(kind='mistake', type='NameError', message='no \x1b[31m')"
    with pytest.raises(BadSource, match=r"lie: NameError: no \\x1b\[31m in\n"):
        list(client.submit([task(source)]))


# Together


TOGETHER = replace(LYING, together="def together(calls): return [c(*g) for c, g in calls]", most=3)


def doubling(number: int) -> Task:
    return Task(str(number), "y = x * 2", {"x": np.array([number])}, ((0, 1, ("x",)),))


@pytest.mark.parametrize("name", ["3", "00", "-1", "y"])
def test_answers_to_questions_that_nobody_asked_are_asked_for_again(
    name: str, tmp_path: Path
) -> None:
    arrays = [[name, "<i8", [1]]]
    change = f"lambda h: ({{**h, 'arrays': {arrays!r}}}, b'12345678')"
    lie = f"lying.instead({change}, {str(tmp_path / 'lied')!r})"
    prelude = f"import lying\nlying.later({lie!r})"
    with WorkerClient(replace(TOGETHER, prelude=prelude), timeout=PATIENCE) as together:
        outcomes = [outcome for _, outcome in together.submit(map(doubling, range(3)))]
    assert [o.array.tolist() for o in outcomes if isinstance(o, Answer)] == [[0], [2], [4]]
    for outcome in outcomes:
        assert isinstance(outcome, Answer)
        assert outcome.retry is not None
        assert outcome.retry.startswith("asked again alone: among 3 questions the worker sent")


def test_what_was_asked_again_is_in_the_run() -> None:
    item = next(plan.invocations(frameworks.framework(frameworks.api()), ANY, [frameworks.api()],
                             [PreparedCase(case("one"))]))  # fmt: skip
    answer = Answer(np.array([[[1, 12, 20]]], np.float32), retry="asked again alone: it was so")
    observation = evaluation.evaluate(item, "native", answer)
    assert (observation.status, observation.retry) == ("match", "asked again alone: it was so")


# Who it is


def why_not(**changes: Any) -> str:
    lying = replace(LYING, **{"facts": {"version": "'1.0'"}, **changes})
    with pytest.raises(CannotStart) as told, WorkerClient(lying):
        pass
    return told.value.sentence


STARTS = {
    "no facts": "{**h, 'facts': {}}",
    "other facts": "{**h, 'facts': {'version': '1.0', 'colour': 'red'}}",
    "facts that are a list": "{**h, 'facts': []}",
    "a Python without numbers": "{**h, 'python': ['3', '11']}",
    "a Python of many lines": "{**h, 'python': '3.11\\n'}",
    "no platform": "{k: v for k, v in h.items() if k != 'platform'}",
    "a platform of megabytes": "{**h, 'platform': 'a' * 2**19}",
    "no machine": "{**h, 'machine': None}",
    "switches that nobody asked for": "{**h, 'switches': {'HOME': '/root'}}",
    "an answer": "{'kind': 'answer', 'number': 0, 'arrays': []}",
    "half a failure": "{'kind': 'failed', 'number': 0, 'arrays': []}",
    "nothing": "{}",
    "no object": "None",
}


@pytest.mark.parametrize("header", STARTS.values(), ids=STARTS.keys())
def test_a_start_that_is_none_is_told_in_a_sentence(header: str) -> None:
    sentence = why_not(prelude=f"import lying; lying.instead(lambda h: {header})")
    assert sentence.startswith(f"{sys.executable} failed twice before it was ready: ")
    assert len(sentence) < 600


KINDS = {"version": Kind("such as 1.0", Annotated[str, Meta(pattern=r"\A[\w.+]{1,100}\Z")] | None)}


@pytest.mark.parametrize(
    ("fact", "got"),
    [("1.0", "1.0"), ("(1, 0)", "[1, 0]"), ("''", "''"), ("'a b'", "'a b'"), ("'1' * 101", None)],
)
def test_a_fact_of_another_kind_is_told_in_a_sentence(fact: str, got: str | None) -> None:
    sentence = why_not(facts={"version": fact}, kinds=KINDS)
    assert "the version of its framework must be such as 1.0, got " in sentence
    assert got is None or sentence.endswith(f"got {got}.")


@pytest.mark.parametrize("fact", ["'2.13.0+cpu'", "'1.0rc1'", "None"])
def test_a_fact_of_its_kind_is_taken(fact: str) -> None:
    with WorkerClient(replace(LYING, facts={"version": fact}, kinds=KINDS)) as client:
        assert client.identity.facts == {"version": eval(fact)}


def test_a_backend_that_nothing_can_be_written_for_is_told_in_a_sentence() -> None:
    plain = frameworks.framework(
        frameworks.api(),
        backend="'openvino'",
        interops=dict.fromkeys(("slow", "fast"), frameworks.INTEROP),
        variables={"PYTHONPATH": PATHS},
    )
    with pytest.raises(CannotStart) as told:
        WorkerClient(interpreters.interpreter_for(plain, sys.executable)).__enter__()
    assert told.value.sentence.endswith(
        "the backend of its framework must be one of fast, slow, got 'openvino'."
    )
