"""Conventions put into the oracle on random questions: the diagnosis names what was put in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from random_answers import under_conventions

from conformance.cases import sampling
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import Explanation
from conformance.question import Array, Question, answer

ANSWERS = {1: 300, 2: 100}
"""How many answers under so many conventions; tests/attacks has thousands."""
WIDE = 2**12 + 1
"""Small whole numbers times this: no float32 holds a product of two."""


def questions(seed: int) -> Iterator[Question]:
    """Random questions, each of small numbers in float32 and of large ones in float64."""
    for q in sampling.draws(seed):
        yield q
        arrays = {name: getattr(q, name) for name in ("x", "kernel", "bias", "gradient")}
        wide = {n: a.astype(np.float64) * WIDE for n, a in arrays.items() if a is not None}
        yield q.but(dtype="float64", **wide)


def injected(number: int) -> Iterator[tuple[Question, Explanation, Array]]:
    """Random questions with so many random conventions that show in their answers."""
    return under_conventions(questions(number), number, seed=number)


def test_one_convention_is_always_named() -> None:
    for q, conventions, got in islice(injected(1), ANSWERS[1]):
        assert conventions in diagnose(q, answer(q), got, exact=True).explanations


def test_two_conventions_are_named() -> None:
    """In 99.5 of 100 answers, of those that show both: the others have a shorter explanation."""
    named = missed = 0
    for q, conventions, got in injected(2):
        explanations = diagnose(q, answer(q), got, exact=True).explanations
        if explanations and len(explanations[0]) < 2:
            continue
        named += conventions in explanations
        missed += conventions not in explanations
        if named + missed == ANSWERS[2]:
            break
    assert missed <= 0.005 * ANSWERS[2]
