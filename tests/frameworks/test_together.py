"""Held against the real framework: asked many at once, it answers as when it is asked one by one.

Each call of its own has to be compiled where that is what costs, so only a part of the corpus is
asked so: of every topic the first few cases. `benchmarks/end_to_end.py` compares all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.adapters.base import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import corpus
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in, runtime_of
from conformance.observations import Observation
from conformance.runs import calls, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.workers.worker_client import WorkerClient

OF_A_TOPIC = 4


def some() -> Iterator[PreparedCase]:
    seen: Counter[str] = Counter()
    for case in corpus.select_cases(()):
        if any(seen[topic] < OF_A_TOPIC for topic in case.topics):
            seen.update(case.topics)
            yield PreparedCase(case)


def observed(environment: Environment, *, batched: bool) -> list[Observation]:
    framework = FRAMEWORKS[environment.framework]
    with WorkerClient(interpreter_in(environment, batched=batched)) as client:
        facts = client.identity.facts
        apis = [api for api in framework.apis if facts[f"api {api.id}"]]
        asked = plan.invocations(framework, runtime_of(framework, client.identity), apis, some())
        return list(calls.observe(client, asked))


def test_together_is_as_one_by_one(environment: Environment, framework: Framework) -> None:
    if environment.backend not in framework.together:
        assert interpreter_in(environment, batched=True).most == 1
        return
    together = observed(environment, batched=True)
    assert together == observed(environment, batched=False)
    assert Counter(one.status for one in together)["match"] > 100
