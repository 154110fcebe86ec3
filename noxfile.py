"""Sessions: a run in every framework's own environment, the report over all, and the tests of all.

nox            runs every framework and writes the report
nox -t test    lint, types, unit tests, every adapter against its framework, every run, and
               whether the committed report is what the pinned versions give
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"

REPORTS = Path("reports")
RUNS = REPORTS / "runs"
COMMITTED = ("compatibility.md", "compatibility.csv")
os.environ.setdefault("CONFORMANCE_ENVIRONMENTS", str(Path(".nox", "environments").absolute()))


ENVIRONMENTS = tomllib.loads(Path("conformance", "environments.toml").read_text(encoding="utf-8"))
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


def add(name: str, environment: dict[str, Any]) -> None:
    """Adds the session that observes an environment, and the one that tests its adapter there."""

    def run(session: nox.Session) -> None:
        session.install("-e", ".")
        out = ("--out", str(RUNS / f"{name}.jsonl"), "--reuse")
        session.run("conformance", "run", "--environment", name, *out, *session.posargs)

    def test(session: nox.Session) -> None:
        session.install("-e", ".[test]")
        python = environment.get("python", f"{sys.version_info.major}.{sys.version_info.minor}")
        session.run(
            *("pytest", "tests/frameworks", "--framework", environment["framework"]),
            *("--python", python),
            *(word for pin in environment["pins"] for word in ("--with", pin)),
            *session.posargs,
            env={"KERAS_BACKEND": environment["backend"]} if "backend" in environment else {},
        )

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
