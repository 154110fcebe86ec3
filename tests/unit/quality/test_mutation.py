"""What a case can tell: conventions put into the oracle, and whether its answer shows them."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from tiny import asked

from conformance.cases import Case, Expected, Place
from conformance.conventions.axes import AXES, CONVENTIONS
from conformance.conventions.diagnosis import Diagnosis
from conformance.quality import mutation
from conformance.quality.mutation import KillRecord
from conformance.question import AnyQuestion, Question, chained
from conformance.runs.prepared_case import PreparedCase

PLACES = {str(convention): place for place, convention in enumerate(CONVENTIONS)}
AXIS = {axis.name: place for place, axis in enumerate(AXES)}
FLIPPED = PLACES["kernel flip: flipped"]
LATER = PLACES["position: one later along every axis"]


def floats(numbers: Any, dtype: str = "float32") -> np.ndarray:
    return np.array(numbers, dtype)


def square(**changes: Any) -> Question:
    """The same over two axes, with a kernel that is none of its own reflections."""
    arrays = {"x": floats([[[[1, 2], [0, 3]]]]), "kernel": floats([[[[1, 2], [30, 400]]]])}
    return asked(**arrays | changes)


def case(question: AnyQuestion, **rest: Any) -> Case:
    fields: dict[str, Any] = {
        "op": "conv_transpose", "question": question, "why": "", "exact": True, "topics": (),
        "place": Place("cases.yaml", 1, 1), **rest,
    }  # fmt: skip
    return Case(id="one", **fields)


def sight(question: AnyQuestion, **rest: Any) -> KillRecord:
    return mutation.kill_record(PreparedCase(case(question, **rest)))


def names(places: frozenset[int]) -> set[str]:
    return {str(CONVENTIONS[place]) for place in places}


# One case


def test_a_case_sees_the_convention_that_changes_its_answer() -> None:
    assert FLIPPED in sight(asked()).kills


def test_a_case_misses_the_convention_that_changes_the_question_only() -> None:
    symmetric = sight(asked(kernel=floats([[[5, 5]]])))
    assert FLIPPED in symmetric.survivors - symmetric.kills


def test_a_convention_that_changes_nothing_is_neither_seen_nor_missed() -> None:
    one = sight(asked())
    assert PLACES["dilation: ignored"] not in one.kills | one.survivors


def test_another_length_is_seen_without_any_number() -> None:
    empty = asked(x=np.zeros((0, 1, 3), np.float32), padding=((1, 0),))
    assert "padding: ignored" in names(sight(empty).kills)


def test_another_dtype_is_seen() -> None:
    wide = asked(x=floats([[[1, 2]]], "float64"), kernel=floats([[[1, 10]]], "float64"))
    assert "dtype: narrowed to 32 bits" in names(sight(wide.but(dtype="float64")).kills)


def test_a_difference_within_the_rounding_of_real_numbers_is_not_seen() -> None:
    real = asked(x=floats([[[0.1, 0.7, 0.3]]]), kernel=floats([[[1.0, 1.0]]]), dtype="float32")
    exchanged = real.but(kernel=floats([[[1.0, np.nextafter(np.float32(1), np.float32(2))]]]))
    assert FLIPPED in sight(exchanged, exact=True).kills
    assert FLIPPED in sight(exchanged, exact=False).survivors


def test_what_has_no_answer_can_tell_nothing() -> None:
    nothing = sight(asked(padding=((5, 5),)), expected=Expected(error="remain"))
    assert (nothing.kills, nothing.survivors, nothing.pairs) == (frozenset(),) * 3


def test_a_convention_under_which_there_is_no_answer_is_not_seen() -> None:
    q = asked(padding=((-1, -1),))  # fewer zeros around the input than none would leave nothing
    assert "padding: pads the input" not in names(sight(q).kills)


def test_a_chain_is_seen_through_its_last_transposed_step() -> None:
    assert FLIPPED in sight(chained(floats([[[1, 2, 3]]]), [asked()])).kills


def test_the_diagnosis_is_asked_of_what_it_is_to_name() -> None:
    one = mutation.kill_record(PreparedCase(case(asked())), to_diagnose=[FLIPPED])
    assert (one.diagnosed, one.misdiagnosed) == (frozenset({FLIPPED}), frozenset())


def test_what_the_diagnosis_does_not_name_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "diagnose", lambda *_, **__: Diagnosis(()))
    one = mutation.kill_record(PreparedCase(case(asked())), to_diagnose=[FLIPPED])
    assert (one.diagnosed, one.misdiagnosed) == (frozenset(), frozenset({FLIPPED}))


# Choices of an axis


def test_two_choices_of_an_axis_are_told_apart_by_a_case_that_both_change() -> None:
    flips = {c[1:] for c in sight(square()).distinctions if c[0] == AXIS["kernel flip"]}
    assert flips == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


def test_choices_that_give_the_same_answer_are_not_told_apart() -> None:
    rows = square(kernel=floats([[[[1, 2], [1, 2]]]]))  # the first axis reads the same backwards
    flips = {c[1:] for c in sight(rows).distinctions if c[0] == AXIS["kernel flip"]}
    assert flips == {(0, 1), (0, 3), (1, 2), (2, 3)}


def test_every_two_choices_of_an_axis_are_listed_once() -> None:
    axis = AXIS["circular: start"]
    assert list(mutation.choices_of(axis)) == [(axis, 0, 1), (axis, 0, 2), (axis, 1, 2)]


# Pairs


def test_two_conventions_at_once_are_seen() -> None:
    assert tuple(sorted((FLIPPED, LATER))) in sight(asked()).pairs


def test_two_conventions_that_undo_each_other_are_not_seen() -> None:
    # A kernel of 1, 0 backwards is 0, 1: the same, one later.
    pair = sight(asked(kernel=floats([[[1, 0]]])))
    earlier = PLACES["position: one earlier along every axis"]
    assert {FLIPPED, earlier} <= pair.kills
    assert tuple(sorted((FLIPPED, earlier))) not in pair.pairs


def test_two_choices_of_one_axis_are_no_pair() -> None:
    axes = {(CONVENTIONS[i].axis.name, CONVENTIONS[j].axis.name) for i, j in sight(square()).pairs}
    assert axes
    assert all(one != other for one, other in axes)


# Many cases


@cache
def two() -> tuple[KillRecord, KillRecord]:
    return sight(asked()), sight(asked(kernel=floats([[[5, 5]]])))


def test_the_cases_that_see_a_convention_are_counted() -> None:
    seen = mutation.kill_counts(two())
    assert (seen[FLIPPED], seen[LATER]) == (1, 2)


def test_the_cases_that_tell_two_choices_apart_are_counted() -> None:
    assert mutation.distinction_counts(two())[AXIS["kernel flip"], 0, 1] == 1


def test_a_pair_is_unseen_until_a_case_sees_it() -> None:
    pair = tuple(sorted((FLIPPED, LATER)))
    assert pair in mutation.surviving_pairs([])
    assert pair not in mutation.surviving_pairs(two())


def test_pairs_stand_in_order_and_never_on_one_axis() -> None:
    for one, other in mutation.PAIRS:
        assert one < other
        assert CONVENTIONS[one].axis is not CONVENTIONS[other].axis


def test_of_many_cases_only_the_first_is_asked_for_a_pair() -> None:
    first, second = mutation.kill_records([PreparedCase(case(asked()))] * 2)
    assert first.pairs
    assert not second.pairs
    assert first.kills == second.kills


def test_of_many_cases_only_some_are_diagnosed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "DIAGNOSED", 2)
    sights = mutation.kill_records([PreparedCase(case(asked()))] * 3)
    assert [FLIPPED in one.diagnosed for one in sights] == [True, True, False]


def test_a_drawn_question_sees_a_pair_that_can_be_seen() -> None:
    pair = tuple(sorted((FLIPPED, LATER)))
    assert mutation.killable_pairs([pair]) == {pair}


@pytest.mark.parametrize(
    "pair",
    [
        ("same: formula: half a kernel", "padding ends: end, begin"),
        ("valid: length: whole strides", "output padding: ignored"),
    ],
    ids=["never in one question", "one undoes the other"],
)
def test_no_drawn_question_sees_a_pair_that_cannot_be_seen(pair: tuple[str, str]) -> None:
    assert mutation.killable_pairs([(PLACES[pair[0]], PLACES[pair[1]])]) == frozenset()


# Blindness


def test_a_symmetric_kernel_is_blind_to_flips() -> None:
    assert mutation.is_blind_to_flips(two()[1])


def test_a_kernel_that_differs_from_its_reflection_is_not() -> None:
    assert not mutation.is_blind_to_flips(two()[0])


@pytest.mark.parametrize(
    "q",
    [
        asked(kernel=floats([[[7]]])),
        asked(x=np.zeros((0, 1, 3), np.float32)),
    ],
    ids=["a kernel of one element", "an empty batch"],
)
def test_where_there_is_nothing_to_flip_nobody_is_blind(q: Question) -> None:
    assert not mutation.is_blind_to_flips(sight(q))


def test_blindness_is_of_the_case_and_not_of_its_words() -> None:
    one = two()[1]
    assert mutation.is_blind_to_flips(replace(one, case=replace(one.case, id="other")))
