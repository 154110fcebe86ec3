"""Cases in any number, one axis each, for tests of how they are shared out."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.cases import Case, Place
from conformance.question import Question
from conformance.runs.prepared_case import PreparedCase


def case(name: str, first: int = 1, **rest: Any) -> Case:
    """1, 2 (or another first number) and a kernel of 1, 10."""
    question = Question(
        op="conv_transpose",
        x=np.array([[[first, 2]]], np.float32),
        kernel=np.array([[[1, 10]]], np.float32),
    )
    fields = {
        "op": question.op,
        "question": question,
        "why": "It is one of many.",
        "exact": True,
        "topics": ("basic",),
        "place": Place("cases.yaml", 1, 1),
        **rest,
    }
    return Case(id=name, **fields)


def prepared_cases(count: int) -> list[PreparedCase]:
    """Cases named by their numbers, 00, 01, ..."""
    return [PreparedCase(case(f"{number:02}")) for number in range(count)]
