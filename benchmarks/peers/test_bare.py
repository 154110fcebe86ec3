"""What people do today: the same calls as parametrised plain pytest, in the framework's process."""

import pytest
import ready
from questions import QUESTIONS


@pytest.mark.parametrize(
    ("question", "case"), list(zip(QUESTIONS, ready.cases(), strict=True)), ids=lambda _: "-"
)
def test_question(question, case):
    arrays, wanted, exact = case
    try:
        answer = question(**arrays)
    except Exception:
        pytest.skip("refused")
    assert ready.same(answer, wanted, exact)
