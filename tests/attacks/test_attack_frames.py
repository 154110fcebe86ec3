"""2,000 lies of a worker, the same every time."""

import tracemalloc

import pytest
from mutated_frames import PLACES, hand_over, mutants

from conformance.workers.outcomes import Crash, Flaky, Hang

BATCH, SEEDS = {"an answer": 600, "answers together": 300, "who it is": 100}, (100, 101)
MOST = 2**28
"""Bytes that no lie makes the controller hold."""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("place", PLACES)
def test_a_lie_costs_its_question(place: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tracemalloc.start()
    try:
        for lie in mutants(BATCH[place], seed, PLACES[place][0]):
            outcomes = hand_over(place, lie, monkeypatch)
            # Each is asked again of one that does not lie, which is told.
            assert not any(isinstance(outcome, Crash | Hang) for outcome in outcomes), lie
            assert sum(isinstance(outcome, Flaky) for outcome in outcomes) <= 1, lie
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
