"""Whatever a worker sends, each question comes to something, and a lie is asked again and told."""

import pytest
from mutated_frames import PLACES, hand_over, mutants

from conformance.workers.outcomes import Answer

SAMPLE = 100  # the rest is attacked in tests/attacks


@pytest.mark.parametrize("place", PLACES)
def test_each_question_comes_to_something(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for lie in mutants(SAMPLE, 0, PLACES[place][0]):
        hand_over(place, lie, monkeypatch)


@pytest.mark.parametrize("place", PLACES)
def test_an_honest_worker_is_believed(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = hand_over(place, PLACES[place][0].data, monkeypatch)
    assert [o.array.tolist() for o in outcomes if isinstance(o, Answer)] == [[1], [2], [3]]
    assert all(isinstance(o, Answer) and o.retry is None for o in outcomes)
