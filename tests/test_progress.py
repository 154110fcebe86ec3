"""Progress in a log, where there is no terminal to draw a bar on."""

from __future__ import annotations

import pytest

from conformance import progress


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
