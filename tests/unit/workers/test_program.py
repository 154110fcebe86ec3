"""Programs in any language: what each fault of one costs, and what the lines say."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import numpy as np
import pytest
from fakes.clock import PATIENCE
from pages import DOCS, blocks, page

from conformance import conv_transpose
from conformance.adapters.program import FRAMEWORK
from conformance.adapters.runtime import ANY
from conformance.cases import load
from conformance.cases.sampling import DERIVED_OPS, SAMPLED_OPS, draws
from conformance.question import TANGENTS, Question, answer, operator_of
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.runs import calls, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.workers import program
from conformance.workers.interpreter import Interpreter
from conformance.workers.outcomes import Answer, Crash, Hang, Outcome, Refusal
from conformance.workers.worker_client import CannotStart, Task, WorkerClient

UNRULY = Path(__file__).parents[2] / "fakes" / "unruly_program.py"
COMMAND = {program.VARIABLE: json.dumps([sys.executable, str(UNRULY)])}
SCHEMA = json.loads(Path(program.__file__).with_name("program.schema.json").read_text())
SOURCE = (
    "y = program.ask('conv_transpose', {dtype!r}, x=x, kernel=w, stride=[1], padding=[[0, 0]],"
    " output_padding=[0], dilation=[1], groups=1)"
)


def interpreter(**variables: str) -> Interpreter:
    paths = os.pathsep.join(filter(None, [str(Path.cwd()), os.getenv("PYTHONPATH")]))
    return Interpreter(
        sys.executable,
        prelude=FRAMEWORK.prelude,
        facts={"version": FRAMEWORK.version},
        variables={"PYTHONPATH": paths, **COMMAND, **variables},
    )


def task(deed: int, dtype: str = "float32") -> Task:
    arrays = {
        "x": np.array([[[1, 2, 3]]], np.float32),
        "w": np.array([[[deed]]], np.float32),
    }
    return Task("deed", SOURCE.format(dtype=dtype), arrays)


@pytest.fixture(scope="module")
def client() -> Iterator[WorkerClient]:
    with WorkerClient(interpreter(), timeout=PATIENCE) as client:
        yield client


def only(client: WorkerClient, deed: int) -> Outcome:
    """What a deed comes to, when the questions around it are answered."""
    outcomes = [outcome for _, outcome in client.submit([task(0), task(deed), task(0)])]
    for outcome in (outcomes[0], outcomes[2]):
        assert isinstance(outcome, Answer)
        assert outcome.array.tolist() == [[[1, 2, 3]]]
    return outcomes[1]


def test_the_name_and_version_are_a_fact(client: WorkerClient) -> None:
    assert client.identity.facts["version"] == "unruly-1"


@pytest.mark.parametrize(
    ("deed", "type_", "words"),
    [
        (1, "Refused", "I would"),
        (2, "Skipped", "it does not take such a question"),
        (6, "ProgramError", "a line that is no answer or refusal or skip: 'Segmentation fault"),
        (7, "ProgramError", "a reply to question"),
        (8, "ProgramError", "y is no array of that shape"),
        (9, "ProgramError", "answer has no array y"),
        (11, "ProgramError", "a line that is no answer"),
    ],
)
def test_what_is_no_answer_is_a_refusal(
    client: WorkerClient, deed: int, type_: str, words: str
) -> None:
    outcome = only(client, deed)
    assert isinstance(outcome, Refusal)
    assert outcome.type == type_
    assert words in outcome.first_line


@pytest.mark.parametrize(
    ("deed", "reason"),
    [(3, "killed by SIGSEGV"), (4, "ended with exit status 7"), (12, "killed by SIGKILL")],
)
def test_the_worker_ends_as_the_program_does(client: WorkerClient, deed: int, reason: str) -> None:
    outcome = only(client, deed)
    assert isinstance(outcome, Crash)
    assert outcome.reason.startswith(reason)


def test_a_program_that_hangs_costs_its_question() -> None:
    with WorkerClient(interpreter(), timeout=1.0) as client:
        assert isinstance(only(client, 5), Hang)


def test_blank_lines_are_passed_over(client: WorkerClient) -> None:
    assert isinstance(only(client, 10), Answer)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hello", "a line that is no ready: 'hello'"),
        ('{"kind": "ready", "version": "1"}', "name must be up to 40 letters"),
        ('{"kind": "ready", "name": "a b", "version": "1"}', "name must be up to 40 letters"),
        ('{"kind": "ready", "name": "a", "version": "1", "ops": ["conv9"]}', "ops must be a list"),
        ('{"kind": "ready", "name": "a", "version": "1", "dtypes": 3}', "dtypes must be a list"),
    ],
)
def test_a_program_that_does_not_say_who_it_is_cannot_start(line: str, words: str) -> None:
    with pytest.raises(CannotStart) as error, WorkerClient(interpreter(FIRST_LINE=line)):
        pass
    assert words in str(error.value)


def test_a_dtype_that_is_not_listed_is_skipped() -> None:
    line = '{"kind": "ready", "name": "a", "version": "1", "dtypes": ["int32"]}'
    with WorkerClient(interpreter(FIRST_LINE=line), timeout=PATIENCE) as client:
        ((_, outcome),) = client.submit([task(0)])
    assert isinstance(outcome, Refusal)
    assert (outcome.type, outcome.first_line) == ("Skipped", "it takes no float32")


def test_bfloat16_goes_as_its_two_bytes_and_comes_back(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with WorkerClient(interpreter(LOG=str(log)), timeout=PATIENCE) as client:
        ((_, outcome),) = client.submit([task(0, "bfloat16")])
    assert isinstance(outcome, Answer)
    assert outcome.array.dtype == np.float32
    assert outcome.array.tolist() == [[[1, 2, 3]]]
    assert json.loads(log.read_text())["x"] == {
        "dtype": "bfloat16",
        "shape": [1, 1, 3],
        "data": "gD8AQEBA",
    }


def test_questions_are_as_the_schema_says(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with WorkerClient(interpreter(LOG=str(log)), timeout=PATIENCE) as client:
        list(client.submit([task(0), task(0)]))
    lines = log.read_text().splitlines()
    assert len(lines) == 2
    for line in lines:
        jsonschema.validate(json.loads(line), SCHEMA)


def test_the_schema_knows_the_lines_of_a_program() -> None:
    array = {"dtype": "int32", "shape": [1], "data": "AQAAAA=="}
    for line in (
        {"kind": "ready", "name": "mine", "version": "1.2", "ops": ["conv"], "dtypes": ["int32"]},
        {"kind": "answer", "id": 1, "y": array},
        {"kind": "refusal", "id": 1, "words": "No."},
        {"kind": "skip", "id": 1},
    ):
        jsonschema.validate(line, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"kind": "answer", "id": 1}, SCHEMA)


PAGE = page("any-program")


@pytest.mark.parametrize("block", blocks(PAGE, "json"))
def test_the_lines_of_the_page_are_as_the_schema_says(block: str) -> None:
    for line in block.splitlines():
        jsonschema.validate(json.loads(line), SCHEMA)


def test_the_answer_of_the_page_is_the_oracles() -> None:
    question, answer = (json.loads(line) for line in blocks(PAGE, "json")[1].splitlines())
    x, kernel = (program.decoded(question[name]) for name in ("x", "kernel"))
    arguments = {name: question[name] for name in ("stride", "padding", "dilation")}
    expected = conv_transpose(x, kernel, **arguments)
    assert program.decoded(answer["y"]).tolist() == expected.tolist()


# The examples in other languages


def javascript(source: str, folder: Path) -> list[str]:
    program_file = folder / "example.js"
    program_file.write_text(source, encoding="utf-8")
    return ["node", str(program_file)]


def cpp(source: str, folder: Path) -> list[str]:
    source_file, program_file = folder / "example.cpp", folder / "example"
    source_file.write_text(source, encoding="utf-8")
    words = ("-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", str(source_file))
    subprocess.run(["g++", *words, "-o", str(program_file)], check=True)
    return [str(program_file)]


EXAMPLES = {"node": ("conv_transpose.js", javascript), "g++": ("conv_transpose.cpp", cpp)}


@pytest.fixture(scope="module", params=EXAMPLES)
def tool(request: pytest.FixtureRequest) -> str:
    if shutil.which(request.param) is None:
        pytest.skip(f"this example needs {request.param}")
    return str(request.param)


def statuses(variables: dict[str, str], paths: list[Path]) -> Counter[tuple[str, str | None]]:
    """The statuses of naive calls, each with what it is explained by."""
    prepared_cases = [PreparedCase(case) for case in load(paths).cases]
    invocations = plan.invocations(FRAMEWORK, ANY, FRAMEWORK.apis[:1], prepared_cases)
    with WorkerClient(interpreter(**variables), timeout=PATIENCE) as client:
        observations = list(calls.observe(client, invocations))
    return Counter((o.status, o.diagnosis) for o in observations if o.mode == "native")


def example_statuses(
    tool: str, folder: Path, old: str = "", new: str = ""
) -> Counter[tuple[str, str | None]]:
    """The statuses of an example, in which a part of the source may be replaced."""
    name, make = EXAMPLES[tool]
    source = (DOCS.parent / "examples" / name).read_text(encoding="utf-8")
    assert not old or source.count(old) == 1
    variables = {program.VARIABLE: json.dumps(make(source.replace(old, new), folder))}
    return statuses(variables, [DOCS.parent / "cases" / "documents"])


def test_an_example_passes_the_cases_of_the_documents(tool: str, tmp_path: Path) -> None:
    seen = example_statuses(tool, tmp_path)
    assert {status for status, _ in seen} <= {"match", "inexpressible", "rejected"}
    assert seen["match", None] > 30


def test_an_example_with_its_kernel_flipped_is_named(tool: str, tmp_path: Path) -> None:
    tap = "* product(window) + tap]"
    seen = example_statuses(tool, tmp_path, tap, "* product(window) + product(window) - 1 - tap]")
    assert seen["mismatch", "The kernel is read backwards along every axis."] > 10


# Derivatives


def test_every_derivative_is_asked_in_the_lines_of_the_schema() -> None:
    """The program that is asked is the oracle, given no more than its lines say."""

    def ask(op: str, dtype: str, **fields: Any) -> np.ndarray:
        line = {
            name: program._encoded(value, dtype) if isinstance(value, np.ndarray) else value
            for name, value in fields.items()
        }
        message = {"kind": "question", "id": 1, "op": op, "dtype": dtype, **line}
        jsonschema.validate(json.loads(json.dumps(message)), SCHEMA)
        assert set(fields) & {*TANGENTS, "gradient"} or op == operator_of(op)
        return answer(Question(op=op, dtype=dtype, **fields))

    for q in islice(draws(4, (*SAMPLED_OPS, *DERIVED_OPS)), 80):
        api = FRAMEWORK.api(f"program.{q.operator}")
        call = call_writer.write(FRAMEWORK, ANY, api, q, "recipe")
        assert isinstance(call, Call)
        namespace = {"np": np, "program": SimpleNamespace(ask=ask), **call.arrays}
        exec(call.source, namespace)
        np.testing.assert_array_equal(namespace["y"], answer(q))
