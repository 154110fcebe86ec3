"""Sessions: a run for every framework, the report over all of them, and the tests of the whole.

    nox             runs every framework and writes the report
    nox -t test     lint, types, unit tests, every framework's tests, and whether the report is current
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, field
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True

RUNS = Path("reports", "runs")
os.environ.setdefault("CONFORMANCE_ENVIRONMENTS", str(Path(".nox", "environments").absolute()))


@dataclass(frozen=True)
class Environment:
    """What a framework's environment holds; adding a framework is adding one of these."""

    framework: str
    pins: tuple[str, ...]
    python: str = "3.11"
    variables: dict[str, str] = field(default_factory=dict)


TORCH, KERAS, JAX, TENSORFLOW = (
    "torch==2.13.0",
    "keras==3.15.1",
    "jax==0.10.2",
    "tensorflow-cpu==2.21.0",
)
NUMPY = "numpy==2.4.6"
ENVIRONMENTS = {
    "torch": Environment("torch", (TORCH, NUMPY)),
    "tensorflow": Environment("tensorflow", (TENSORFLOW, KERAS, NUMPY)),
    "keras": Environment(
        "keras", (TENSORFLOW, KERAS, NUMPY), variables={"KERAS_BACKEND": "tensorflow"}
    ),
    "keras-torch": Environment("keras", (TORCH, KERAS, NUMPY), variables={"KERAS_BACKEND": "torch"}),
    "keras-jax": Environment("keras", (JAX, KERAS, NUMPY), variables={"KERAS_BACKEND": "jax"}),
    "jax": Environment("jax", (JAX, NUMPY)),
    # The last MXNet needs a NumPy that has wheels for no later Python.
    "mxnet": Environment("mxnet", ("mxnet==1.9.1", "numpy==1.23.5")),
}


def _run(name: str, environment: Environment) -> None:
    """Adds the session that observes one environment, and the one that tests its adapter."""

    def arguments() -> list[str]:
        pins = [word for pin in environment.pins for word in ("--with", pin)]
        return ["--framework", environment.framework, "--python", environment.python, *pins]

    @nox.session(name=name)
    def run(session: nox.Session) -> None:
        session.install("-e", ".")
        session.run(
            "conformance", "run", *arguments(), "--out", str(RUNS / f"{name}.jsonl"), *session.posargs,
            env=environment.variables,
        )

    @nox.session(name=f"test-{name}", default=False)
    def test(session: nox.Session) -> None:
        session.install("-e", ".[test]")
        session.run("pytest", "tests/frameworks", *arguments(), env=environment.variables)

    run.__doc__ = f"Observe {name}."
    test.__doc__ = f"Test the adapter of {name}."
