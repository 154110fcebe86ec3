"""Scripts of the page: what they print and how they end, whatever they do to their process."""

import sys
from pathlib import Path

import pytest
from fakes.clock import wait_until
from findings_pages import SCRIPT

from conformance.findings.page import Script
from conformance.findings.scripts import MEMORY, Showing, matches, run, showing
from conformance.workers.interpreter import Interpreter

HERE = Interpreter(sys.executable)
PATIENCE = 60.0  # seconds that nothing takes on a loaded machine


def outcome(source: str, timeout: float = PATIENCE) -> str:
    return run(HERE, Script("json", source, (), ()), timeout)


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        (SCRIPT, "[1, 2]"),
        ("", ""),
        ("print(1)\nraise ValueError('no')", "1\nValueError: no"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("import os\nos._exit(3)", "exit status 3"),
        ("import os\nprint(1)\nos.abort()", "1\nkilled by SIGABRT"),
        ("import sys\nprint('no', file=sys.stderr)", ""),
        ("print(__name__)", "__main__"),
        ("=", "SyntaxError: invalid syntax (script.py, line 1)"),
    ],
)
def test_what_a_script_printed_and_how_it_ended(source: str, printed: str) -> None:
    assert outcome(source) == printed


def test_a_script_without_an_end_is_ended() -> None:
    assert outcome("while True: pass", timeout=0.5).endswith("no end within 0.5 s")


def test_a_script_that_prints_without_an_end_is_stopped() -> None:
    assert outcome("while True: print('y' * 1000)").endswith("stopped after 65,536 bytes")


def test_a_child_that_is_left_behind_holds_nobody_up() -> None:
    """It has the standard output of the script, and so would keep it open."""
    source = "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'while 1: 0'])"
    assert outcome(source, timeout=5).endswith("no end within 5 s")


def test_what_a_script_leaves_in_a_session_of_its_own_is_ended(tmp_path: Path) -> None:
    child = f"open({str(tmp_path / 'child')!r}, 'w').write(str(os.getpid())); time.sleep(86400)"
    outcome(
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {'import os, time; ' + child!r}],"
        " stdout=-3, start_new_session=True)\n"
        f"while not os.path.exists({str(tmp_path / 'child')!r}): time.sleep(0.01)"
    )
    number = (tmp_path / "child").read_text()
    wait_until(lambda: not number or not Path("/proc", number).exists())


def test_a_script_has_a_limit_of_memory() -> None:
    source = "import resource\nprint(resource.getrlimit(resource.RLIMIT_DATA)[0])"
    assert int(outcome(source)) <= MEMORY


def test_a_script_has_the_variables_of_its_interpreter() -> None:
    there = Interpreter(sys.executable, variables={"SWITCH": "on"})
    source = "import os\nprint(os.environ['SWITCH'])"
    assert run(there, Script("json", source, (), ()), PATIENCE) == "on"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("[1, 2]", "[1, 2]", True),
        ("[1, 2]", "[1, 2]\n3", False),
        ("[1,\n  2]\n", "[1, 2]", True),
        ("[1, ...]", "[1, 2, 3]", True),
        ("[1, ...]", "[2, 1]", False),
        ("...Error: ...", "x.SomeError: why\nand how", True),
        (".+", "ab", False),
        ("1 ... 1", "1", False),
        ("1...1", "1", False),
        ("1 ... 2 ... 3", "1 2 2 3 3", True),
        ("1 ... 3 ... 2", "1 2 3", False),
        ("...", "", True),
        ("killed by SIG...", "1\nkilled by SIGABRT", False),
    ],
)
def test_three_dots_are_anything(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("7", "shows"),
        ("nan", "shows"),
        ("0", "does not show"),
        ("ValueError: no", "ends otherwise"),
    ],
)
def test_what_is_right_is_not_wrong_too(text: str, shown: Showing) -> None:
    """Unwritten memory may hold anything, and a pattern of it fits what is right as well."""
    assert showing(Script("json", "", ("7", "...0", "nan"), ("0",)), text) == shown
