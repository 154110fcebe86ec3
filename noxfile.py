"""Sessions: every framework asked in its own environment, the report over all, and all tests.

nox                           asks every framework and writes the report
nox -t test                   lint, types, unit tests, every adapter against its framework, every
                              run, and whether the committed report and baseline are what it gives
nox -s gate                   whether the pinned versions do what was accepted
nox -s upgrade -- keras==X    what another version would change
nox -s accept                 takes what they do as accepted
nox -s bench                  how fast everything is, beside its peers

An environment whose Python is not installed is said and left out. CONFORMANCE_PYTHON_DOWNLOADS=1
lets uv download it.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"

REPORTS = Path("reports")
RUNS = REPORTS / "runs"
BASELINE = REPORTS / "baseline"
COMMITTED = ("compatibility.md", "compatibility.csv")
ENVIRONMENTS = tomllib.loads(Path("conformance", "environments.toml").read_text(encoding="utf-8"))
CORES = str(os.cpu_count() or 1)
BENCHMARKS: dict[str, list[list[str]]] = {
    "oracle": [[]],
    "diagnosis": [["--pairs"]],
    "loading": [[]],
    "gate": [[]],
    "report": [[]],
    "end_to_end": [["--pytest"]],
    "scale": [["growth"], ["together"], ["cluster"]],
    "translations": [["--count", "2000"]],
}
if sys.dont_write_bytecode:  # or else every start would compile all that it imports
    os.environ.setdefault("UV_COMPILE_BYTECODE", "1")
os.environ.setdefault("CONFORMANCE_ENVIRONMENTS", str(Path(".nox", "environments").absolute()))
nox.options.sessions = ["runs", "report"]


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


@nox.session(tags=["test"])
def runs(session: nox.Session) -> None:
    """Ask every case in every environment, as many side by side as there are cores."""
    session.install("-e", ".")
    _run(session, "all", *_LENIENT, *session.posargs)


def add(name: str, environment: dict[str, Any]) -> None:
    """Adds the session that observes an environment, and the one that tests its adapter there."""

    def run(session: nox.Session) -> None:
        session.install("-e", ".")
        _run(session, name, "--out", str(RUNS / f"{name}.jsonl"), *session.posargs)

    def test(session: nox.Session) -> None:
        session.install("-e", ".[test]")
        code = "import sys; from conformance.environments import pinned as p"
        code += "; print(p()[sys.argv[1]].missing_python or '')"
        missing = str(session.run("python", "-c", code, name, silent=True) or "").strip()
        if missing:
            session.skip(f"{name} is not tested: {missing}")
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
    nox.session(run, name=name)
    nox.session(test, name=f"test-{name}", tags=["test"])


for _name, _environment in ENVIRONMENTS.items():
    add(_name, _environment)


@nox.session
def report(session: nox.Session) -> None:
    """Tables and a page over all runs; what is committed stays where an environment was not run."""
    session.install("-e", ".")
    unrun = _unrun(session)
    kept = {path: path.read_bytes() for path in map(REPORTS.joinpath, COMMITTED) if unrun}
    session.run("conformance", "report", *_runs(), "--out", str(REPORTS))
    for path, content in kept.items():
        path.write_bytes(content)
        session.warn(f"{path} is left as it is, for want of {', '.join(unrun)}")


@nox.session(tags=["test"])
def current(session: nox.Session) -> None:
    """Whether the committed report is what the runs give."""
    session.install("-e", ".")
    if unrun := _unrun(session):
        session.skip(f"it cannot be told without {', '.join(unrun)}")
    fresh = Path(session.create_tmp())
    session.run("conformance", "report", *_runs(), "--out", str(fresh))
    for name in COMMITTED:
        words = ("git", "--no-pager", "diff", "--no-index", "--exit-code")
        session.run(*words, str(REPORTS / name), str(fresh / name), external=True)


@nox.session(tags=["test"])
def gate(session: nox.Session) -> None:
    """Whether every framework, as pinned, does what was accepted."""
    session.install("-e", ".")
    _run(session, "all", *_LENIENT)
    unrun = _unrun(session)
    _gate(session, (run for run in _runs() if Path(run).stem not in unrun))


@nox.session
def upgrade(session: nox.Session) -> None:
    """What another version would change: nox -s upgrade -- keras==3.16.0 jax==0.11.0"""
    if not session.posargs:
        session.error("say which: nox -s upgrade -- keras==3.16.0")
    session.install("-e", ".")
    folder = Path(session.create_tmp())
    for left in folder.glob("*.jsonl"):
        left.unlink()
    pins = [word for pin in session.posargs for word in ("--with", pin)]
    words = (*_WORDS, "all", "--jobs", CORES, *pins, "--out", str(folder))
    session.run(*words, success_codes=[0, 2])  # what cannot be installed is said by the gate
    _gate(session, map(str, sorted(folder.glob("*.jsonl"))))


@nox.session
def accept(session: nox.Session) -> None:
    """Take what the pinned versions do, asked twice, as what is gated against from now on."""
    session.install("-e", ".")
    again = Path(session.create_tmp())
    _run(session, "all")
    session.run(*_WORDS, "all", "--jobs", CORES, "--out", str(again))
    both = [*_runs(), *(str(again / Path(run).name) for run in _runs())]
    session.run("conformance", "accept", *both, "--to", str(BASELINE))


@nox.session
def bench(session: nox.Session) -> None:
    """All benchmarks, or some, on a machine with nothing else to do: nox -s bench -- oracle gate"""
    session.install("-e", ".[test]", "onnx", "onnxruntime")
    for name in session.posargs or BENCHMARKS:
        for words in BENCHMARKS[name]:
            session.run("python", f"benchmarks/{name}.py", *words)


@nox.session(tags=["test"])
def wheel(session: nox.Session) -> None:
    """Whether the installed package alone, anywhere, gates an interpreter that is not ours."""
    session.install(".")
    code = "from conformance.environments import pinned; print(pinned()['torch'].executable())"
    python = str(session.run("python", "-c", code, silent=True)).strip()
    with session.chdir(session.create_tmp()):
        words = ("--framework", "torch", "--python", python, "--out", "torch.jsonl")
        session.run("conformance", "run", *words)
        session.run("conformance", "gate", "shipped", "torch.jsonl")


_WORDS = ("conformance", "run", "--environment")
_LENIENT = ("--skip-missing-interpreters",)


def _run(session: nox.Session, name: str, *words: str) -> None:
    session.run(*_WORDS, name, "--jobs", CORES, "--reuse", *words)


def _runs() -> list[str]:
    return [str(RUNS / f"{name}.jsonl") for name in ENVIRONMENTS]


def _unrun(session: nox.Session) -> list[str]:
    """The environments that are not run, as their Python is missing; it is said why."""
    unrun = []
    for path in filter(Path.exists, map(Path, _runs())):
        with path.open(encoding="utf-8") as lines:
            failure = json.loads(lines.readline() or "{}").get("failure")
        if failure is not None:
            session.warn(f"{path.stem} is not run: {failure}")
            unrun.append(path.stem)
    return unrun


def _gate(session: nox.Session, candidates: Iterable[str]) -> None:
    """Gates every run, so that one that changed hides none of the others."""
    changed = []
    for candidate in candidates:
        try:
            session.run("conformance", "gate", str(BASELINE), candidate)
        except CommandFailed:
            changed.append(Path(candidate).stem)
    if changed:
        session.error(f"not as accepted: {', '.join(changed)}")
