"""Sessions: a run in every framework's own environment, the report over all, and the tests of all.

nox            runs every framework and writes the report
nox -t test    lint, types, unit tests, every adapter against its framework, every run, and
               whether the committed report is what the pinned versions give
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"

REPORTS = Path("reports")
RUNS = REPORTS / "runs"
COMMITTED = ("compatibility.md", "compatibility.csv")
os.environ.setdefault("CONFORMANCE_ENVIRONMENTS", str(Path(".nox", "environments").absolute()))


@dataclass(frozen=True)
class Environment:
    """What one environment holds; adding a framework is adding one of these."""

    framework: str
    pins: tuple[str, ...]
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> list[str]:
        """How the command line is told."""
        pins = [word for pin in self.pins for word in ("--with", pin)]
        return ["--framework", self.framework, "--python", self.python, *pins]


NUMPY = "numpy==2.4.6"
TORCH = "torch==2.13.0"
KERAS = "keras==3.15.1"
JAX = "jax==0.10.2"
TENSORFLOW = "tensorflow-cpu==2.21.0"

ENVIRONMENTS = {
    "torch": Environment("torch", (TORCH, NUMPY)),
    "tensorflow": Environment("tensorflow", (TENSORFLOW, KERAS, NUMPY)),
    "keras": Environment(
        "keras", (TENSORFLOW, KERAS, NUMPY), variables={"KERAS_BACKEND": "tensorflow"}
    ),
    "keras-torch": Environment(
        "keras", (TORCH, KERAS, NUMPY), variables={"KERAS_BACKEND": "torch"}
    ),
    "keras-jax": Environment("keras", (JAX, KERAS, NUMPY), variables={"KERAS_BACKEND": "jax"}),
    "jax": Environment("jax", (JAX, NUMPY)),
    # The last MXNet needs a NumPy that has wheels for no later Python.
    "mxnet": Environment("mxnet", ("mxnet==1.9.1", "numpy==1.23.5"), python="3.11"),
}
nox.options.sessions = [*ENVIRONMENTS, "report"]


@nox.session(tags=["test"])
def lint(session: nox.Session) -> None:
    """Style, format and types of the code; the cases, and what they can tell apart."""
    session.install("-e", ".[test,lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("conformance", "check")


@nox.session(tags=["test"])
def tests(session: nox.Session) -> None:
    """Everything that needs no framework."""
    session.install("-e", ".[test]")
    session.run("pytest", "--numprocesses", "2", *session.posargs)


def add(name: str, environment: Environment) -> None:
    """Adds the session that observes an environment, and the one that tests its adapter there."""

    def run(session: nox.Session) -> None:
        session.install("-e", ".")
        out = ("--out", str(RUNS / f"{name}.jsonl"), "--reuse")
        words = ("conformance", "run", *environment.arguments, *out, *session.posargs)
        session.run(*words, env=environment.variables)

    def test(session: nox.Session) -> None:
        session.install("-e", ".[test]")
        words = ("pytest", "tests/frameworks", *environment.arguments, *session.posargs)
        session.run(*words, env=environment.variables)

    run.__doc__ = f"Ask every case in the environment {name}."
    test.__doc__ = f"Hold the adapter against the environment {name}."
    nox.session(run, name=name, tags=["test"])
    nox.session(test, name=f"test-{name}", tags=["test"])


for _name, _environment in ENVIRONMENTS.items():
    add(_name, _environment)


@nox.session
def report(session: nox.Session) -> None:
    """Tables and a page over all runs."""
    session.install("-e", ".")
    session.run("conformance", "report", *_runs(), "--out", str(REPORTS))


@nox.session(tags=["test"])
def current(session: nox.Session) -> None:
    """Whether the committed report is what the runs give."""
    session.install("-e", ".")
    fresh = Path(session.create_tmp())
    session.run("conformance", "report", *_runs(), "--out", str(fresh))
    for name in COMMITTED:
        words = ("git", "--no-pager", "diff", "--no-index", "--exit-code")
        session.run(*words, str(REPORTS / name), str(fresh / name), external=True)


def _runs() -> list[str]:
    return [str(RUNS / f"{name}.jsonl") for name in ENVIRONMENTS]
