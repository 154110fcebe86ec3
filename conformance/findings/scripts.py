"""Run a script of the page in an interpreter, and compare its output with the page."""

import glob
import os
import signal
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Event, Timer
from typing import Literal

from conformance.findings.page import Script
from conformance.workers.interpreter import Interpreter
from conformance.workers.process import Process
from conformance.workers.worker import PRELUDE_MEMORY

Showing = Literal["shows", "does not show", "ends otherwise"]
"""Whether a script's output shows the bug."""

MOST = 2**16
"""Bytes of output; a script that prints more is stopped."""
MEMORY = PRELUDE_MEMORY + 2**33
"""Bytes of memory for a script and its framework; Linux only."""
_DRIVER = f"""
import os, resource, runpy, sys
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, {MEMORY})):
    hard = resource.getrlimit(limit)[1]
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(limit, (most, hard))
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except BaseException as error:
    print(type(error).__name__ + ":", error)
"""


def run(interpreter: Interpreter, script: Script, timeout: float) -> str:
    """Run a script, and return its output and how it ended.

    Returns the standard output, and below it an exception with its message, a signal, or that the
    script did not end. The standard error is ignored. Raises ``OSError`` where there is no such
    program.

    Parameters
    ----------
    interpreter
        The Python that runs the script, or its environment variables for Node.
    script
        It runs in an empty folder.
    timeout
        Seconds after which the process is killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        is_python = script.language == "python"
        path = Path(folder, "script.py" if is_python else "script.js")
        path.write_text(script.source, encoding="utf-8")
        runner = (interpreter.executable, "-u", "-c", _DRIVER) if is_python else ("node",)
        process = Process(
            [*runner, str(path)],
            interpreter.variables,
            Path(folder),
            MEMORY,
        )
        timed_out = Event()

        def give_up() -> None:
            timed_out.set()
            process.end()

        timer = Timer(timeout, give_up)
        timer.start()
        try:
            stdin, stdout, _ = process.streams
            stdin.close()
            output = bytearray()
            while len(output) < MOST and (chunk := os.read(stdout.fileno(), MOST - len(output))):
                output += chunk
            while len(output) < MOST and process.status is None:
                process.wait(timeout)
            status = process.status
        finally:
            timer.cancel()
            process.end()
            process.close()
    text = output.decode(errors="replace").rstrip()
    if len(output) == MOST:
        ending = f"stopped after {MOST:,} bytes"
    else:
        ending = f"no end within {timeout:g} s" if timed_out.is_set() else _ending(status or 0)
    return f"{text}\n{ending}".strip()


def _ending(status: int) -> str:
    """Return how a process ended that ended itself; empty for success."""
    if status >= 0:
        return f"exit status {status}" if status else ""
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal
        return f"killed by SIG{-status}"


def showing(script: Script, outcome: str) -> Showing:
    """Return whether a script's output shows the bug."""
    if any(matches(pattern, outcome) for pattern in script.right):
        return "does not show"
    if any(matches(pattern, outcome) for pattern in script.wrong):
        return "shows"
    return "ends otherwise"


def matches(pattern: str, text: str) -> bool:
    """Return whether a text matches a pattern, in which ``...`` stands for anything."""
    glob_pattern = glob.escape(" ".join(pattern.split())).replace("...", "*")
    return fnmatchcase(" ".join(text.split()), glob_pattern)
