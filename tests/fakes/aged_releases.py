"""Releases of ``plain`` to record, also in a process of its own that is killed at some moment.

`fakes.aged` is the framework, and `fakes.installer` is uv.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from fakes import drive

from conformance.cases import profile_set
from conformance.cli.app import main
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.history import companions
from conformance.utils import resources

CASES = """
cases:
  - {id: flip, why: One., x: [1, 2], kernel: [1, 10], topics: [kernel-flip]}
  - {id: spread, why: Two., x: [1, 2], kernel: [1, 10], dilation: 2, topics: [dilation]}
  - {id: even, why: Three., x: [1, 2], kernel: [1, 1]}
"""
PLACE = Environment(framework="torch", pins=("plain==1.5", "companion==5"), python="3.11")
KILLED_AT = "FAKE_KILLED_AT"
"""The variable with the number of the step at which the process is killed."""
STEPS = {"os.mkdir", "os.rename", "os.remove", "shutil.rmtree", "subprocess.Popen"}


def pretend(folder: Path) -> None:
    """Have the cases in a folder as the profile set, and ``plain`` as the only package."""
    drive.aged()
    resources.CASES = folder
    profile_set.IDS = frozenset({"flip", "spread"})
    definitions.pinned = companions.pinned = lambda: {"plain": PLACE}


if __name__ == "__main__":
    pretend(Path(os.environ["FAKE_CASES"]))
    steps, last = 0, int(os.environ.get(KILLED_AT, "0"))

    def count(event: str, arguments: tuple[object, ...]) -> None:
        global steps
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wa"
        if event in STEPS or writes:
            steps += 1
            if 0 < last <= steps:  # as another thread may count between these two lines
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    try:
        main(sys.argv[1:], prog_name="conformance")
    finally:
        sys.stdout.write(f"{steps}\n")
