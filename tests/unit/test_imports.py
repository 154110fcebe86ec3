"""What is imported when: no framework ever, and nothing heavy before it is needed."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gate_runs import seen, write

import conformance
from conformance.cli.app import COMMANDS

ROOT = Path(conformance.__file__).parent.parent
FRAMEWORKS = {"torch", "tensorflow", "keras", "jax", "mxnet"}
HEAVY = {"numpy", "pandas", "pydantic", "jinja2", "rich", "yaml"}


def imported(*modules: str) -> set[str]:
    """The top-level modules that an interpreter has after importing these."""
    program = f"import sys\nimport {', '.join(modules)}\nprint(*sys.modules)"
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.getenv("PYTHONPATH")])])
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in told.stdout.split()}


def test_the_package_imports_nothing_heavy() -> None:
    assert not imported("conformance") & (FRAMEWORKS | HEAVY)


def test_the_command_line_imports_nothing_heavy() -> None:
    assert not imported("conformance.cli.app") & (FRAMEWORKS | HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_imports_no_framework(name: str) -> None:
    assert not imported(f"conformance.cli.{name}") & FRAMEWORKS


@pytest.mark.parametrize("name", ["run", "apis", "check", "diagnose"])
def test_a_command_that_makes_no_tables_imports_no_pandas(name: str) -> None:
    assert "pandas" not in imported(f"conformance.cli.{name}")


def test_the_assertions_import_no_framework_and_no_tables() -> None:
    assert not imported("conformance.testing") & (FRAMEWORKS | {"pandas", "rich", "jinja2"})


def test_all_adapters_import_no_framework() -> None:
    assert not imported("conformance.adapters.registry") & FRAMEWORKS


def test_the_worker_imports_nothing_of_ours() -> None:
    """Not even NumPy, before the framework's interpreter is known to be one."""
    program = (
        "import runpy, sys\n"
        f"runpy.run_path({str(ROOT / 'conformance' / 'workers' / 'worker.py')!r}, run_name='w')\n"
        "print(*sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert not {"conformance", "numpy"} & set(told.stdout.split())


@pytest.mark.parametrize(
    "file", ["__init__.py", "workers/batched.py", "workers/program.py", "workers/worker.py"]
)
def test_what_a_worker_reads_runs_on_an_older_python(file: str) -> None:
    """Python 3.8 has neither ``list[str]`` nor ``str | None``, but as text."""
    source = (ROOT / "conformance" / file).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    assert "from __future__ import annotations" in map(ast.unparse, tree.body)


# Without POSIX

ELSEWHERE = """
import asyncio, os, selectors, signal, subprocess, sys, tempfile, webbrowser
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
for name in ("fork", "killpg", "pread", "setsid", "sysconf"):
    delattr(os, name)
del signal.SIGKILL
from conformance.cli.app import main
main(sys.argv[1:])
"""
"""A system such as Windows, as far as it can be had here."""


def elsewhere(*words: object) -> subprocess.CompletedProcess[str]:
    """A command where there are neither locks nor process groups."""
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.getenv("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *map(str, words)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["gate", "report", "accept", "check"])
def test_files_are_read_and_written_where_there_is_no_posix(tmp_path: Path, command: str) -> None:
    run = write(tmp_path / "run.jsonl", seen("d2l-basic"))
    cases = tmp_path / "cases.yaml"
    cases.write_text("cases:\n  - {id: a, why: Why., x: [1, 2], kernel: [1, 10]}\n")
    words = {
        "gate": (run, run),
        "report": (run, "--cases", cases, "--out", tmp_path / "report"),
        "accept": (run, "--to", tmp_path / "baseline"),
        "check": (cases,),
    }
    ran = elsewhere(command, *words[command])
    assert ran.returncode == 0, ran.stderr


def test_a_worker_is_refused_in_a_sentence_where_there_is_no_posix(tmp_path: Path) -> None:
    ran = elsewhere("run", "--framework", "torch", "--out", tmp_path / "run.jsonl")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "a worker needs process groups, as Linux and macOS have them" in ran.stderr
