"""What a worker says is taken for what it may say, or for nothing."""

from typing import Any

import numpy as np
import pytest

from conformance.workers.protocol import (
    AnswerReply,
    BatchReply,
    CrashReply,
    Malformed,
    MemoryReply,
    MistakeReply,
    Ready,
    RefusalReply,
    StartFailure,
    reply,
)

Y = {"y": np.zeros(2)}
READY = {
    "kind": "ready",
    "number": 0,
    "python": "3.11.0",
    "platform": "Linux",
    "numpy": "2.0.0",
    "facts": {"version": "1.0"},
    "machine": {"architecture": "x86_64", "level": None, "model": None},
    "switches": {},
}
WORDS = {"number": 1, "type": "ValueError", "message": "no"}


@pytest.mark.parametrize(
    ("header", "arrays", "kind"),
    [
        (READY, {}, Ready),
        ({"kind": "failed", **WORDS}, {}, StartFailure),
        ({"kind": "answer", "number": 1}, Y, AnswerReply),
        ({"kind": "answers", "number": 1}, {"0": Y["y"], "12": Y["y"]}, BatchReply),
        ({"kind": "answers", "number": 1}, {}, BatchReply),
        ({"kind": "refusal", **WORDS}, {}, RefusalReply),
        ({"kind": "refusal", **WORDS, "message": "half of a pair: \ud800"}, {}, RefusalReply),
        ({"kind": "memory", **WORDS}, {}, MemoryReply),
        ({"kind": "mistake", **WORDS}, {}, MistakeReply),
        ({"kind": "crash", "number": 1, "reason": "closed"}, {}, CrashReply),
    ],
)
def test_what_may_be_said_is_taken(header: dict[str, Any], arrays: Any, kind: type) -> None:
    assert type(reply(header, arrays)) is kind


@pytest.mark.parametrize(
    ("header", "arrays"),
    [
        ({}, {}),
        ({"number": 1}, {}),
        ({"kind": "praise", "number": 1}, {}),
        ({"kind": ["answer"], "number": 1}, Y),
        ({"kind": "\ud800", "number": 1}, Y),
        ({"kind": "answer", "number": 1, "\ud800": 1}, Y),
        ({"kind": "answer"}, Y),
        ({"kind": "answer", "number": "1"}, Y),
        ({"kind": "answer", "number": 1.0}, Y),
        ({"kind": "answer", "number": True}, Y),
        ({"kind": "answer", "number": -1}, Y),
        ({"kind": "answer", "number": 10**30}, Y),
        ({"kind": "answer", "number": 1, "more": 1}, Y),
        ({"kind": "answer", "number": 1}, {}),
        ({"kind": "answer", "number": 1}, {"x": Y["y"]}),
        ({"kind": "answer", "number": 1}, {**Y, "x": Y["y"]}),
        ({"kind": "answers", "number": 1}, Y),
        ({"kind": "answers", "number": 1}, {"-1": Y["y"]}),
        ({"kind": "answers", "number": 1}, {"\u00b2": Y["y"]}),
        ({"kind": "refusal", **WORDS}, Y),
        ({"kind": "refusal", **WORDS, "message": None}, {}),
        ({"kind": "refusal", **WORDS, "message": "a" * 20_001}, {}),
        ({"kind": "refusal", **WORDS, "type": "a" * 201}, {}),
        ({"kind": "refusal", "number": 1, "type": "ValueError"}, {}),
        ({"kind": "crash", "number": 1, "reason": 1}, {}),
        (READY | {"python": "3.11.0\n"}, {}),
        (READY | {"python": None}, {}),
        (READY | {"python": "9" * 101}, {}),
        (READY | {"platform": "a" * 201}, {}),
        (READY | {"facts": []}, {}),
        (READY | {"facts": None}, {}),
        (READY | {"machine": {"cores": 8}}, {}),
        (READY | {"switches": {"A": 1}}, {}),
        (READY, Y),
    ],
)
def test_what_may_not_be_said_is_not_taken(header: dict[str, Any], arrays: Any) -> None:
    with pytest.raises(Malformed):
        reply(header, arrays)
