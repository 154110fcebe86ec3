"""Runs that are killed at any moment: who is left of them, and what their files come to."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from click.testing import CliRunner
from fakes import drive, troubled
from fakes.clock import PATIENCE, wait_until

from conformance.cli.app import main
from conformance.workers import warden, worker

SLOW = troubled.FIRST_NUMBER["dawdles"]
CASES = "cases:\n" + "".join(
    f"  - {{id: c{n:02}, why: Why., x: [{SLOW}, {n}], kernel: [1, 10]}}\n" for n in range(10)
)
LINE = (
    *("run", "cases.yaml", "--framework", "torch", "--api", "plain.troubled"),
    *("--out", "run.jsonl"),
)
MARK = "KILLED_RUN"
"""The variable that every process of an attacked run has in its environment."""


class Attacked:
    """A folder in which one run after the other is killed.

    Parameters
    ----------
    folder
        Where the process is, too.
    jobs
        How many workers a run has.
    """

    def __init__(self, folder: Path, jobs: int) -> None:
        (folder / "cases.yaml").write_text(CASES)
        self.path = folder / "run.jsonl"
        self.jobs = jobs
        self._words = (*LINE, "--jobs", str(jobs))
        self._folder = folder
        self._mark = f"{MARK}={folder}".encode()
        drive.fake(folder)
        warden.new_mark()  # so that the warden of this process is none of a run's

    def start(self) -> subprocess.Popen[bytes]:
        """Start the run as a process of its own."""
        self.path.unlink(missing_ok=True)
        return subprocess.Popen(
            [sys.executable, drive.__file__, *self._words],
            env={**drive.variables(self._folder), MARK: str(self._folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def go_on(self, *more: str) -> int:
        """Make the run, or what is left of it, in this process; the status that it ends with."""
        return CliRunner().invoke(main, [*self._words, *more]).exit_code

    def processes(self, program: str = "") -> list[int]:
        """All that live of any run, as far as their command has this in it."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (path / "cmdline").read_bytes()
                variables = (path / "environ").read_bytes().split(b"\0")
                if program.encode() in command and self._mark in variables:
                    found.append(int(path.name))
        return found

    def wait_for_all_to_end(self) -> None:
        """Wait until no process of any run is left."""
        wait_until(lambda: not self.processes())

    @contextmanager
    def killing_a_worker(self, delay: float) -> Iterator[None]:
        """Within it, a worker is killed so many seconds after it is there."""
        over = threading.Event()

        def kill() -> None:
            while not over.is_set():
                for process in self.processes(worker.__file__):
                    over.wait(delay)
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                    return

        killer = threading.Thread(target=kill)
        with _variable(MARK, str(self._folder)):
            killer.start()
            try:
                yield
            finally:
                over.set()
                killer.join(PATIENCE)


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def timed(attacked: Attacked) -> float:
    """Seconds that a whole run takes as a process of its own, here and now."""
    began = time.monotonic()
    with attacked.start() as process:
        assert process.wait(PATIENCE) == 0
    return time.monotonic() - began
