"""Bisection: few questions, the first that answers otherwise, and a word on what cannot answer."""

from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.history.bisection import ChangePoint, NoChange, Unanswered, search


class Line:
    """Answers in a row, as letters; a dot cannot be asked."""

    def __init__(self, answers: str) -> None:
        self.answers = answers
        self.asked: list[int] = []

    def __call__(self, place: int) -> Hashable | None:
        self.asked.append(place)
        return None if self.answers[place] == "." else self.answers[place]


def found(answers: str, **ends: int) -> ChangePoint | NoChange:
    return search(len(answers), Line(answers), **ends)


def test_the_first_other_answer_is_found() -> None:
    assert found("aaaaabbb") == ChangePoint(last=4, first=5, between=())


@pytest.mark.parametrize("place", range(1, 64))
def test_of_64_eight_are_asked_at_most(place: int) -> None:
    line = Line("a" * place + "b" * (64 - place))
    assert search(64, line) == ChangePoint(place - 1, place, ())
    assert len(line.asked) <= 8


def test_a_likely_change_is_asked_about_first() -> None:
    line = Line("aaaaaaabbbbb")
    assert search(12, line, likely=(5, 8)) == ChangePoint(6, 7, ())
    assert line.asked == [8, 5, 6, 7]


@pytest.mark.parametrize("answers", ["aabbbbbb", "aaa..bbb"])
def test_where_a_likely_change_is_none_the_ends_are_asked(answers: str) -> None:
    assert found(answers, likely=(4, 7)) == found(answers)


def test_nothing_is_asked_twice() -> None:
    line = Line("..aaaa.b.bbbb.")
    search(14, line)
    assert len(line.asked) == len(set(line.asked))


def test_ends_that_answer_alike_have_nothing_between_them() -> None:
    assert found("aaaa") == NoChange(oldest=0, newest=3)


def test_a_change_and_back_is_not_seen_from_the_ends() -> None:
    assert found("abba") == NoChange(oldest=0, newest=3)


def test_what_answers_in_a_third_way_is_not_as_before() -> None:
    assert found("aaabbc") == ChangePoint(last=2, first=3, between=())


@pytest.mark.parametrize("answers", ["a.b", "aa..bb", "a....b"])
def test_what_cannot_be_asked_between_is_named(answers: str) -> None:
    unasked = tuple(i for i, answer in enumerate(answers) if answer == ".")
    change = found(answers)
    assert isinstance(change, ChangePoint)
    assert change.between == unasked


def test_what_cannot_be_asked_elsewhere_is_stepped_around() -> None:
    assert found("aa.aabb.b") == ChangePoint(last=4, first=5, between=())


def test_the_oldest_and_newest_that_can_be_asked_are_the_ends() -> None:
    assert found("...aaa..") == NoChange(oldest=3, newest=5)


def test_a_change_that_is_seen_early_is_enough() -> None:
    line = Line("." * 8 + "a" * 24 + "b" * 32)
    assert search(64, line) == ChangePoint(31, 32, ())
    assert len(line.asked) <= 12


def test_given_ends_are_the_ends() -> None:
    assert found("abbbc", old=1, new=3) == NoChange(oldest=1, newest=3)


def test_one_given_end_leaves_the_other_to_be_found() -> None:
    assert found(".aabb", new=2) == NoChange(oldest=1, newest=2)
    assert found("aabb.", old=2) == NoChange(oldest=2, newest=3)


@pytest.mark.parametrize("ends", [{"old": 0}, {"new": 0}])
def test_a_given_end_that_cannot_be_asked_is_named(ends: dict[str, int]) -> None:
    with pytest.raises(Unanswered) as told:
        found(".ab", **ends)
    assert told.value.place == 0


def test_where_nothing_can_be_asked_no_place_is_named() -> None:
    with pytest.raises(Unanswered) as told:
        found("...")
    assert told.value.place is None


@pytest.mark.parametrize("shown", ["..a..", ".a.....", "...ab......"])
def test_what_the_steps_miss_is_found_all_the_same(shown: str) -> None:
    first, last = shown.index("a"), len(shown.rstrip(".")) - 1
    assert found(shown) == (
        ChangePoint(first, last, ()) if "b" in shown else NoChange(oldest=first, newest=last)
    )


def test_the_only_one_agrees_with_itself() -> None:
    assert found("a") == NoChange(oldest=0, newest=0)


@given(st.integers(0, 30), st.integers(0, 30), st.sets(st.integers(0, 61)))
def test_whatever_cannot_be_asked_the_change_is_between(
    before: int, after: int, unasked: set[int]
) -> None:
    answers = "a" * (before + 1) + "b" * (after + 1)
    shown = "".join("." if i in unasked else answer for i, answer in enumerate(answers))
    if not {"a", "b"} <= set(shown):
        return
    change = found(shown)
    if isinstance(change, NoChange):
        # Only what stands before an end that was missed can be overlooked.
        assert "." in shown
        return
    assert (shown[change.last], shown[change.first]) == ("a", "b")
    assert all(shown[place] == "." for place in range(change.last + 1, change.first))
    assert change.between == tuple(range(change.last + 1, change.first))
