"""An environment holds its pins and what its constraints say, and nothing else."""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.workers.interpreter import Interpreter


def test_whatever_is_installed_has_a_version_that_is_written_down(
    environment: Environment, interpreter: Interpreter
) -> None:
    pins = list(map(Requirement, (*environment.pins, *environment.constraints)))
    floating = {
        f"{name}=={version}"
        for name, version in definitions.installed(interpreter.executable).items()
        if not any(
            canonicalize_name(pin.name) == name and pin.specifier.contains(version, True)
            for pin in pins
        )
    }
    assert floating == set()
