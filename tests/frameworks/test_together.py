"""Held against the real framework: asked many at once, it answers as when it is asked one by one,
and what it is not asked again is what it would answer.

Each call of its own has to be compiled where that is what costs, so only a part of the corpus is
asked so: of every topic the first few cases. `benchmarks/sameness.py` compares all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

import pytest

from conformance.adapters.framework import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import corpus
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in, runtime_of
from conformance.observations import Observation
from conformance.runs import calls, plan
from conformance.runs.answer_cache import UNTRACKED
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits, cached_client_in
from conformance.workers.worker_client import WorkerClient

OF_A_TOPIC = 4
FEW = 60
LIMITS = WorkerLimits(timeout=61.0)  # whose answers no run reads


def some() -> Iterator[PreparedCase]:
    seen: Counter[str] = Counter()
    for case in corpus.select_cases(()):
        if any(seen[topic] < OF_A_TOPIC for topic in case.topics):
            seen.update(case.topics)
            yield PreparedCase(case)


def observed(environment: Environment, *, batched: bool) -> list[Observation]:
    with WorkerClient(interpreter_in(environment, batched=batched)) as client:
        return observed_by(client, FRAMEWORKS[environment.framework], some())


def observed_by(
    client: WorkerClient, framework: Framework, cases: Iterable[PreparedCase]
) -> list[Observation]:
    facts = client.identity.facts
    apis = [api for api in framework.apis if facts[f"api {api.id}"]]
    runtime = runtime_of(framework, client.identity)
    observations = calls.observe(client, plan.invocations(framework, runtime, apis, cases))
    return [steady(one) if framework.isolated else one for one in observations]


def steady(one: Observation) -> Observation:
    """The observation without numbers that nobody wrote, which are others each time."""
    if one.status != "mismatch" or one.explanations:
        return one
    return replace(one, diagnosis=None, detail=None, digest=None)


def test_together_is_as_one_by_one(environment: Environment, framework: Framework) -> None:
    if environment.backend not in framework.together:
        assert interpreter_in(environment, batched=True).most == 1
        return
    together = observed(environment, batched=True)
    assert together == observed(environment, batched=False)
    assert Counter(one.status for one in together)["match"] > len(together) / 2


def test_what_is_kept_is_as_what_is_asked(
    environment: Environment, framework: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, and a half to which the other half is asked."""
    for name in UNTRACKED:
        monkeypatch.delenv(name, raising=False)
    cases = list(islice(some(), FEW))
    with cached_client_in(environment, LIMITS) as client:  # one start, as each takes seconds
        kept = partial(observed_by, client, framework)
        client.forget()
        asked = kept(cases)
        client.forget()
        half = kept(cases[::2])
        assert half == [o for o in asked if o.case in {prepared.case.id for prepared in cases[::2]}]
        assert kept(cases) == asked
        client.forget()
        assert kept(cases[::2]) == half
        assert kept(cases) == asked
        assert kept(cases) == asked
        client.forget()
