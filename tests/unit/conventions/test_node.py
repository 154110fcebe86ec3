"""Nodes: what one search computed the next one finds, and another question or slack never does."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import question as questions
from conformance.conventions import node as nodes
from conformance.conventions.axes import BY_NAME, CONVENTIONS
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import answer_under, root_of
from conformance.question import Question

FLIPPED = BY_NAME["kernel flip: flipped"]
PLACE = CONVENTIONS.index(FLIPPED)


def layer(dtype: str = "float32", length: int = 5) -> Question:
    random = np.random.default_rng(length)
    x, kernel = random.normal(size=(1, 2, length)), random.normal(size=(2, 3, 4))
    return Question(
        op="conv_transpose", x=x.astype(dtype), kernel=kernel.astype(dtype), stride=(2,)
    )


def test_the_answer_under_one_convention_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    q = layer()
    first, reference = answer_under(q, (FLIPPED,)), root_of(q).child(PLACE).reference()
    precise = root_of(q).child(PLACE).reference(precise=True)
    assert precise is not reference
    monkeypatch.setattr(questions, "answer", None)
    assert answer_under(q, (FLIPPED,)) is first
    assert root_of(q).child(PLACE).reference() is reference
    assert root_of(q).child(PLACE).reference(precise=True) is precise


def test_an_answer_is_kept_for_its_own_question_and_slack() -> None:
    q, other = layer(), layer(length=6)
    bound = root_of(q).child(PLACE).reference().near
    wider = root_of(q, 1.0).child(PLACE).reference().near
    np.testing.assert_allclose(wider, bound + 1.0)
    assert answer_under(other, (FLIPPED,)).shape != answer_under(q, (FLIPPED,)).shape
    assert answer_under(layer(), (FLIPPED,)) is not answer_under(q, (FLIPPED,))


def test_of_a_large_question_only_its_form_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "SMALL", 10)
    q = layer()
    first = answer_under(q, (FLIPPED,))
    assert answer_under(q, (FLIPPED,)) is not first
    assert root_of(q).child(PLACE) is root_of(q).child(PLACE)


def test_a_very_large_question_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "BIG", 33)
    q = layer()
    assert sum(array.size for array in q.arrays.values()) == 34
    assert root_of(q) is not root_of(q)
    monkeypatch.setattr(nodes, "BIG", 34)
    assert root_of(q) is root_of(q)


def test_nobody_can_change_what_is_kept() -> None:
    kept = answer_under(layer(), (FLIPPED,))
    with pytest.raises(ValueError, match="read-only"):
        kept[...] = 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_answers_to_one_question_are_explained_as_each_alone(dtype: str) -> None:
    """Right after each other, in both orders, and each by a question that no search has seen."""
    q = layer(dtype)
    answers = [
        answer_under(q, (BY_NAME[name],))
        for name in ("kernel flip: flipped", "output channels: reversed", "stride: ignored")
    ]
    alone = [_names(layer(dtype), answer) for answer in answers]
    assert [_names(q, answer) for answer in answers] == alone
    assert [_names(q, answer) for answer in answers[::-1]] == alone[::-1]


def _names(q: Question, answer: np.ndarray) -> tuple[tuple[str, ...], ...]:
    return diagnose(q, questions.answer(q), answer, exact=False).names
