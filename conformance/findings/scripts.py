"""Runs a script of the page in an interpreter, whatever it does to its process."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Literal

from conformance.findings.page import Script
from conformance.workers.interpreter import Interpreter

Showing = Literal["shows", "does not show", "ends otherwise"]
"""Whether a bug shows, by what its script printed."""

MOST = 2**16
"""Bytes of output that are read: a script that prints more is stopped there."""
_DRIVER = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except BaseException as error:
    print(type(error).__name__ + ":", error)
"""


def run(interpreter: Interpreter, script: Script, timeout: float) -> str:
    """Run a script, and say what it printed and how it ended.

    Parameters
    ----------
    interpreter
        The Python to run it in, with its environment variables.
    script
        Run by its source, in an empty folder.
    timeout
        Seconds after which its process is killed.

    Returns
    -------
    str
        The standard output, and below it an exception with its message, a signal, or that there
        was no end. Nothing that it writes to the standard error is of interest.

    Raises
    ------
    OSError
        Where there is no such program.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.py")
        path.write_text(script.source, encoding="utf-8")
        process = subprocess.Popen(
            [interpreter.executable, "-u", "-c", _DRIVER, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **interpreter.variables},
            start_new_session=True,  # what it starts is killed with it
        )
        late = Timer(timeout, _kill, [process])
        late.start()
        try:
            assert process.stdout is not None
            output = process.stdout.read(MOST)
            if len(output) < MOST:
                process.wait()
        finally:
            in_time = late.is_alive()
            late.cancel()
            _kill(process)
            process.communicate()
    text = output.decode(errors="replace").rstrip()
    if len(output) == MOST:
        ending = f"stopped after {MOST:,} bytes"
    else:
        ending = _ending(process.returncode) if in_time else f"no end within {timeout:g} s"
    return f"{text}\n{ending}".strip()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _ending(status: int) -> str:
    """How a process ended that was not killed from here; nothing where all went well."""
    if status >= 0:
        return f"exit status {status}" if status else ""
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal
        return f"killed by SIG{-status}"


def showing(script: Script, outcome: str) -> Showing:
    """Say whether what a script printed is what it prints where the bug shows."""
    if any(matches(pattern, outcome) for pattern in script.right):
        return "does not show"
    if any(matches(pattern, outcome) for pattern in script.wrong):
        return "shows"
    return "ends otherwise"


def matches(pattern: str, text: str) -> bool:
    """Say whether a text is what a pattern says, in which ``...`` stands for anything."""
    first, *others = " ".join(pattern.split()).split("...")
    words = " ".join(text.split())
    if not others:
        return words == first
    *between, last = others
    if not (words.startswith(first) and words.endswith(last)):
        return False
    place, end = len(first), len(words) - len(last)
    for part in between:
        found = words.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return place <= end
