"""The limits of workers: which of them an environment changes."""

from collections.abc import Callable
from typing import Any

import pytest

from conformance.environments.definitions import Environment
from conformance.runs import worker_limits
from conformance.runs.worker_limits import WorkerLimits

Make = Callable[[Environment, WorkerLimits], Any]


@pytest.mark.parametrize("make", [worker_limits.client_in, worker_limits.cached_client_in])
def test_an_environment_multiplies_the_seconds_of_a_question_alone(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_limits, "WorkerClient", lambda _, **limits: limits)
    monkeypatch.setattr(worker_limits, "CachedClient", lambda *_, **limits: limits)
    limits = WorkerLimits(timeout=6, startup=7, memory=8, growth=9)
    for multiplier in (1, 10):
        environment = Environment(framework="torch", timeout_multiplier=multiplier)
        assert make(environment, limits) == {
            "timeout": 6 * multiplier, "startup": 7, "memory": 8, "growth": 9,
        }  # fmt: skip
