"""Random questions under one and two random conventions: the command names what was put in."""

import pytest
from random_answers import unnamed


@pytest.mark.parametrize(("number", "count"), [(1, 200), (2, 100)])
def test_conventions_are_named(number: int, count: int) -> None:
    assert unnamed(number, count, seed=number) == []
