"""Held against the real framework: what it compiled before gives the answers that it gives anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conformance import corpus, survey
from conformance.api import Framework
from conformance.interpreters import compiled_in
from conformance.observations import Observation
from conformance.survey import Subject
from conformance.workers.controller import Examination

CASES = "stride-and-kernel"


def observed(framework: Framework, executable: str, backend: str | None, home: Path) -> str:
    interpreter = survey.interpreter_for(framework, executable, backend, together=True)
    kept = compiled_in(home, framework)
    with Examination(
        replace(interpreter, variables={**interpreter.variables, **kept})
    ) as examination:
        facts = examination.identity.facts
        apis = [api for api in framework.apis if facts[f"api {api.id}"]]
        subjects = [Subject(case) for case in corpus.chosen((), CASES)]
        asked = survey.items(framework, facts["backend"], apis, subjects)
        told: list[Observation] = list(survey.observe(examination, asked))
    return "\n".join(map(str, told))


def test_compiled_code_is_found_again_and_does_no_harm_where_it_is_damaged(
    framework: Framework, executable: str, backend: str | None, tmp_path: Path
) -> None:
    first = observed(framework, executable, backend, tmp_path)
    files = {file: file.read_bytes() for file in tmp_path.rglob("*-cache")}
    compiles = bool(framework.compiled) and backend in (None, "jax")
    assert bool(files) == compiles
    assert observed(framework, executable, backend, tmp_path) == first
    assert {file: file.read_bytes() for file in tmp_path.rglob("*-cache")} == files
    for file, held in files.items():
        file.write_bytes(held[: len(held) // 2])
    assert observed(framework, executable, backend, tmp_path) == first
