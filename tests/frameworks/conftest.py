"""Where the framework under test is: a pinned environment, which is asked each call once.

As in a run, an answer is kept with all that decides it, so that a test asks what is new to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.adapters.framework import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in, runtime_of
from conformance.runs.worker_limits import WorkerLimits, cached_client_in
from conformance.workers.interpreter import Interpreter
from conformance.workers.worker_client import WorkerClient


def pytest_addoption(parser: pytest.Parser) -> None:
    names = list(definitions.pinned())
    parser.addoption("--environment", choices=names, required=True, help="as of `conformance run`")


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Environment:
    return definitions.pinned()[pytestconfig.getoption("--environment")]


@pytest.fixture(scope="session")
def interpreter(environment: Environment) -> Interpreter:
    """The framework's own, asked one by one."""
    return interpreter_in(environment, batched=False)


@pytest.fixture(scope="session")
def client(environment: Environment) -> Iterator[WorkerClient]:
    """The framework in its own interpreter; a missing one is an error, never a skip.

    It has time for a layer of 2,048 channels where JavaScript computes, on a machine with other
    work.
    """
    with cached_client_in(environment, WorkerLimits(timeout=600, batched=False)) as started:
        yield started


@pytest.fixture(scope="session")
def runtime(environment: Environment, client: WorkerClient) -> Runtime:
    return runtime_of(FRAMEWORKS[environment.framework], client.identity)


@pytest.fixture(scope="session")
def framework(environment: Environment, runtime: Runtime) -> Framework:
    """The adapter, with the APIs that the pinned versions have."""
    adapter = FRAMEWORKS[environment.framework]
    return replace(adapter, apis=tuple(api for api in adapter.apis if runtime.has(api.versions)))
