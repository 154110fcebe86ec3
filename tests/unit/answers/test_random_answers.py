"""Random questions under one and two random conventions: the command names what was put in."""

from __future__ import annotations

import pytest
from random_answers import diagnose_answer, is_named, random_answers

QUESTIONS = 200


@pytest.mark.parametrize(("number", "most_missed"), [(1, 0), (2, 0.005 * QUESTIONS)])
def test_conventions_are_named(number: int, most_missed: float) -> None:
    answers = zip(random_answers(number, seed=number), range(QUESTIONS), strict=False)
    missed = [
        (q, conventions)
        for (q, conventions, y), _ in answers
        if not is_named(q, conventions, diagnose_answer(q, y))
    ]
    assert len(missed) <= most_missed
