"""The contract with whatever a framework does, tried with one that does all of it.

Questions go through a real worker to ``fakes/unruly.py``.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from itertools import count, islice, repeat
from pathlib import Path

import numpy as np
import pytest
from fakes import pipes
from fakes.clock import PATIENCE, racing, wait_until

import conformance
from conformance.workers import channel, worker, worker_client
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Refusal
from conformance.workers.worker_client import (
    WINDOW,
    BadSource,
    CannotStart,
    Interpreter,
    Stopped,
    Task,
    WorkerClient,
)

FAKES = Path(__file__).parents[2] / "fakes"
VARIABLES = {"PYTHONPATH": os.pathsep.join([str(FAKES), *filter(None, [os.getenv("PYTHONPATH")])])}
UNRULY = Interpreter(
    sys.executable,
    prelude="import os, sys, unruly; print('importing')",
    facts={"process": "os.getpid()", "size": "(1, 2)", "missing": "unruly.version", "odd": "os"},
    variables=VARIABLES,
)

GOOD = Task("good", "y = x + 1", {"x": np.array([1.0, 2.0])})


def bad(source):
    return Task("bad", source, {"x": np.array([1.0, 2.0])})


def answered(outcome):
    return isinstance(outcome, Answer) and outcome.array.tolist() == [2.0, 3.0]


def only(client, source):
    """What the source comes to, when the questions around it are answered."""
    (_, before), (_, outcome), (_, after) = client.submit([GOOD, bad(source), GOOD])
    assert answered(before)
    assert answered(after)
    return outcome


@pytest.fixture(scope="module")
def client():
    with WorkerClient(UNRULY, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def hasty(tmp_path):
    """Where hangs are not waited for."""
    with racing(tmp_path), WorkerClient(UNRULY, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def frugal():
    with WorkerClient(UNRULY, timeout=PATIENCE, memory=2**27) as client:
        yield client


@pytest.fixture
def pipe(tmp_path):
    with pipes.made(tmp_path / "pipe") as pipe:
        yield pipe


# What nobody waited for


@pytest.mark.parametrize(
    ("source", "times"), [("y = np.zeros(2)", 0), ("y = np.zeros((0, 3))", 1), ("1 / 0", 1)]
)
def test_what_is_under_way_is_settled_where_no_numbers_came(source, times):
    settling = Interpreter(sys.executable, prelude="log = []", synchronize="log.append(1)")
    with WorkerClient(settling, timeout=PATIENCE) as client:
        _, (_, told) = client.submit([bad(source), Task("count", "y = np.array(len(log))", {})])
    assert told.array == times


# Answers


def test_questions_are_answered_in_order(client):
    tasks = [Task(str(n), "y = x", {"x": np.array(n)}) for n in range(3 * WINDOW)]
    told = list(client.submit(tasks))
    assert [task for task, _ in told] == tasks
    assert [int(outcome.array) for _, outcome in told] == list(range(3 * WINDOW))


def test_questions_are_pulled_only_a_window_ahead(client):
    pulled = count()
    tasks = (GOOD for _ in pulled)
    answers = client.submit(tasks)
    next(answers)
    answers.close()
    assert next(pulled) <= WINDOW + 1


def test_endless_questions_have_answers(client):
    assert all(answered(outcome) for _, outcome in islice(client.submit(repeat(GOOD)), 50))


def test_arrays_larger_than_any_pipe_come_back(client):
    x = np.arange(2**19, dtype="float64")
    ((_, outcome),) = client.submit([Task("large", "y = x[::-1]", {"x": x})])
    np.testing.assert_array_equal(outcome.array, x[::-1])


@pytest.mark.parametrize(
    ("source", "array"),
    [
        ("y = x * float('nan')", np.array([np.nan, np.nan])),
        ("y = x[None, :, None]", np.array([[[1.0], [2.0]]])),
        ("y = x.astype('float16')", np.array([1, 2], "float16")),
        ("y = x[0]", np.array(1.0)),
        ("y = 3", np.array(3)),
        ("y = x[:0]", np.zeros(0)),
        ("y = np.outer(x, x).T[::-1]", np.array([[2.0, 4.0], [1.0, 2.0]])),
    ],
)
def test_an_answer_is_passed_on_whatever_it_is_worth(client, source, array):
    np.testing.assert_array_equal(only(client, source).array, array, strict=True)


@pytest.mark.parametrize(
    "trouble",
    [
        "x *= 0",
        "unruly.flood(1, 3)",
        "unruly.flood(2, 3)",
        "unruly.flood_by_printing(sys.stdout, 3)",
        "unruly.flood_by_printing(sys.stderr, 3)",
        "sys.stdout = sys.stderr = None",
        "unruly.leave_a_thread()",
        "unruly.leave_a_child()",
        "unruly.fork_and_fall_through()",
        "os.chdir('/')",
        "print(sys.stdin.read())",
    ],
)
def test_trouble_that_leaves_an_answer_costs_nothing(client, trouble):
    assert answered(only(client, f"z = x + 1\n{trouble}\ny = z"))


def test_a_question_sees_nothing_of_the_one_before(client):
    tasks = [bad("y = np.float64(0); left = y"), bad("y = 'left' in dir()")]
    _, (_, outcome) = client.submit(tasks)
    assert not outcome.array


def test_our_own_modules_hide_none_of_the_framework_s(client):
    folder = str(Path(conformance.__file__).parent)
    ((_, outcome),) = client.submit([bad(f"y = {folder!r} in sys.path")])
    assert not outcome.array


# Refusals


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("raise ValueError('no')", Refusal("ValueError", "no")),
        ("raise SystemExit(3)", Refusal("SystemExit", "3")),
        ("raise KeyboardInterrupt", Refusal("KeyboardInterrupt", "")),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT); unruly.stall()",
         Refusal("KeyboardInterrupt", "")),
        ("raise unruly.UnspeakableError",
         Refusal("UnspeakableError", "(its message could not be read)")),
        ("y = unruly.Tensor()", Refusal("ValueError", "the device was lost")),
        ("z = 1", Refusal("NoAnswer", "the source never set y")),
        ("y = unruly.misspell()",
         Refusal("NameError", "name 'undefined_in_the_framework' is not defined")),
    ],
)  # fmt: skip
def test_an_exception_is_a_refusal(client, source, refusal):
    assert only(client, source) == refusal


@pytest.mark.parametrize(
    ("source", "got"),
    [
        ("y = np.array([None, x], object)", "a ndarray of dtype object"),
        ("y = None", "a NoneType of dtype object"),
        ("y = 'text'", "a str of dtype <U4"),
        ("y = x.view('V8')", "a ndarray of dtype |V8"),
    ],
)
def test_what_holds_no_numbers_is_no_answer(client, source, got):
    said = f"y must be an array of NumPy's own numbers, got {got}"
    assert only(client, source) == Refusal("NoAnswer", said)


@pytest.mark.parametrize("source", ["y = unknown", "y = ("])
def test_a_misspelt_source_is_nobody_s_refusal(client, source):
    with pytest.raises(BadSource, match=r"bad: (Name|Syntax)Error"):
        list(client.submit([GOOD, bad(source), GOOD]))


def test_an_array_of_anything_but_numbers_cannot_be_asked_about(client):
    with pytest.raises(TypeError, match="x must hold numbers"):
        list(client.submit([Task("odd", "y = 1", {"x": np.array([None])})]))


# Crashes and hangs


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("unruly.segfault()", "killed by SIGSEGV"),
        ("os.abort()", "killed by SIGABRT"),
        ("unruly.die_of(9)", "killed by SIGKILL, perhaps by the system for want of memory"),
        ("os._exit(0)", "ended with exit status 0"),
        ("os._exit(3)", "ended with exit status 3"),
        ("unruly.close_all_but_the_standard_streams()",
         "closed the pipe that its answers go through"),
        ("unruly.close_the_standard_streams()",
         "closed or replaced the worker's descriptors [0, 1, 2]"),
        ("unruly.crash_with_a_child_on_the_pipe()", "killed by SIGSEGV"),
        ("unruly.write_rubbish()",
         r"wrote rubbish where its answers go: b'\x93 rubbish'"),
    ],
)  # fmt: skip
def test_a_crash_costs_only_its_own_question(client, source, reason):
    outcome = only(client, f"{source}\ny = x")
    assert isinstance(outcome, Crash)
    assert outcome.reason == reason


def test_a_question_pays_for_the_pipe_that_the_next_would_have_come_through(client):
    outcome = only(client, "unruly.close_the_question_pipe()\ny = x")
    assert isinstance(outcome, Crash)
    assert "descriptors" in outcome.reason


def test_the_last_words_before_a_crash_are_kept(client):
    outcome = only(client, "unruly.flood_by_printing(sys.stderr, 1)\nunruly.segfault()")
    assert "about to read where nobody lives" in outcome.stderr
    assert len(outcome.stderr) <= 4096


@pytest.mark.parametrize("how", ["stall_against_sigterm", "stall_with_the_gil"])
def test_a_hang_costs_only_its_own_question(hasty, how):
    outcome = only(hasty, f"print('so tired')\nunruly.{how}()")
    assert outcome == Hang(PATIENCE, "so tired")


def test_a_hang_that_never_stops_talking_is_still_a_hang(hasty):
    outcome = only(hasty, "unruly.announce()\nwhile True: unruly.flood(2, 1)")
    assert isinstance(outcome, Hang)


def test_an_answer_that_has_come_is_not_late_whatever_the_clock_says(client, monkeypatch, tmp_path):
    """As on a machine that had no time for us from before it came until long after."""
    go, done = tmp_path / "go", tmp_path / "done"
    waiting = bad(f"unruly.wait_for({str(go)!r})\ny = x + 1")
    answers = client.submit([GOOD, waiting, bad(f"open({str(done)!r}, 'w')\ny = x")])
    next(answers)
    looks = count()

    def clock():
        if next(looks) < 2:  # when it begins to wait
            return time.monotonic()
        go.touch()
        wait_until(done.exists)
        return time.monotonic() + 2 * PATIENCE

    for module in (channel, worker_client):
        monkeypatch.setattr(module, "monotonic", clock)
    assert answered(next(answers)[1])
    monkeypatch.undo()
    answers.close()


def test_what_crashes_once_is_flaky(client, tmp_path):
    outcome = only(client, f"unruly.crash_once({str(tmp_path / 'been')!r})\ny = x + 1")
    assert isinstance(outcome, Flaky)
    assert isinstance(outcome.first, Crash)
    assert answered(outcome.second)


def test_what_somebody_kills_once_is_not_flaky(client, tmp_path):
    outcome = only(client, f"unruly.crash_once({str(tmp_path / 'been')!r}, 9)\ny = x + 1")
    assert answered(outcome)


def test_several_crashes_in_a_row_are_each_told(client):
    tasks = [bad("os._exit(1)"), bad("os._exit(2)"), GOOD]
    (_, first), (_, second), (_, third) = client.submit(tasks)
    assert (first.reason, second.reason) == ("ended with exit status 1", "ended with exit status 2")
    assert answered(third)


@pytest.mark.parametrize(
    "source",
    [
        "y = np.ones(2**40)",
        "unruly.hoard()",
        "unruly.fail_to_allocate()",
        "y = np.broadcast_to(x[0], 2**25)",
    ],
    ids=["at once", "by and by", "in the framework's words", "for the answer itself"],
)
def test_a_question_may_not_use_more_memory_than_the_limit(frugal, source):
    outcome = only(frugal, source)
    assert isinstance(outcome, Crash)
    assert outcome.reason.startswith("ran out of memory: limit 134217728 bytes")


def first_and_then(folder, first, second):
    """A source that does one thing the first time that it is asked, and another the next time."""
    return f"{first} if unruly.is_first({str(folder / 'been')!r}) else {second}\ny = x + 1"


def test_what_lacks_memory_only_in_company_is_answered(frugal, tmp_path):
    source = first_and_then(tmp_path, "unruly.fail_to_allocate()", "None")
    assert answered(only(frugal, source))


@pytest.mark.parametrize("in_turn", [("stall", "hoard"), ("hoard", "stall")])
def test_to_take_ever_more_is_a_crash_whichever_limit_is_met_first(tmp_path, in_turn):
    source = first_and_then(tmp_path, *(f"unruly.{how}()" for how in in_turn))
    with racing(tmp_path), WorkerClient(UNRULY, timeout=PATIENCE, memory=2**27) as client:
        outcome = only(client, source)
    assert isinstance(outcome, Crash)
    assert outcome.out_of_memory


def test_without_a_limit_there_is_still_a_want_of_memory():
    with WorkerClient(UNRULY, timeout=PATIENCE, memory=None) as boundless:
        outcome = only(boundless, "y = np.ones(2**50)")
    assert outcome.reason.startswith("ran out of memory (Memory")


def test_there_is_a_limit_unless_somebody_says_that_there_is_none(client):
    outcome = only(client, "y = np.ones(2**31)")
    assert outcome.reason.startswith("ran out of memory: limit 8589934592 bytes")


LEAKING = Task("leak", "unruly.leak(4)\ny = os.getpid()", {})
MEAGRE = 2**24  # four times what leaks


def workers(client, tasks):
    """The process that answered each task."""
    return [int(outcome.array) for _, outcome in client.submit(tasks)]


def test_a_worker_that_grows_is_replaced():
    with WorkerClient(UNRULY, timeout=PATIENCE, growth=MEAGRE) as client:
        seen = workers(client, [LEAKING] * 3 * WINDOW)
    assert len(seen) == 3 * WINDOW
    assert len(set(seen)) > 1


def test_a_worker_that_grows_is_replaced_between_asks_too():
    with WorkerClient(UNRULY, timeout=PATIENCE, growth=MEAGRE) as client:
        assert len({pid for _ in range(8) for pid in workers(client, [LEAKING])}) > 1


def test_a_worker_that_has_grown_first_answers_what_it_was_sent(tmp_path):
    told = tmp_path / "told"
    source = f"unruly.leak(8)\nopen({str(told)!r}, 'a').write('.')\ny = 1"
    with WorkerClient(UNRULY, timeout=PATIENCE, growth=MEAGRE) as client:
        list(client.submit([Task("once", source, {})] * WINDOW))
    assert told.read_text() == "." * WINDOW


def test_a_worker_that_stays_small_stays():
    task = Task("small", "y = os.getpid()", {})
    with WorkerClient(UNRULY, timeout=PATIENCE, growth=MEAGRE) as client:
        assert len(set(workers(client, [task] * 3 * WINDOW))) == 1


PROCESS = Task("process", "y = os.getpid()", {})
LAST = Task("last", PROCESS.source, {}, last=True)


def test_nothing_is_asked_of_a_worker_that_may_be_broken(client):
    before, last, *after = workers(client, [PROCESS, LAST, PROCESS, PROCESS])
    assert before == last
    assert len(set(after)) == 1
    assert after[0] != last


def test_nothing_is_asked_of_a_broken_worker_in_another_ask_either(client):
    (last,) = workers(client, [LAST])
    (after,) = workers(client, [PROCESS])
    assert after != last


def test_a_worker_that_takes_the_place_of_a_broken_one_may_break_too(client):
    """It crashes where it is asked first and once more, and then no worker is there to break."""
    crash = Task("crash", "os.abort()", {}, last=True)
    outcomes = [outcome for _, outcome in client.submit([GOOD, crash, GOOD, LAST, LAST, GOOD])]
    assert isinstance(outcomes[1], Crash)
    assert [answered(outcomes[place]) for place in (0, 2, 5)] == [True] * 3
    assert outcomes[3].array != outcomes[4].array


def test_a_worker_that_died_between_two_asks_is_replaced(client):
    assert answered(only(client, "y = x + 1"))
    pid = client.identity.facts["process"]
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert answered(only(client, "y = x + 1"))
    assert client.identity.facts["process"] != pid


# Nothing is left running


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_end_of_an_examination_is_the_end_of_its_worker():
    with WorkerClient(UNRULY) as client:
        pid = client.identity.facts["process"]
        assert not gone(pid)
    assert gone(pid)


def test_the_end_of_an_examination_is_the_end_of_what_questions_left(pipe):
    with WorkerClient(UNRULY) as client:
        only(client, f"unruly.leave_a_child_that_holds_open({pipe.path!r})\ny = x")
    assert pipe.is_held()
    assert pipe.has_ended()


def test_an_iterator_closed_early_leaves_no_question_under_way(client, pipe, tmp_path):
    sent = tmp_path / "sent"

    def tasks():
        yield bad(f"unruly.wait_for({str(sent)!r})\ny = x")
        yield bad(f"unruly.hold_open({pipe.path!r})\nunruly.stall()")
        sent.touch()

    answers = client.submit(tasks())
    next(answers)
    assert pipe.is_held()
    answers.close()
    assert pipe.has_ended()
    assert answered(only(client, "y = x + 1"))


def test_an_interrupt_leaves_no_question_under_way(client, pipe):

    def interrupted():
        yield bad(f"unruly.hold_open({pipe.path!r})\ny = x")
        yield bad("unruly.stall()")
        assert pipe.is_held()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(client.submit(interrupted()))
    assert pipe.has_ended()


CONTROLLER = """
import sys
import threading
from conformance.workers.worker_client import WorkerClient, Interpreter, Task
with WorkerClient(Interpreter(sys.executable, "import unruly")) as client:
    tasks = [Task("1", {holding!r}, {{}}), Task("2", {stall!r}, {{}})]
    for task, outcome in client.submit(tasks):
        print(outcome.words, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_worker_outlives_no_controller(pipe, how):
    holding = f"unruly.hold_open({pipe.path!r})\ny = 1"
    program = CONTROLLER.format(holding=holding, stall="unruly.stall_with_the_gil()")
    root = str(Path(conformance.__file__).parent.parent)
    variables = {"PYTHONPATH": os.pathsep.join([root, VARIABLES["PYTHONPATH"]])}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as controller:
        assert controller.stdout.readline().startswith(b"It answered")
        controller.send_signal(how)
    assert pipe.is_held()
    assert pipe.has_ended()


# Starting


def test_an_identity_says_who_answers(client):
    identity = client.identity
    assert identity.python == ".".join(map(str, sys.version_info[:3]))
    assert identity.numpy == np.__version__
    assert {**identity.facts, "process": 0} == {
        "process": 0,
        "size": [1, 2],
        "missing": None,
        "odd": None,
    }


def why_not(interpreter, **options):
    with pytest.raises(CannotStart) as told, WorkerClient(interpreter, **options):
        pass
    return told.value


def program(tmp_path, text, mode=0o755):
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return Interpreter(str(path))


def test_an_interpreter_must_exist():
    sentence = why_not(Interpreter("/nowhere/python")).sentence
    assert sentence == "There is no interpreter /nowhere/python."


def test_an_interpreter_must_be_allowed_to_run(tmp_path):
    assert "cannot be run" in why_not(program(tmp_path, "exit 0", mode=0o644)).sentence


@pytest.mark.parametrize("text", ["exit 0", "echo hello", "cat"])
def test_an_interpreter_must_be_python(tmp_path, text):
    assert "is not a Python interpreter" in why_not(program(tmp_path, text)).sentence


def test_an_interpreter_must_be_new_enough(tmp_path):
    old = program(tmp_path, 'if [ "$1" = -c ]; then echo 2.7; else exit 1; fi')
    assert why_not(old).sentence.endswith("is Python 2.7, and must be 3.8 or newer.")


def test_a_missing_framework_is_named():
    told = why_not(Interpreter(sys.executable, "import no_such_framework"))
    assert "no_such_framework" in told.sentence


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_what_a_failing_prelude_said_is_told(stream):
    prelude = f"import sys; sys.{stream}.write('driver too old'); raise ImportError('no device')"
    told = why_not(Interpreter(sys.executable, prelude))
    assert told.sentence.endswith("cannot run the prelude. It refused: ImportError: no device.")
    assert str(told) == f"{told.sentence}\n    driver too old"


def test_a_framework_that_dies_on_import_is_tried_twice():
    told = why_not(Interpreter(sys.executable, "import os; os.abort()"))
    assert told.sentence.endswith("failed twice before it was ready: killed by SIGABRT.")


def test_a_framework_that_dies_on_its_first_import_only_is_used(tmp_path):
    prelude = f"import unruly; unruly.crash_once({str(tmp_path / 'been')!r})"
    with WorkerClient(Interpreter(sys.executable, prelude, variables=VARIABLES)) as client:
        assert answered(only(client, "y = x + 1"))


def test_an_import_has_its_own_patience():
    prelude = "import time; time.sleep(1000)"
    told = why_not(Interpreter(sys.executable, prelude), startup=1.0)
    assert told.sentence.endswith("was not ready within 1 s.")


def test_questions_belong_into_the_with_block():
    with pytest.raises(RuntimeError, match="within its with block"):
        next(WorkerClient(UNRULY).submit([GOOD]))


def test_two_asks_at_a_time_are_refused(client):
    answers = client.submit([GOOD, GOOD])
    next(answers)
    with pytest.raises(RuntimeError, match="one submission at a time"):
        next(client.submit([GOOD]))
    answers.close()


@contextmanager
def stopped(client, pipe, then=lambda: None):
    """Another thread stops the client as soon as its worker holds the pipe."""

    def stop():
        assert pipe.is_held()
        client.stop()
        then()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Stopped):
        yield
    thread.join()
    assert pipe.has_ended()


def test_an_examination_can_be_stopped_from_another_thread_even_in_a_hang(pipe):
    with WorkerClient(UNRULY, timeout=PATIENCE) as client, stopped(client, pipe):
        list(client.submit([bad(f"unruly.hold_open({pipe.path!r})\nunruly.stall()")]))


def test_a_stopped_examination_answers_no_more():
    with WorkerClient(UNRULY, timeout=PATIENCE) as stopped:
        stopped.stop()
        with pytest.raises(Stopped):
            list(stopped.submit([GOOD]))


def test_a_worker_that_is_ready_too_late_is_not_left_running(pipe, tmp_path):
    go = str(tmp_path / "go")
    prelude = f"import unruly; unruly.hold_open({pipe.path!r}); unruly.wait_for({go!r})"
    late = WorkerClient(Interpreter(sys.executable, prelude, variables=VARIABLES))
    with stopped(late, pipe, (tmp_path / "go").touch), late:
        pass


def test_a_worker_that_hangs_before_it_is_ready_is_not_waited_for(pipe):
    prelude = f"import unruly; unruly.hold_open({pipe.path!r}); unruly.stall_with_the_gil()"
    starting = WorkerClient(Interpreter(sys.executable, prelude, variables=VARIABLES))
    with stopped(starting, pipe), starting:
        pass


# Limits


def test_a_worker_has_limits_for_what_it_takes_of_the_system():
    facts = {
        name: f"__import__('resource').getrlimit(__import__('resource').RLIMIT_{name})[0]"
        for name in ("CORE", "NOFILE", "NPROC")
    }
    with WorkerClient(Interpreter(sys.executable, facts=facts)) as client:
        limits = client.identity.facts
    assert limits["CORE"] == 0
    assert 0 < limits["NOFILE"] <= worker.DESCRIPTORS
    assert limits["NPROC"] > 0  # it is not -1, which stands for none


def test_a_prelude_has_a_limit_of_memory_too():
    told = why_not(Interpreter(sys.executable, "x = np.ones(2**31)"), memory=2**27)
    assert "cannot run the prelude. It refused: " in told.sentence
    assert "Unable to allocate 16.0 GiB" in told.sentence


# The probe after a death


def dies(tmp_path, text):
    """A program that is no worker, and does this when it is asked for its version."""
    return program(tmp_path, f'if [ "$1" = -c ]; then {text}; else exit 1; fi')


def test_a_program_that_never_stops_talking_is_no_python(tmp_path):
    told = why_not(dies(tmp_path, "yes"), startup=PATIENCE)
    assert told.sentence.endswith("is not a Python interpreter: ended with exit status 1.")


def test_what_a_probe_leaves_behind_is_ended(tmp_path, pipe):
    leaving = dies(
        tmp_path, f"exec 9>{pipe.path}; echo . >&9; setsid sleep 1000 & sleep 1000 & true"
    )
    told = why_not(leaving, startup=PATIENCE)
    assert "is not a Python interpreter" in told.sentence
    assert pipe.is_held()
    assert pipe.next_byte() == b"\n"
    assert pipe.has_ended()


# From the first instant


def test_a_worker_whose_controller_is_gone_ends_before_anything_else():
    """It is told of another one than has started it, which stays and keeps its pipe open."""
    variables = {**os.environ, worker.PROCESS: "1:somebody:1;"}
    with subprocess.Popen(
        [sys.executable, worker.__file__],
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as orphan:
        assert orphan.wait(PATIENCE) == 0


def test_a_script_may_stand_between_a_worker_and_its_controller(tmp_path):
    script = program(tmp_path, f'"{sys.executable}" "$@"\nexit $?')
    with WorkerClient(script) as client:
        assert answered(only(client, "y = x + 1"))


STARTING = """
import sys
from conformance.workers.worker_client import WorkerClient, Interpreter
try:
    WorkerClient(Interpreter(sys.argv[1], {prelude!r})).__enter__()
finally:
    print("started", flush=True)
"""


@pytest.mark.parametrize("how", ["a worker", "another program", "behind a script"])
def test_what_is_just_being_started_outlives_no_controller(tmp_path, pipe, how):
    prelude = f"import unruly; unruly.hold_open({pipe.path!r}); unruly.stall_with_the_gil()"
    executable = sys.executable
    if how == "another program":
        executable = program(tmp_path, f"exec 9>{pipe.path}; printf . >&9; sleep 1000").executable
    elif how == "behind a script":
        executable = program(tmp_path, f'"{sys.executable}" "$@"\nexit $?').executable
    root = str(Path(conformance.__file__).parent.parent)
    variables = {"PYTHONPATH": os.pathsep.join([root, VARIABLES["PYTHONPATH"]])}
    with subprocess.Popen(
        [sys.executable, "-c", STARTING.format(prelude=prelude), executable],
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as controller:
        assert pipe.is_held()
        controller.kill()
    assert pipe.has_ended()
