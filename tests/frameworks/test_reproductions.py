"""Printed scripts, unmodified, in the framework's interpreter: they answer what was observed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters.framework import Framework
from conformance.adapters.runtime import Runtime
from conformance.cases import load
from conformance.cases.sampling import draws
from conformance.environments.interpreters import runtime_of
from conformance.explain.reproduction import CallOutcome, Reproduction, script
from conformance.observations import MODES, Mode, Observation
from conformance.question import Chain, Op
from conformance.recipes import search
from conformance.recipes.call_writer import Call
from conformance.runs import calls, plan
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources
from conformance.workers.interpreter import Interpreter
from conformance.workers.outcomes import Answer, Outcome, Refusal
from conformance.workers.worker_client import WorkerClient

# Each script has a namespace of its own, as far as one process can give it one; what a refused one
# left under way is waited for, as a worker does.
RUNNER = """
import contextlib, io, pathlib, sys
import numpy as np
settle, *paths = sys.argv[1:]

class NoAnswer(Exception):  # as a worker calls what is no array of numbers
    pass

for name in paths:
    path = pathlib.Path(name)
    names, printed = {"__name__": "__main__"}, io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(path.read_text("utf-8"), name, "exec"), names)
        if np.asarray(names["y"]).dtype.hasobject:
            raise NoAnswer
        np.save(path.with_suffix(".npy"), names["y"])
    except Exception as error:
        path.with_suffix(".error").write_text(type(error).__name__, "utf-8")
        with contextlib.suppress(Exception):
            exec(settle, names)
    path.with_suffix(".out").write_text(printed.getvalue(), "utf-8")
"""


@dataclass(frozen=True, eq=False)
class Written:
    """A script, and what came of its call when a worker asked it."""

    path: Path
    outcome: Outcome
    observation: Observation
    is_steady: bool

    @property
    def printed(self) -> str:
        return self.path.with_suffix(".out").read_text("utf-8")


@pytest.fixture(scope="session")
def written(
    framework: Framework,
    client: WorkerClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Written]:
    """Scripts of what was observed of every API, written as the command would print them."""
    folder = tmp_path_factory.mktemp("scripts")
    identity = client.identity
    version, runtime = str(identity.facts["version"]), runtime_of(framework, identity)
    scripts = []
    for item, mode in sample(framework, runtime):
        result = calls.run_one(client, item)
        observation = result.observation(mode)
        path = folder / f"{len(scripts)}-{item.prepared_case.case.id}-{mode}.py"
        assert isinstance(item.call, Call)
        made = Reproduction(
            framework=framework,
            api=item.api,
            prepared_case=item.prepared_case,
            mode=mode,
            call=item.call,
            outcome=CallOutcome(observation, version, runtime, identity.switches),
        )
        path.write_text(script(made), encoding="utf-8")
        unexplained = observation.status == "mismatch" and not observation.explanations
        has_answer = item.prepared_case.oracle_answer is not None
        is_steady = has_answer and not (unexplained and framework.isolated)
        scripts.append(Written(path, result.outcome, observation, is_steady))
    return scripts


@pytest.fixture(scope="session")
def ran(
    written: Sequence[Written], framework: Framework, interpreter: Interpreter
) -> Sequence[Written]:
    """Those that end, after they were run: in one process, as some take seconds to start.

    What breaks the memory of its process has one for each script.
    """
    ending = [one for one in written if isinstance(one.outcome, Answer | Refusal)]
    paths = [str(one.path) for one in ending]
    for part in [[path] for path in paths] if framework.isolated else [paths]:
        run(interpreter, ["-c", RUNNER, framework.synchronize, *part])
    return ending


def run(interpreter: Interpreter, words: Iterable[str]) -> str:
    done = subprocess.run(
        [interpreter.executable, *words],
        env={**os.environ, **interpreter.variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def sample(framework: Framework, runtime: Runtime) -> Iterator[tuple[Invocation, Mode]]:
    """Of every API and mode the first case of each kind that has a call."""
    prepared_cases = [PreparedCase(case) for case in load([resources.CASES], check=False).cases]
    for api in framework.apis:
        taken: set[tuple[Mode, str]] = set()
        for prepared_case in prepared_cases:
            kind = kind_of(prepared_case)
            if all((mode, kind) in taken for mode in MODES):
                continue
            for item in plan.invocations(framework, runtime, [api], [prepared_case]):
                for mode in item.modes:
                    if isinstance(item.call, Call) and (mode, kind) not in taken:
                        taken.add((mode, kind))
                        yield item, mode


def kind_of(prepared_case: PreparedCase) -> str:
    asked = prepared_case.case.question
    if prepared_case.case.expected.error:
        return "no answer"
    if isinstance(asked, Chain):
        return "chain"
    if asked.dtype == "bfloat16" or asked.groups > 1:
        return f"{asked.dtype}, {min(asked.groups, 2)}"
    return asked.wanted


def test_every_script_gives_the_answer_that_was_observed(ran: Sequence[Written]) -> None:
    wrong = []
    for one in ran:
        if isinstance(one.outcome, Answer):
            saved = one.path.with_suffix(".npy")
            got = np.load(saved) if saved.exists() else None
            if got is None or not identical(got, one.outcome.array, exact=one.is_steady):
                wrong.append(one.path.name)
    assert wrong == []


def identical(one: np.ndarray, other: np.ndarray, *, exact: bool) -> bool:
    # TensorFlow 2.21 fills what it answers to a kernel larger than the input from unwritten memory,
    # and MNN more than that.
    same = one.tobytes() == other.tobytes() or not exact
    return same and (one.dtype, one.shape) == (other.dtype, other.shape)


def test_every_script_is_refused_as_it_was_observed(ran: Sequence[Written]) -> None:
    wrong = []
    for one in ran:
        if isinstance(one.outcome, Refusal):
            said = one.path.with_suffix(".error")
            if not said.exists() or said.read_text("utf-8") != one.outcome.type:
                wrong.append(one.path.name)
    assert wrong == []


def test_every_script_says_right_of_what_was_observed_to_be(ran: Sequence[Written]) -> None:
    verdicts = {"match": "Right.", "mismatch": "Wrong."}
    wrong = [
        one.path.name
        for one in ran
        if "Expected:" in one.printed
        and verdicts[one.observation.status] not in one.printed.splitlines()
    ]
    assert wrong == []


def test_every_script_says_what_was_seen(ran: Sequence[Written]) -> None:
    assert [one.path.name for one in ran if "Seen in" not in one.printed] == []


def test_every_kind_of_question_is_among_them(
    framework: Framework, runtime: Runtime, ran: Sequence[Written]
) -> None:
    ops = {one.observation.op for one in ran}
    gradients: tuple[Op, ...] = ("conv_transpose_input_gradient", "conv_transpose_kernel_gradient")
    those = {op for op in gradients if is_there(framework, runtime, op)}
    assert ops >= {"conv_transpose", "conv", "chain", *those}


def is_there(framework: Framework, runtime: Runtime, op: Op) -> bool:
    """Whether an API has an operator, for some arguments at least."""
    return any(
        not search.boundary(api, q, runtime)
        for q in islice(draws(0, (op,)), 20)
        for api in framework.apis
        if api.operator == q.operator
    )


def test_a_script_alone_prints_the_answer(
    written: Sequence[Written], interpreter: Interpreter
) -> None:
    one = next(
        one
        for one in written
        if isinstance(one.outcome, Answer) and one.observation.status in ("match", "mismatch")
    )
    assert isinstance(one.outcome, Answer)
    printed = run(interpreter, [str(one.path)])
    answer = printed.partition("It answered:")[2].partition("Expected:")[0]
    numbers = answer.replace("[", " ").replace("]", " ").split()
    assert list(map(float, numbers)) == one.outcome.array.ravel().tolist()
