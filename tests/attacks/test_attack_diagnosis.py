"""2,000 random questions under one and under two random conventions, the same every time."""

import pytest
from random_answers import unnamed

BATCH, SEEDS = 200, range(100, 110)


@pytest.mark.parametrize(("number", "most_missed"), [(1, 0), (2, 0.005 * BATCH)])
@pytest.mark.parametrize("seed", SEEDS)
def test_conventions_are_named(number: int, most_missed: float, seed: int) -> None:
    assert len(unnamed(number, BATCH, seed)) <= most_missed
