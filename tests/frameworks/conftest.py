"""Where the framework under test is: given on the command line, and started once."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from conformance import pythons, survey
from conformance.api import Framework
from conformance.environments import Environment
from conformance.frameworks import FRAMEWORKS
from conformance.workers.controller import Examination


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--framework", choices=sorted(FRAMEWORKS), required=True)
    parser.addoption("--python", default=sys.executable, help="as of `conformance run`")
    parser.addoption("--with", dest="pins", action="append", default=[], metavar="PIN")


@pytest.fixture(scope="session")
def framework(pytestconfig: pytest.Config) -> Framework:
    return FRAMEWORKS[pytestconfig.getoption("--framework")]


@pytest.fixture(scope="session")
def executable(pytestconfig: pytest.Config) -> str:
    """The framework's own interpreter."""
    python: str = pytestconfig.getoption("--python")
    pins = pytestconfig.getoption("pins")
    if pins:
        name = pytestconfig.getoption("--framework")
        made = Environment(framework=name, pins=tuple(pins), python=pythons.canonical(python))
        return made.executable()
    path = pythons.find(python)
    if path is None:
        raise pytest.UsageError(pythons.missing(python))
    return path


@pytest.fixture(scope="session")
def examination(framework: Framework, executable: str) -> Iterator[Examination]:
    """The framework in its own interpreter; a missing one is an error, never a skip."""
    with Examination(survey.interpreter_for(framework, executable)) as started:
        yield started


@pytest.fixture(scope="session")
def backend(examination: Examination) -> str | None:
    name: str | None = examination.identity.facts["backend"]
    return name
