"""Held against the real framework: what it compiled before gives the answers that it gives anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import corpus
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import compiled_in, interpreter_in, runtime_of
from conformance.observations import Observation
from conformance.runs import calls, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.workers.worker_client import WorkerClient

CASES = "stride-and-kernel"


def observed(environment: Environment, home: Path) -> str:
    framework = FRAMEWORKS[environment.framework]
    interpreter = interpreter_in(environment, batched=True)
    kept = compiled_in(home, framework)
    with WorkerClient(replace(interpreter, variables={**interpreter.variables, **kept})) as client:
        facts = client.identity.facts
        apis = [api for api in framework.apis if facts[f"api {api.id}"]]
        prepared_cases = [PreparedCase(case) for case in corpus.select_cases((), CASES)]
        runtime = runtime_of(framework, client.identity)
        asked = plan.invocations(framework, runtime, apis, prepared_cases)
        told: list[Observation] = list(calls.observe(client, asked))
    return "\n".join(map(str, told))


def test_compiled_code_is_found_again_and_does_no_harm_where_it_is_damaged(
    environment: Environment, tmp_path: Path
) -> None:
    compiles = any(pin.startswith("jax==") for pin in environment.pins)
    if not compiled_in(tmp_path, FRAMEWORKS[environment.framework]):
        assert not compiles
        return  # it knows no folder in which it could keep anything
    first = observed(environment, tmp_path)
    files = {file: file.read_bytes() for file in tmp_path.rglob("*-cache")}
    assert bool(files) == compiles
    if not files:
        return  # a second run would ask the same again
    assert observed(environment, tmp_path) == first
    assert {file: file.read_bytes() for file in tmp_path.rglob("*-cache")} == files
    for file, held in files.items():
        file.write_bytes(held[: len(held) // 2])
    assert observed(environment, tmp_path) == first
