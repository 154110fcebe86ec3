"""A draft is a case that holds up: with the oracle's answer, and what there is to know of it."""

from typing import Any

import pytest

from conformance.authoring.drafts import NoCase, draft, remarks

FIELDS: dict[str, Any] = {"id": "one", "why": "It differs.", "x": [1, 2, 3], "kernel": [1, 10, 100]}


def expected(**changes: Any) -> Any:
    stated = draft({**FIELDS, **changes}).fields["expected"]
    return {
        key: getattr(value, "tolist", lambda value=value: value)() for key, value in stated.items()
    }


def comment(**changes: Any) -> str:
    (sentence,) = draft({**FIELDS, **changes}).comments["expected"]
    return str(sentence)


def test_the_oracles_answer_is_expected() -> None:
    assert expected(padding=1) == {"numbers": [12, 123, 230]}


def test_numbers_of_several_channels_have_all_their_axes() -> None:
    assert expected(kernel=[[[1], [2]]]) == {"numbers": [[[1, 2, 3], [2, 4, 6]]]}


def test_parameters_are_counted() -> None:
    assert expected(op="conv_transpose_parameters", bias=[1]) == {"parameters": 4}


@pytest.mark.parametrize("shape", [[1, 1, 101], [0, 1, 3]])
def test_of_what_nobody_reads_only_the_shape_is_expected(shape: list[int]) -> None:
    x = {"shape": shape, "arange": 0}
    assert expected(x=x, kernel=[1]) == {"shape": tuple(shape)}


def test_a_question_without_an_answer_is_no_case() -> None:
    with pytest.raises(NoCase, match=r"at least 1 must remain\n.* --no-answer"):
        draft({**FIELDS, "padding": 3})


def test_a_question_may_be_meant_to_have_no_answer() -> None:
    refused = draft({**FIELDS, "stride": 0}, no_answer=True)
    assert refused.fields["expected"] == {"error": "stride must be at least 1 per axis, got 0"}


def test_a_question_that_has_an_answer_is_not_said_to_have_none() -> None:
    with pytest.raises(NoCase, match="has an answer"):
        draft(FIELDS, no_answer=True)


def test_every_thing_that_is_wrong_is_told() -> None:
    with pytest.raises(NoCase) as raised:
        draft({**FIELDS, "why": "No stop", "id": "A B"})
    assert len(str(raised.value).splitlines()) == 2


def test_remarks_stand_before_the_case() -> None:
    assert draft(FIELDS, ["From here."]).comments["id"] == ("From here.",)


# How long the answer has to be


def test_the_length_is_a_sum_to_do_in_ones_head() -> None:
    said = comment(stride=2, padding=[[0, 1]], output_padding=1)
    assert said == "(3 - 1) 2 + 3 - 0 - 1 + 1 = 7 elements: the oracle's answer."


def test_a_word_for_padding_is_said_in_numbers() -> None:
    assert comment(stride=2, padding="same").startswith("(3 - 1) 2 + 3 - 0 - 1 = 6 elements")


def test_dilation_is_part_of_the_kernels_reach() -> None:
    assert comment(dilation=2).startswith("(3 - 1) 1 + 5 = 7 elements")


def test_a_convolution_has_a_sum_of_its_own() -> None:
    assert comment(op="conv", padding=1, stride=2).startswith("(3 + 1 + 1 - 3) // 2 + 1 = 2")


def test_equal_axes_have_one_sum() -> None:
    assert "= 4 elements along each axis" in comment(x=[[1, 2], [3, 4]], kernel=[[1] * 3] * 3)


def test_different_axes_have_a_sum_each() -> None:
    said = comment(x=[[1, 2], [3, 4]], kernel=[[1, 2, 3]])
    assert said == "(2 - 1) 1 + 1 = 2 by (2 - 1) 1 + 3 = 4 elements: the oracle's answer."


# What a case can tell apart


def said(**changes: Any) -> list[str]:
    return list(remarks(draft({**FIELDS, **changes}).case))


def test_a_case_says_what_it_sees() -> None:
    (line,) = said(padding=[[0, 1]])
    assert line.startswith("one: kills answer layout; kernel flip; operator; padding; ")


def test_a_kernel_that_reads_the_same_backwards_hides_a_flip() -> None:
    assert "one: a flipped kernel survives; other numbers would kill it" in said(kernel=[1, 10, 1])


def test_a_question_without_an_answer_sees_nothing() -> None:
    case = draft({**FIELDS, "stride": 0}, no_answer=True).case
    assert list(remarks(case)) == ["one: kills nothing"]


def test_what_takes_long_is_not_asked_in_every_way() -> None:
    x, kernel = {"shape": [4, 64, 64, 64], "fill": 1}, {"shape": [64, 1, 3, 3], "fill": 1}
    assert said(x=x, kernel=kernel) == []
