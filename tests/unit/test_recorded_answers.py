"""Recorded answers: what of them is compared, and which of them agree."""

from dataclasses import replace

import pytest
from gate_runs import AT_BEGIN, FLIPPED, different, seen

from conformance.observations import Observation
from conformance.recorded_answers import NONDETERMINISTIC, REAL, agree, answer_of, numbers_of


@pytest.mark.parametrize(
    ("observation", "mark"),
    [
        (seen(), "float32 1x1x3 match of one"),
        (seen(shape=()), "float32 scalar match of one"),
        (seen(exact=False), REAL),
        (seen(status="crashed", exact=False), ""),
        (seen(status="rejected"), ""),
    ],
)
def test_a_mark_tells_exact_answers_apart(observation: Observation, mark: str) -> None:
    assert answer_of(observation).mark == mark


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (different(digest="a"), different(digest="a"), True),
        (different(digest="a"), different(digest="b"), False),
        (different(exact=False, digest="a"), different(exact=False, digest="b"), True),
        (
            different("one", FLIPPED, exact=False),
            different("one", FLIPPED, AT_BEGIN, exact=False),
            True,
        ),
        (
            different("one", FLIPPED, exact=False),
            different("one", AT_BEGIN, exact=False),
            False,
        ),
        (
            replace(different(exact=False), explanations=()),
            different(exact=False),
            False,
        ),
    ],
)
def test_answers_agree_bit_for_bit_or_by_what_explains_them(
    first: Observation, second: Observation, same: bool
) -> None:
    assert agree(answer_of(first), answer_of(second)) is same


def test_an_answer_that_is_nondeterministic_agrees_with_any() -> None:
    answer = answer_of(different(digest="a"))
    nondeterministic = type(answer)(answer.statuses, NONDETERMINISTIC, (), answer.content)
    assert agree(nondeterministic, answer)


def test_the_digest_of_an_inexact_answer_distinguishes_nothing() -> None:
    first, second = different(exact=False, digest="a"), different(exact=False, digest="b")
    assert numbers_of(first) == numbers_of(second)
    assert numbers_of(replace(first, exact=True)) != numbers_of(replace(second, exact=True))
