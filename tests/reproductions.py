"""Reproductions of small cases, for the tests of scripts and of what they hold."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from case_files import MINIMAL
from convolver import FRAMEWORK

from conformance.adapters.runtime import ANY
from conformance.environments import interpreters
from conformance.explain.reproduction import CallOutcome, Reproduction
from conformance.observations import Mode
from conformance.recipes.call_writer import Call
from conformance.runs import calls, lookup, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.workers.worker_client import WorkerClient

Make = Callable[..., Reproduction]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """The reproduction of the case in ``text`` for one of the APIs, as it was seen or not."""

    def made(
        api: str, text: str = MINIMAL, *, mode: Mode = "native", ask: bool = False
    ) -> Reproduction:
        file = tmp_path / "cases.yaml"
        file.write_text(text, encoding="utf-8")
        prepared_case = PreparedCase(lookup.case_named("one", [file]))
        chosen = FRAMEWORK.api(f"convolver.{api}")
        items = plan.invocations(FRAMEWORK, ANY, [chosen], [prepared_case])
        item = next(item for item in items if mode in item.modes)
        assert isinstance(item.call, Call)
        seen = None
        if ask:
            with WorkerClient(interpreters.interpreter_for(FRAMEWORK, sys.executable)) as client:
                observation = calls.run_one(client, item).observation(mode)
            seen = CallOutcome(observation, "1.0")
        return Reproduction(
            framework=FRAMEWORK,
            api=chosen,
            prepared_case=prepared_case,
            mode=mode,
            call=item.call,
            outcome=seen,
        )

    return made
