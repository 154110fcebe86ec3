"""Where the framework under test is: named on the command line, made if need be, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance import environments, survey
from conformance.api import Framework
from conformance.environments import Environment
from conformance.frameworks import FRAMEWORKS
from conformance.workers.controller import Examination


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--environment", choices=list(environments.pinned()), required=True)


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Environment:
    return environments.pinned()[pytestconfig.getoption("--environment")]


@pytest.fixture(scope="session")
def framework(environment: Environment) -> Framework:
    return FRAMEWORKS[environment.framework]


@pytest.fixture(scope="session")
def executable(environment: Environment) -> str:
    """The framework's own interpreter."""
    return environment.executable()


@pytest.fixture(scope="session")
def examination(framework: Framework, executable: str) -> Iterator[Examination]:
    """The framework in its own interpreter; a missing one is an error, never a skip."""
    with Examination(survey.interpreter_for(framework, executable)) as started:
        yield started


@pytest.fixture(scope="session")
def backend(examination: Examination) -> str | None:
    name: str | None = examination.identity.facts["backend"]
    return name
