"""What a case states is held against the oracle, and against what a framework answered."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.cases.expectations import check, claim_holds, correction_holds, matrix, parameters
from conformance.cases.model import Case, Erratum, Expected, Place, Tolerance
from conformance.question import AnyQuestion, Array, Chain, Pool, Question, answer

X = np.array([[[1, 2]]], np.float32)
KERNEL = np.array([[[1, 10]]], np.float32)
ANSWER = [1, 12, 20]


def question(op: Any = "conv_transpose", **changes: Any) -> Question:
    return Question(op=op, **{"x": X, "kernel": KERNEL, **changes})


def chain() -> Chain:
    first = question(bias=np.array([5], np.float32))
    return Chain((first, Pool(1), question("conv", x=answer(first))))


def case(
    asked: AnyQuestion | None = None,
    erratum: Erratum | None = None,
    exact: bool = True,
    **states: Any,
) -> Case:
    asked = asked or question()
    return Case(
        id="a-case",
        op="chain" if isinstance(asked, Chain) else asked.op,
        question=asked,
        why="For a test.",
        exact=exact,
        topics=("basic",),
        place=Place("a.yaml", 1, 1),
        expected=Expected(**states),
        erratum=erratum,
    )


def given(*numbers: float) -> Array:
    return np.array([[numbers]], np.float32)


TRUE = [
    {"numbers": ANSWER},
    {"numbers": [[ANSWER]]},
    {"shape": (3,)},
    {"shape": (1, 1, 3)},
    {"matrix": [[1, 0], [10, 1], [0, 10]]},
    {"parameters": (2,)},
    {"property": "scatter"},
    {"numbers": ANSWER, "shape": (3,), "property": "direct-convolution"},
    {},
]


@pytest.mark.parametrize("states", TRUE)
def test_a_statement_that_the_oracle_bears_out_has_nothing_wrong(states: dict[str, Any]) -> None:
    assert check(case(**states)) is None


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        (
            {"numbers": [1, 13, 20]},
            "states numbers that the oracle does not give: 1 of 3 differ, first at [0, 0, 1]:"
            " stated is 13, the oracle gives 12",
        ),
        (
            {"numbers": [1, 12]},
            "states numbers that the oracle does not give: stated is shape (1, 1, 2), the oracle"
            " gives shape (1, 1, 3)",
        ),
        ({"shape": (4,)}, "states the shape (4,), the oracle's is (1, 1, 3)"),
        (
            {"matrix": [[1, 0], [1, 1], [0, 10]]},
            "states a matrix that the oracle does not give: 1 of 6 differ, first at [1, 0]: stated"
            " is 1, the oracle gives 10",
        ),
        ({"parameters": (3,)}, "states the parameters [3], the oracle counts [2]"),
        (
            {"property": "energy-preserved"},
            "states the property energy-preserved, which does not hold: 1 of 1 differ, first at"
            " [0]: the answer gives 545, it must be 5",
        ),
        (
            {"error": "no such"},
            "states that the question has no answer ('no such'), but the oracle answers it, with"
            " shape (1, 1, 3)",
        ),
        (
            {"property": "unit-steps"},
            "property unit-steps is about conv_input_gradient, conv_kernel_gradient,"
            " conv_transpose_input_gradient, conv_transpose_kernel_gradient, not about"
            " conv_transpose",
        ),
    ],
)
def test_a_false_statement_is_said_in_a_sentence(states: dict[str, Any], sentence: str) -> None:
    assert check(case(**states)) == sentence


def test_nan_is_never_what_a_document_states() -> None:
    assert check(case(numbers=[1, float("nan"), 20], exact=False)) is not None


UNANSWERABLE = question(padding=((2, 2),))


def test_a_refusal_that_was_stated_has_nothing_wrong() -> None:
    assert check(case(UNANSWERABLE, error="at least 1 must remain")) is None


def test_a_refusal_in_other_words_is_said() -> None:
    assert "states the error 'too long', the oracle's is 'padding (2, 2)" in str(
        check(case(UNANSWERABLE, error="too long"))
    )


def test_a_question_without_answer_is_said() -> None:
    assert str(check(case(UNANSWERABLE))).startswith("has no answer: padding (2, 2) leaves")


WRONG = {"numbers": [1, 12, 20, 0]}
CORRECTION = Erratum(sentence="One number too many.", numbers=np.array([1, 12, 20]), shape=(3,))


def test_an_erratum_that_is_right_has_nothing_wrong() -> None:
    assert check(case(erratum=CORRECTION, **WRONG)) is None


def test_an_erratum_may_correct_a_property_by_another() -> None:
    correction = Erratum(sentence="Sums are.", property="sum-is-product")
    assert check(case(erratum=correction, property="energy-preserved")) is None


def test_an_erratum_of_a_right_statement_is_stale() -> None:
    assert "stale erratum" in str(check(case(erratum=CORRECTION, numbers=ANSWER)))


def test_a_wrong_correction_is_said() -> None:
    wrong = replace(CORRECTION, shape=(2,))
    sentence = "has a wrong erratum: it states the shape (2,), the oracle's is (1, 1, 3)"
    assert check(case(erratum=wrong, **WRONG)) == sentence


def test_an_answer_is_held_to_the_document_and_to_its_correction() -> None:
    wrong = case(erratum=CORRECTION, **WRONG)
    assert (claim_holds(wrong, given(*ANSWER)), correction_holds(wrong, given(*ANSWER))) == (
        False,
        True,
    )


def test_printed_numbers_may_be_as_far_off_as_the_tolerance_says() -> None:
    asked = question(x=X / np.float32(4))
    states = {"numbers": [0.3, 3.0, 5.0], "exact": False}
    near = Tolerance(absolute=0.06, reason="One decimal.")
    assert check(case(asked, tolerance=near, **states)) is None
    assert check(case(asked, tolerance=replace(near, absolute=0.04), **states)) is not None


def test_without_a_tolerance_real_numbers_may_differ_by_rounding_only() -> None:
    asked = question(x=X / np.float32(3))
    assert check(case(asked, numbers=[1 / 3, 4, 20 / 3], exact=False)) is None
    assert check(case(asked, numbers=[0.3333, 4, 20 / 3], exact=False)) is not None


@pytest.mark.parametrize("states", TRUE)
def test_a_right_answer_satisfies_the_document_or_shows_nothing(states: dict[str, Any]) -> None:
    shown = set(states) & {"numbers", "shape", "property"}
    assert claim_holds(case(**states), given(*ANSWER)) is (True if shown else None)


@pytest.mark.parametrize("states", [{"numbers": ANSWER}, {"property": "scatter"}])
@pytest.mark.parametrize("wrong", [(10, 21, 2), (1, 12), (1, float("nan"), 20)])
def test_a_wrong_answer_does_not_satisfy_the_document(
    states: dict[str, Any], wrong: tuple[float, ...]
) -> None:
    assert claim_holds(case(**states), given(*wrong)) is False


def test_any_answer_contradicts_a_stated_error() -> None:
    assert claim_holds(case(UNANSWERABLE, error="at least 1"), given(1)) is False


BASIS = question(x=np.eye(2, dtype=np.float32)[:, None])


def test_the_answer_to_every_one_hot_image_is_held_to_the_matrix() -> None:
    states = case(BASIS, matrix=[[1, 0], [10, 1], [0, 10]])
    assert claim_holds(states, answer(BASIS)) is True
    assert claim_holds(states, answer(BASIS)[:, :, ::-1]) is False


def test_the_matrix_of_an_operator_ignores_its_data_and_bias() -> None:
    asked = question(x=7 * X, bias=np.array([3], np.float32))
    assert matrix(asked).tolist() == [[1, 0], [10, 1], [0, 10]]


def test_a_chain_has_parameters_step_by_step() -> None:
    assert parameters(chain()) == (3, 2)
    assert check(case(chain(), parameters=(3, 2), shape=(2,))) is None


def test_a_count_that_an_api_gave_is_held_to_the_one_stated() -> None:
    asked = question("conv_transpose_parameters")
    assert claim_holds(case(asked, parameters=(2,)), np.array(2)) is True
    assert claim_holds(case(asked, parameters=(2,)), np.array(3)) is False


def test_a_matrix_is_stated_of_an_operators_output_only() -> None:
    assert "one operator's output" in str(check(case(chain(), matrix=[[1]])))
