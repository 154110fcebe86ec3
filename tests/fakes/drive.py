"""``conformance`` with a fake in the place of PyTorch, also as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fakes import pipes
from fakes.clock import PATIENCE
from fakes.frameworks import api, framework, function

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main
from conformance.runs import scheduler

TESTS = Path(__file__).parent.parent
PATHS = os.pathsep.join([str(TESTS), str(TESTS.parent), *filter(None, [os.getenv("PYTHONPATH")])])
COVERAGE = "COVERAGE_PROCESS_CONFIG"
"""The variable with which coverage is started in a process, if there is coverage at all."""
_MEASURED = {name: value for name, value in os.environ.items() if name == COVERAGE}


def variables(folder: Path | None = None) -> dict[str, str]:
    """The environment of a process of ours that is measured; a fake leaves things in ``folder``."""
    own = {} if folder is None else {"FAKE_FOLDER": str(folder)}
    return {**os.environ, **_MEASURED, "PYTHONPATH": PATHS, **own}


def fake(folder: Path, prelude: str = "from fakes import plain, troubled") -> None:
    """Puts the troubled fake where PyTorch was; ``folder`` is for what it leaves behind."""
    spell = function("troubled.ask", layout="N C *s", kernel="in out *k")
    FRAMEWORKS["torch"] = framework(
        api(id="plain.right"),
        api(id="plain.troubled", native=spell, recipe=spell),
        api(id="plain.backwards", flips=True),
        api(id="plain.gone", exists="plain.nothing"),
        name="torch",
        title="Plain",
        prelude=prelude,
        variables={"PYTHONPATH": PATHS, "FAKE_FOLDER": str(folder)},
    )


def aged() -> None:
    """Puts a framework where PyTorch was that is another one in each release of ``plain``."""
    spell = function("aged.ask", layout="N C *s", kernel="in out *k")
    FRAMEWORKS["torch"] = framework(
        api(id="plain.ask", native=spell, recipe=spell),
        api(id="plain.new", native=spell, recipe=spell, exists="aged.VERSION >= '1.3'"),
        name="torch",
        title="Plain",
        prelude="from fakes import aged, plain",
        version="aged.VERSION",
        variables={"PYTHONPATH": PATHS},
    )


def interrupted(script: str | None, words: Sequence[str], folder: Path) -> str:
    """Interrupts a command whose worker holds a pipe, and ends with it; returns what it said."""
    with pipes.made(folder / "pipe") as pipe:
        with subprocess.Popen(
            [sys.executable, str(script), *words],
            env=variables(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert pipe.is_held()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
        assert pipe.has_ended()
    assert process.returncode == 2
    return said


if __name__ == "__main__":
    os.environ.pop(COVERAGE, None)  # its workers are not measured
    scheduler.WORTH = 0.0  # as many workers as are allowed, however little there is to do
    fake(Path(os.environ["FAKE_FOLDER"]))
    main(sys.argv[1:], prog_name="conformance")
