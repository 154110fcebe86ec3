"""What is started ends when whoever started it does, and so does what that has started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.clock import PATIENCE, wait_until

from conformance.workers import process, warden, worker
from conformance.workers.process import Process, read_output

ROOT = Path(process.__file__).parents[2]
SLEEP = "import time; time.sleep(1000)"


def is_running(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def marked_by(pid: int) -> list[int]:
    """The processes that have a mark of another one."""
    start = f"{warden.VARIABLE}={pid}:".encode()
    return [number for number, text in warden._environments() if start in (text or b"")]


def test_what_is_printed_comes_back() -> None:
    assert read_output([sys.executable, "-c", "print(3)"], seconds=PATIENCE, most=100) == b"3\n"


def test_nothing_is_read_that_nobody_can_type() -> None:
    program = "import sys; print(repr(sys.stdin.read()))"
    assert read_output([sys.executable, "-c", program], seconds=PATIENCE, most=100) == b"''\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_is_neither_kept_nor_waited_for(stream: str) -> None:
    """All would be a gigabyte, which nobody reads: its writer is ended."""
    flood = f"import sys\nfor _ in range(2**14): sys.{stream}.write('y' * 2**16)"
    told = read_output([sys.executable, "-c", flood], seconds=PATIENCE, most=2**16)
    assert told == (b"y" * 2**16 if stream == "stdout" else b"")


def test_what_takes_too_long_is_ended() -> None:
    assert read_output([sys.executable, "-c", SLEEP], seconds=1, most=9) == b""


def test_a_flood_that_nobody_reads_may_not_last_either() -> None:
    flood = "import sys\nwhile True: sys.stderr.write('y' * 2**16)"
    assert read_output([sys.executable, "-c", flood], seconds=1, most=9) == b""


def leaves(folder: Path, how: str) -> str:
    """A program that starts another one, writes down its number, and ends."""
    return (
        f"import os, subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}],"
        f" {how}); open({str(folder / 'child')!r}, 'w').write(str(child.pid));"
        " print('left', flush=True); os._exit(0)"
    )


@pytest.mark.parametrize(
    "how",
    ["", "start_new_session=True", "stdout=-3, stderr=-3", "start_new_session=True, stdout=-3"],
    ids=["in its group", "in a session of its own", "without its streams", "without either"],
)
def test_what_a_program_leaves_behind_is_ended(tmp_path: Path, how: str) -> None:
    read_output([sys.executable, "-c", leaves(tmp_path, how)], seconds=PATIENCE, most=5)
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not is_running(child))


def test_what_is_just_being_loaded_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within ``execve`` a process has no environment, neither its parent's nor its own."""
    within, without, kernel, ended = ("R", 0, 0), ("S", 0, 99), ("S", 0x0020_0000, 0), ("Z", 0, 0)
    for number, (state, flags, start) in enumerate([within, without, kernel, ended], 1):
        fields = [state, *"0" * 5, str(flags), *"0" * 40, str(start)]
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "stat").write_text(f"{number} (a) b) {' '.join(fields)} 0\n")
        (tmp_path / str(number) / "environ").write_bytes(b"")
    kills: list[int] = []

    def load(_: float) -> None:
        marked = "" if kills else f"A=1\0{warden.VARIABLE}=mark;1\0"
        (tmp_path / "1" / "environ").write_text(marked)
        (tmp_path / "1" / "stat").write_text("1 (a) Z" + " 0" * 49)

    monkeypatch.setattr(warden, "_PROCESSES", tmp_path)
    monkeypatch.setattr(warden, "sleep", load)
    monkeypatch.setattr(warden.os, "kill", lambda number, _: kills.append(number))
    warden.kill("mark;")
    assert kills == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limits from outside")
def test_what_runs_before_any_code_of_ours_has_a_limit_of_memory() -> None:
    read = "__import__('resource').getrlimit(__import__('resource').RLIMIT_DATA)[0]"
    waiting = f"while not 0 <= {read} <= {worker.PRELUDE_MEMORY}: pass\nprint('lower', flush=True)"
    assert read_output([sys.executable, "-c", waiting], seconds=PATIENCE, most=5) == b"lower"


def test_no_program_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        Process(["/nowhere/program"], {})


def test_it_may_be_ended_twice() -> None:
    one = Process([sys.executable, "-c", SLEEP], {})
    for _ in range(2):
        one.end()
        one.close()
    assert one.status == -signal.SIGKILL


def test_every_program_has_a_mark_of_its_own_which_says_who_started_it() -> None:
    marks = [warden.new_mark() for _ in range(12)]
    assert len(set(marks)) == 12
    assert all(mark.startswith(f"{os.getpid()}:") for mark in marks)
    assert not any(one != other and other.startswith(one) for one in marks for other in marks)


def test_the_mark_is_where_a_worker_looks_for_it() -> None:
    assert worker.PROCESS == warden.VARIABLE


CONTROLLER = """
import sys
from conformance.workers.process import Process
for program in sys.argv[1:]:
    Process([sys.executable, "-c", program], {})
print("started", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, None])
def test_nothing_outlives_whoever_started_it(tmp_path: Path, how: signal.Signals | None) -> None:
    """Not even what has left the group, by a program that nobody has ended; None is a good end."""
    program = leaves(tmp_path, "start_new_session=True")
    with subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, program, SLEEP],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as controller:
        assert controller.stdout is not None and controller.stdin is not None
        assert controller.stdout.readline() == b"started\n"
        wait_until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text() != "")
        child = int((tmp_path / "child").read_text())
        # While a program replaces another, Linux shows no environment of it for a moment.
        wait_until(lambda: child in marked_by(controller.pid))
        marked = marked_by(controller.pid)
        assert len(marked) >= 2
        if how is None:
            controller.stdin.close()
        else:
            controller.send_signal(how)
    wait_until(lambda: not any(map(is_running, marked)))
    wait_until(lambda: not marked_by(controller.pid))


def test_a_warden_that_was_killed_is_replaced() -> None:
    warden.new_mark()
    first = warden._WARDENS[-1]._process
    first.kill()
    first.wait()
    warden.new_mark()
    assert warden._WARDENS[-1]._process.pid != first.pid


def test_a_process_that_was_forked_has_a_warden_of_its_own() -> None:
    reader, writer = os.pipe()
    warden.new_mark()
    child = os.fork()
    if not child:
        os.write(writer, warden.new_mark().encode())
        warden._WARDENS[-1]._dismiss()
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as end:
        assert end.read().startswith(f"{child}:".encode())
    assert warden._WARDENS[-1].serves()
