"""200 kills of workers and 200 of controllers, from the first millisecond of a life to its end.

Moments are shares of the time that a whole run takes on this machine. What is killed may have ended
by then, which is a moment like any other.
"""

import time
from pathlib import Path

import pytest
from killed import Attacked, timed

from conformance.adapters.registry import FRAMEWORKS
from conformance.runs import scheduler

KILLS, BATCHES = 200, 4


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
def attacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Attacked:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    monkeypatch.setattr(scheduler, "WORTH", 0.0)
    return Attacked(tmp_path, request.param)


def moments(batch: int) -> list[float]:
    """Shares of a life, spread over all of it in every batch."""
    return [number / KILLS for number in range(batch, KILLS, BATCHES)]


@pytest.mark.parametrize("batch", [0, 1])
def test_a_killed_controller_leaves_nobody_and_is_gone_on_from(
    attacked: Attacked, batch: int
) -> None:
    life = timed(attacked)
    whole = attacked.path.read_bytes()
    for moment in moments(2 * batch + (attacked.jobs - 1)):
        with attacked.start() as process:
            time.sleep(moment * life)
            process.kill()
        attacked.wait_for_all_to_end()
        assert attacked.go_on("--resume") == 0
        assert attacked.path.read_bytes() == whole, moment


@pytest.mark.parametrize("batch", [0, 1])
def test_a_killed_worker_costs_nothing(attacked: Attacked, batch: int) -> None:
    began = time.monotonic()
    assert attacked.go_on() == 0
    life = time.monotonic() - began
    whole = attacked.path.read_bytes()
    for moment in moments(2 * batch + (attacked.jobs - 1)):
        attacked.path.unlink()
        with attacked.killing_a_worker(moment * life):
            assert attacked.go_on() == 0
        attacked.wait_for_all_to_end()
        assert attacked.go_on("--resume") == 0
        assert attacked.path.read_bytes() == whole, moment
