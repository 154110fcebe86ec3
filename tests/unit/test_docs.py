"""What the pages for newcomers show is so: their cases load, their commands say what is printed.

Commands that need a framework are left out; the pages have those in blocks without a ``$``.
"""

import dataclasses
import re
import shlex
import sys
import tomllib
import types
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from case_files import cases
from click.testing import CliRunner
from history_tables import END, ODD, START, rows, written
from pages import blocks, commands, page

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.interop import TensorInterop
from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.adapters.runtime import ANY
from conformance.cases import load
from conformance.cases.sampling import draws
from conformance.cli.app import main
from conformance.environments import interpreters
from conformance.gate import expected
from conformance.observations import MODES, Mode, Observation
from conformance.recipes import call_writer
from conformance.runs import calls, plan, twins
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources
from conformance.workers.outcomes import Answer
from conformance.workers.worker_client import WorkerClient

CASE, FRAMEWORK, TUTORIAL = page("adding-a-case"), page("adding-a-framework"), page("tutorial")
GATE, DIAGNOSE = page("gate-an-upgrade"), page("diagnose")


# Tutorial and how-tos


@pytest.mark.parametrize("name", ["tutorial", "port-a-layer"])
def test_commands_that_need_no_framework_print_what_is_shown(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(blocks(TUTORIAL, "yaml")[0])
    for words, printed in commands(page(name)):
        if "python" not in words and words[1] != "report":
            output = CliRunner().invoke(main, words[1:]).output.splitlines()
            assert [line for line in printed if line.strip() not in map(str.strip, output)] == []


def test_the_definition_gives_what_the_tutorial_shows() -> None:
    (source,) = blocks(TUTORIAL, "python")
    exec(compile(source, "docs/tutorial.md", "exec"), {})


def test_the_expected_changes_that_are_shown_are_read(tmp_path: Path) -> None:
    (text,) = blocks(GATE, "yaml")
    (tmp_path / "expected.yaml").write_text(text)
    (expectation,) = expected.load(tmp_path / "expected.yaml")
    assert expectation.entry.versions == ">=3.16"


# The history

OLD = {ODD: START, "same: output padding": "half a kernel"}
NEW = {ODD: END, "same: output padding": "half a kernel, centred"}
KERAS = {
    "2026-04-03": ("3.14.0", OLD),
    "2026-05-07": ("3.14.1", OLD),
    "2026-06-24": ("3.15.0", NEW),
    "2026-07-29": ("3.15.1", NEW),
}
"""What the page shows of Keras on torch, by the day; the history that ships has more of it."""


def test_the_history_prints_what_the_page_on_ranges_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = [
        row
        for day, (version, stage) in KERAS.items()
        for row in rows({version: stage}, backend="torch", runtime="onednn-avx2", date=day)
    ]
    monkeypatch.setattr(resources, "HISTORY", written(tmp_path, *table))
    shown = commands(page("support-a-range"))
    assert [words[1] for words, _ in shown] == ["compat", "history", "compat"]
    for words, printed in shown:
        output = CliRunner().invoke(main, words[1:], env={"COLUMNS": "120"}).output.splitlines()
        assert [line for line in printed if line.strip() not in map(str.strip, output)] == []


# Explaining an answer


def test_the_answers_of_the_page_are_explained_as_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in zip(("answer", "onnx", "desktop"), blocks(DIAGNOSE, "yaml"), strict=True):
        Path(f"{name}.yaml").write_text(text)
    for words, printed in commands(DIAGNOSE):
        output = CliRunner().invoke(main, words[1:]).output.splitlines()
        assert [line for line in printed if line.strip() not in map(str.strip, output)] == []


@pytest.mark.parametrize("source", blocks(DIAGNOSE, "python"))
def test_the_code_of_the_page_on_answers_holds(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(source, "docs/diagnose.md", "exec"), names)
    for name in [name for name in names if name.startswith("test_")]:
        names[name]()


# Adding a case


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's first file, and the same with the mistake that it speaks of."""
    monkeypatch.chdir(tmp_path)
    first = blocks(CASE, "yaml")[0]
    Path("mine.yaml").write_text(first)
    Path("wrong.yaml").write_text(first.replace("padding: [[0, 1]]", "stride: 0"))
    return tmp_path


@pytest.mark.parametrize("text", blocks(CASE, "yaml"))
def test_every_case_of_the_page_holds_up(tmp_path: Path, text: str) -> None:
    assert cases(tmp_path / "page.yaml", text)


def test_every_command_of_the_page_prints_what_is_shown(here: Path) -> None:
    assert here == Path.cwd()
    for words, printed in commands(CASE):
        said = CliRunner().invoke(main, words[1:])
        assert said.exception is None or isinstance(said.exception, SystemExit)
        assert [line for line in printed if line not in said.output.splitlines()] == []


def test_the_case_that_is_written_is_the_one_that_is_shown(here: Path) -> None:
    _, shown = blocks(CASE, "yaml")[:2]
    (new,) = (words for words, _ in commands(CASE) if words[1] == "new")
    assert CliRunner().invoke(main, new[1:]).exit_code == 0
    assert (here / "mine.yaml").read_text().endswith(shown.removeprefix("cases:\n"))


def test_the_captured_call_of_the_page_is_a_case(here: Path) -> None:
    arrays = {"x": np.ones((1, 4, 4, 2)), "w": np.ones((3, 3, 5, 2))}
    np.savez("call.npz", **arrays, stride=2, padding="same")
    (block,) = (block for block in blocks(CASE, "console") if "--from-npz" in block)
    words = shlex.split(block.replace("\\\n", " "))
    said = CliRunner().invoke(main, words[1:])
    assert said.exit_code == 0, said.output
    assert [case.id for case in load([here / "mine.yaml"]).cases] == ["my-crop", "my-layer"]


@pytest.mark.parametrize("page", [CASE, FRAMEWORK])
def test_every_api_that_is_named_is_one(page: str) -> None:
    named = re.findall(r"--api (\S+)|::([\w.]+)::recipe", page)
    assert {one or other for one, other in named} <= set(APIS)


# Adding a framework


@pytest.fixture(scope="module")
def framework() -> Framework:
    """The adapter that the page shows, as it stands there."""
    return shown_adapter(0)


def shown_adapter(place: int) -> Framework:
    module = types.ModuleType("shown")
    source = blocks(FRAMEWORK, "python")[place]
    exec(compile(source, "docs/adding-a-framework.md", "exec"), module.__dict__)
    found = module.FRAMEWORK
    assert isinstance(found, Framework)
    return found


@pytest.fixture(scope="module")
def shown() -> types.ModuleType:
    """The chain that the page shows, of the adapter of a library."""
    module = types.ModuleType("shown")
    library, *_, chain = blocks(FRAMEWORK, "python")
    for source in (library, chain):
        exec(compile(source, "docs/adding-a-framework.md", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_shown_reader_of_onnx_writes_the_calls_of_the_real_one(mode: Mode, dtype: Any) -> None:
    shown = shown_adapter(2)
    real = FRAMEWORKS[shown.name]
    assert [api.id for api in shown.apis] == [api.id for api in real.apis]
    for q in islice(draws(seed=4, ops=("conv_transpose", "conv")), 40):
        for api in shown.apis:
            if api.operator == q.operator:
                one, other = (
                    call_writer.write(
                        framework, ANY, framework.api(api.id), q.but(dtype=dtype), mode
                    )
                    for framework in (shown, real)
                )
                assert getattr(one, "source", one) == getattr(other, "source", other)


CASES = """
cases:
  - {id: full, why: A., x: [1, 2, 3], kernel: [1, 10]}
  - {id: valid, why: A., x: [1, 2, 3], kernel: [1, 10], padding: valid}
  - {id: same, why: A., x: [1, 2, 3], kernel: [1, 10], padding: same}
  - {id: dilated, why: A., x: [1, 2, 3], kernel: [1, 10], dilation: 2, bias: [4]}
  - {id: grouped, why: A., x: [[[1, 2], [3, 4]]], kernel: [[[1, 10]], [[2, 3]]], groups: 2}
  - {id: lengthened, why: A., x: [1, 2, 3], kernel: [1, 10], output_padding: 2, padding: [[1, 0]]}
  - {id: strided, why: A., x: [1, 2, 3], kernel: [1, 10], stride: 2}
  - {id: flat, why: A., x: [[1, 2], [3, 4]], kernel: [[1, 10]]}
"""


@pytest.fixture(scope="module")
def observed(
    framework: Framework, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Observation]:
    file = tmp_path_factory.mktemp("shown") / "cases.yaml"
    prepared_cases = [PreparedCase(case) for case in cases(file, CASES)]
    items = plan.invocations(framework, ANY, framework.apis, prepared_cases)
    with WorkerClient(interpreters.interpreter_for(framework, sys.executable)) as client:
        return {(o.case, o.mode): o for o in calls.observe(client, list(items))}


@pytest.mark.parametrize("case", ["full", "valid", "same", "dilated", "grouped", "lengthened"])
def test_the_shown_adapters_recipe_gives_the_oracles_answer(
    observed: dict[tuple[str, str], Observation], case: str
) -> None:
    assert observed[case, "recipe"].status == "match"


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("strided", "there is no parameter for stride"),
        ("flat", "it takes one image of one channel, on one axis"),
    ],
)
def test_what_the_shown_adapter_cannot_say_has_its_reason(
    observed: dict[tuple[str, str], Observation], case: str, reason: str
) -> None:
    assert observed[case, "recipe"].detail == reason


def test_the_shown_chain_is_told_from_its_source(
    shown: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(APIS, shown.NARROWED.id, shown.NARROWED)
    text = """
cases:
  - {id: small, why: A., x: [1, 2], kernel: [1, 10]}
  - {id: large, why: A., x: [1, 2], kernel: [1, 300]}
"""
    prepared_cases = [PreparedCase(case) for case in cases(tmp_path / "cases.yaml", text)]
    items = list(plan.invocations(shown.CHAIN, ANY, shown.CHAIN.apis, prepared_cases))
    with WorkerClient(interpreters.interpreter_for(shown.CHAIN, sys.executable)) as client:
        observations = list(calls.observe(client, items))
    relations = twins.relations(observations)
    assert {case: relations[shown.NARROWED.id, case, "native"] for case in ("small", "large")} == {
        "small": "same",
        "large": "changed",
    }
    small, large = (r for r in observations if r.api == shown.NARROWED.id and r.mode == "native")
    assert (small.status, large.status) == ("match", "mismatch")


def test_the_shown_adapter_is_asked_natively_too(
    observed: dict[tuple[str, str], Observation],
) -> None:
    statuses = Counter(o.status for o in observed.values() if o.mode == "native")
    assert statuses == {"match": 2, "mismatch": 1, "inexpressible": 5}


def test_the_trap_that_the_page_tells_of_is_one(framework: Framework, tmp_path: Path) -> None:
    assert (
        "padding: valid` with x 1 2 3 and kernel 1 10, its native call answers 12 23" in FRAMEWORK
    )
    (prepared_case,) = (
        PreparedCase(c) for c in cases(tmp_path / "cases.yaml", CASES) if c.id == "valid"
    )
    native, _ = plan.invocations(framework, ANY, framework.apis, [prepared_case])
    assert not isinstance(native.call, Inexpressible)
    with WorkerClient(interpreters.interpreter_for(framework, sys.executable)) as client:
        outcome = calls.run_one(client, native).outcome
    assert isinstance(outcome, Answer)
    assert outcome.array.tolist() == [[[12, 23]]]


@pytest.mark.parametrize("mode", MODES)
def test_the_shown_library_needs_the_rewritings_of_its_adapter(mode: Mode, tmp_path: Path) -> None:
    shown, real = shown_adapter(1), FRAMEWORKS["flax"]
    api = "flax.linen.ConvTranspose"
    for case in cases(tmp_path / "cases.yaml", CASES):
        first, second = (
            call_writer.write(framework, ANY, framework.api(api), case.question, mode)
            for framework in (shown, real)
        )
        if isinstance(first, Inexpressible) or isinstance(second, Inexpressible):
            assert first == second
        else:
            assert (first.moves, first.cost) == (second.moves, second.cost)
            compile(first.source, "<call>", "exec")


def test_the_table_that_is_shown_is_for_that_adapter(framework: Framework) -> None:
    (table,) = blocks(FRAMEWORK, "toml")
    assert tomllib.loads(table)["numpy"]["framework"] == framework.name


def test_every_field_in_the_table_is_one() -> None:
    rows = re.findall(r"^\| (`\w+\.\w+`.*?) \|", FRAMEWORK, re.MULTILINE)
    assert len(rows) > 5
    for row in rows:
        owner: type = Api
        for name in re.findall(r"`([\w.]+)`", row):
            kind, _, field = name.rpartition(".")
            owner = {"Framework": Framework, "TensorInterop": TensorInterop, "Api": Api, "": owner}[
                kind
            ]
            assert field in {known.name for known in dataclasses.fields(owner)}, name
