"""Progress: lines in a log, where there is no terminal for a bar, and the time that is left."""

import io
import re

import pytest
from rich.console import Console
from rich.progress import Progress, TaskID

from conformance.utils import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, which only goes on when it is told to."""
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


def test_a_log_has_a_line_a_minute(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress.bar() as bar:
        task = bar.add_task("torch 2.13.0", total=20_000)
        for minute in range(1, 3):
            bar.advance(task, 999)
            clock[0] = minute * progress.EVERY
            bar.advance(task)
            bar.advance(task, 0)
    said, other = (line.split(", ")[0] for line in capsys.readouterr().err.splitlines())
    assert (said, other) == ("torch 2.13.0: 1,000 of 20,000", "torch 2.13.0: 2,000 of 20,000")


def test_a_log_has_no_line_for_what_is_done_within_a_minute(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.bar() as bar:
        for _ in bar.track(range(3), description="cases"):
            clock[0] += progress.EVERY / 4
    assert capsys.readouterr() == ("", "")


def test_a_log_says_of_all_that_is_under_way_how_far_it_is(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.bar() as bar:
        done, under_way = bar.add_task("jax", total=1), bar.add_task("mxnet", total=4)
        bar.add_task("torch", total=None)
        bar.advance(done)
        clock[0] = progress.EVERY
        bar.advance(under_way)
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("mxnet: 1 of 4")


def test_a_log_says_nothing_where_nothing_was_done(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.bar() as bar:
        task = bar.add_task("jax", total=None)
        clock[0] = progress.EVERY
        bar.update(task, total=10, completed=5)
    assert capsys.readouterr().err == ""


def test_a_log_says_how_far_an_iteration_is(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.bar() as bar:
        task = bar.add_task("cases", total=10)
        clock[0] = progress.EVERY
        bar.update(task, completed=5)
    assert capsys.readouterr().err == "cases: 5 of 10, 1 min left\n"


# The time that is left


def left(bar: Progress, task: TaskID) -> float | None:
    (found,) = (progress.seconds_left(one) for one in bar.tasks if one.id == task)
    return found


def test_a_constant_speed_leaves_less_and_less_at_the_same_pace(clock: list[float]) -> None:
    bar = progress.bar()
    task = bar.add_task("torch", total=1000)
    for second in range(1, 1000):
        clock[0] = float(second)
        bar.advance(task)
        if second >= 20:
            assert left(bar, task) == pytest.approx(1000 - second)


def test_a_burst_changes_it_by_no_more_than_the_average(clock: list[float]) -> None:
    """500 of 1,000 in the first 20 seconds, and then one a second."""
    bar = progress.bar()
    task = bar.add_task("torch", total=1000)
    clock[0] = 20.0
    bar.advance(task, 500)
    assert left(bar, task) == 20.0
    for second in range(21, 121):
        clock[0] = float(second)
        before = left(bar, task)
        bar.advance(task)
        done = 480 + second
        assert left(bar, task) == pytest.approx((1000 - done) * second / done)
        assert abs(left(bar, task) - before) < 1.0


def test_a_pause_of_a_minute_is_not_forgotten_half_a_minute_later(clock: list[float]) -> None:
    bar = progress.bar()
    task = bar.add_task("torch", total=200)
    bar.advance(task, 99)
    clock[0] = 100.0
    bar.advance(task)
    assert left(bar, task) == 100.0


@pytest.mark.parametrize(
    ("seconds", "done", "known"), [(9, 500, False), (10, 19, False), (10, 20, True), (60, 0, False)]
)
def test_nothing_is_said_before_enough_is_done(
    clock: list[float], seconds: float, done: int, known: bool
) -> None:
    bar = progress.bar()
    task = bar.add_task("torch", total=1000)
    clock[0] = seconds
    bar.advance(task, done)
    assert (left(bar, task) is not None) is known


def test_nothing_is_said_while_nobody_knows_how_much_there_is(clock: list[float]) -> None:
    bar = progress.bar()
    task = bar.add_task("torch", total=None)
    clock[0] = 60.0
    bar.advance(task, 10)
    assert left(bar, task) is None


def test_waiting_for_a_framework_is_no_part_of_its_speed(clock: list[float]) -> None:
    bar = progress.bar()
    task = bar.add_task("torch", total=None)
    clock[0] = 600.0
    bar.update(task, total=100, completed=0)
    clock[0] = 650.0
    bar.advance(task, 50)
    assert left(bar, task) == 50.0


def test_what_a_stopped_run_has_done_is_no_part_of_the_speed(clock: list[float]) -> None:
    bar = progress.bar()
    task = bar.add_task("torch", total=None)
    bar.update(task, total=1000, completed=900)
    clock[0] = 9.0
    bar.advance(task, 10)
    assert left(bar, task) is None
    clock[0] = 20.0
    bar.advance(task, 10)
    assert left(bar, task) == 80.0


def test_each_environment_has_a_speed_of_its_own(clock: list[float]) -> None:
    bar = progress.bar()
    fast, slow = (bar.add_task(name, total=100) for name in ("torch", "jax"))
    clock[0] = 20.0
    bar.advance(fast, 50)
    bar.advance(slow, 10)
    assert (left(bar, fast), left(bar, slow)) == (20.0, 180.0)


def test_when_everything_is_done_nothing_is_left(clock: list[float]) -> None:
    bar = progress.bar()
    task = bar.add_task("torch", total=100)
    clock[0] = 20.0
    bar.advance(task, 100)
    assert left(bar, task) == 0.0


def test_a_bar_on_a_terminal_shows_it(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", lambda **_: terminal)
    with progress.bar() as bar:
        task = bar.add_task("torch", total=1000)
        clock[0] = 60.0
        bar.advance(task, 20)
        bar.refresh()
    assert re.search(r"20/1000.*0:49:00", screen.getvalue())
