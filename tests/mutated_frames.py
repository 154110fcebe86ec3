"""What a lying worker may send in the place of an answer: seeded mutations of right frames.

Half of them are right frames of other things, with the checksum that they should have; the others
are no frames at all, or more than one.
"""

import json
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from attacked import patience
from fakes import frameworks
from fakes.clock import PATIENCE
from fakes.players import Company
from fakes.prepared_cases import case

from conformance.adapters.runtime import ANY
from conformance.runs import evaluation, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.workers import channel
from conformance.workers.outcomes import Outcome
from conformance.workers.worker_client import Interpreter, Task, WorkerClient, WorkerError

MAGIC = b"\x93CONV\r\n\n"
TOKEN = b"\x00a token of 16 B"
"""Of every session that is attacked."""
READY: Mapping[str, Any] = {
    "kind": "ready",
    "python": "3.11.0",
    "platform": "Linux",
    "numpy": "2.0.0",
    "facts": {"version": "1.0"},
    "machine": {"architecture": "x86_64", "level": "x86-64-v3", "model": None},
    "switches": {},
}
WORDS = {"type": "ValueError", "message": "no such stride"}
KINDS: tuple[Mapping[str, Any], ...] = (
    {"kind": "refusal", **WORDS},
    {"kind": "memory", **WORDS},
    {"kind": "crash", "reason": "closed the worker's descriptors [1]"},
    {"kind": "failed", **WORDS},
    {"kind": "answers"},
    {"kind": "mistake", **WORDS},
    READY,
)

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2, 2**62, 2**63, 10**400, 1.0, 0.5, float("nan"), float("inf"), "", "0",
    "y", "1", "answer", "answers", "refusal", "ready", "praise", "\x00", "\x1b[31m", "\n", "\ud800",
    "\u202e", "a" * 199, "a" * 201, "a" * 20_001, "a" * 2**20, "out of memory", "MemoryError", [],
    [[]], ["y"], [["y", "<f8", [1]]], {}, {"version": 1}, {"version": ["1.0"]}, {"version": "\n"},
    {"": ""}, "3.7.0", "2.7", "3.11.0\n", "9" * 5000,
)  # fmt: skip
DTYPES: tuple[Any, ...] = (
    "<f8", "<f4", "<f2", "<i8", "|u1", "|i1", "|b1", ">f8", ">i2", "=f4", "<c8", "<c16", "<f16",
    "<c32", "<f12", "|O", "|O8", "|V8", "<U2", "|S8", "<M8[s]", "<m8[s]", "f8,i4", "<f8<f8",
    "float64", "f1", "", "<f1", "(2,)<f4", "[('a', '<f8')]", 8, None, ["<f8"], {"a": "<f8"},
)  # fmt: skip
SHAPES: tuple[Any, ...] = (
    [], [1], [2], [0], [1, 1], [1, 1, 1], [1, 0, 3], [1] * 32, [1] * 33, [0] * 32, [-1], [True],
    [1.0], ["1"], [None], [[1]], [2**29], [2**31], [2**40, 0], [2**62, 4], [2**16, 2**16], [10**30],
    None, 1, {}, "1",
)  # fmt: skip
HEADS = (
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b'{"a":' * 50_000, b"NaN", b"\xff\xfe",
    b"\x00", b'{"kind": "answer", "kind": "refusal", "number": 1, "arrays": []}', b"{} {}",
    b" " * 2**20, b'{"number": 1e400}', b'{"kind": "answer", "number": 1, "arrays": {"y": 1}}',
)  # fmt: skip
SIZES = (0, 1, 2**16, 2**20, 2**20 + 1, 2**26, 2**29, 2**29 + 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)


@dataclass(frozen=True)
class Frame:
    """A frame, part by part.

    Parameters
    ----------
    header
        As JSON has it, or bytes that are no JSON.
    body
        The bytes of its arrays.
    magic, token
        What it begins with.
    sizes
        Of the header and of the body, where they are not what they are.
    check
        The checksum, where it is not right.
    """

    header: Mapping[str, Any] | bytes
    body: bytes = b""
    magic: bytes = MAGIC
    token: bytes = TOKEN
    sizes: tuple[int | None, int | None] = (None, None)
    check: int | None = None

    @property
    def data(self) -> bytes:
        """All of it."""
        head = self.header if isinstance(self.header, bytes) else json.dumps(self.header).encode()
        head_size, body_size = self.sizes
        head_size = len(head) if head_size is None else head_size
        body_size = len(self.body) if body_size is None else body_size
        check = zlib.crc32(self.body, zlib.crc32(head)) if self.check is None else self.check
        sizes = struct.pack("<IQI", head_size & 0xFFFFFFFF, body_size, check)
        return self.magic + self.token + sizes + head + self.body


def answer(number: int, value: float | None = None) -> Frame:
    """The frame with this number, an answer that is its number unless it is another one."""
    body = struct.pack("<d", number if value is None else value)
    header = {"kind": "answer", "number": number, "arrays": [["y", "<f8", [1]]]}
    return Frame(header, body)


Mutation = Callable[[Frame, random.Random], Frame]


def _value(frame: Frame, r: random.Random) -> Frame:
    """A field of the header, at any depth, that is another one."""
    header = json.loads(json.dumps(frame.header)) if isinstance(frame.header, Mapping) else {}
    place: Any = header
    while place:
        key: Any = r.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], dict | list) or r.random() < 0.4:
            place[key] = r.choice(VALUES)
            break
        place = place[key]
    return replace(frame, header=header)


def _key(frame: Frame, r: random.Random) -> Frame:
    """A field too few, or one too many."""
    header = dict(frame.header) if isinstance(frame.header, Mapping) else {}
    if header and r.random() < 0.5:
        header.pop(r.choice(list(header)))
    else:
        header[r.choice(("verdict", "type", "message", "y", "facts", ""))] = r.choice(VALUES)
    return replace(frame, header=header)


def _kind(frame: Frame, r: random.Random) -> Frame:
    """Another kind of frame, with the same number and arrays, or none."""
    header = frame.header if isinstance(frame.header, Mapping) else {}
    arrays = header.get("arrays", []) if r.random() < 0.2 else []
    body = frame.body if arrays else b""
    header = {**r.choice(KINDS), "number": header.get("number", 1), "arrays": arrays}
    return replace(frame, header=header, body=body)


def _arrays(frame: Frame, r: random.Random) -> Frame:
    """Other arrays, of which the body may have the bytes."""
    header = dict(frame.header) if isinstance(frame.header, Mapping) else {}
    names = ("y", "y", "y", "x", "0", "1", "00", "-1", "\u00b2", "", "y" * 10_000, 1, None)
    header["arrays"] = [
        r.choice(
            (
                [r.choice(names), r.choice(DTYPES), r.choice(SHAPES)],
                [r.choice(names), "<f8", r.choice(SHAPES)],
                ["y", r.choice(DTYPES), [1]],
                r.choice(VALUES),
            )
        )
        for _ in range(r.choice((1, 1, 1, 2, 40)))
    ]
    return replace(frame, header=header, body=r.randbytes(r.choice((0, 1, 2, 4, 8, 8, 16, 1000))))


def _size(frame: Frame, r: random.Random) -> Frame:
    """Sizes that are none of this frame."""
    sizes = [r.choice((None, *SIZES)), r.choice((None, *SIZES))]
    return replace(frame, sizes=(sizes[0], sizes[1]))


MUTATIONS: tuple[Mutation, ...] = (
    _value, _value, _key, _kind, _kind, _arrays, _arrays, _arrays, _size, lambda frame,
    r: replace(frame, header=r.choice(HEADS)), lambda frame,
    r: replace(frame, body=r.randbytes(r.choice((0, 1, 7, 9, 2**17)))), lambda frame,
    r: replace(frame, check=r.choice((0, 1, 2**32 - 1))), lambda frame,
    r: replace(frame, magic=r.choice((b"", MAGIC[:-1], MAGIC * 2, b"\x93NUMPY\x01\x00"))),
    lambda frame, r: replace(frame, token=r.choice((bytes(16), b"", TOKEN[::-1], TOKEN * 2))),
)  # fmt: skip


def _flipped(data: bytes, r: random.Random) -> bytes:
    at = r.randrange(len(data) or 1)
    return (
        data[:at] + bytes(one ^ 1 << r.randrange(8) for one in data[at : at + 1]) + data[at + 1 :]
    )


def mutants(count: int, seed: int, right: Frame) -> Iterator[bytes]:
    """So many things to send in the place of a frame, the same for the same seed."""
    r = random.Random(seed)
    for _ in range(count):
        frame = right
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            frame = r.choice(MUTATIONS)(frame, r)
        yield r.choice(STREAMS)(right, frame, r)


Stream = Callable[[Frame, Frame, random.Random], bytes]
STREAMS: tuple[Stream, ...] = (
    *[lambda _, frame, __: frame.data] * 10,
    lambda _, frame, r: r.randbytes(r.choice((1, 8, 40, 2**17))) + frame.data,
    lambda _, frame, r: frame.data + r.randbytes(r.choice((1, 8, 40, 2**17))),
    lambda right, _, __: b"a warning\n" + right.data,
    lambda right, _, r: right.data * r.choice((2, 2, 100)),
    lambda _, __, r: answer(r.choice((0, 1, 2, 3, 4, 2**40))).data,
    lambda right, frame, _: right.data + frame.data,
    lambda right, frame, _: frame.data + right.data,
    lambda _, frame, r: frame.data[: r.randrange(len(frame.data) or 1)],
    lambda right, _, r: _flipped(right.data, r),
    lambda _, __, ___: b"",
)

OPENING = Frame({**READY, "number": 0, "arrays": []})
TOGETHER = Frame(
    {"kind": "answers", "number": 1, "arrays": [[str(n), "<f8", [1]] for n in range(3)]},
    struct.pack("<3d", 1, 2, 3),
)
HONEST = (OPENING.data, b"".join(answer(number).data for number in range(1, 9)))
"""All that an honest worker ever sends, who knows beforehand what it will be asked."""
PLACES: Mapping[str, tuple[Frame, Callable[[bytes], Sequence[bytes]]]] = {
    "an answer": (answer(2), lambda lie: (OPENING.data, answer(1).data + lie + answer(3).data)),
    "answers together": (TOGETHER, lambda lie: (OPENING.data, lie)),
    "who it is": (OPENING, lambda lie: (lie + HONEST[1],)),
}
"""What a lie stands in the place of, and all that a worker sends that lies there."""
ALONE = Interpreter(sys.executable, facts={"version": "'1.0'"})
TASKS = [
    Task(str(n), f"y = {n} + x", {"x": np.zeros(1)}, ((0, 1, ("x",)),)) for n in (1.0, 2.0, 3.0)
]
ITEM = next(
    plan.invocations(framework := frameworks.framework(frameworks.api()), ANY, framework.apis,
                 [PreparedCase(case("one"))])
)  # fmt: skip


def hand_over(place: str, lie: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Have a worker lie once, and an honest one in its place from then on.

    Fails where that comes to anything but an outcome for each question, or a sentence.
    """
    monkeypatch.setattr(channel.secrets, "token_bytes", lambda _: TOKEN)
    monkeypatch.setattr(channel, "_GLANCE", 0.0)  # as its look is what a player waits for
    monkeypatch.setattr(channel, "Process", Company(PLACES[place][1](lie), HONEST))
    interpreter = replace(ALONE, together="None", most=3) if place == "answers together" else ALONE
    outcomes: list[Outcome] = []
    with patience(lie):
        try:
            with WorkerClient(interpreter, timeout=PATIENCE) as client:
                outcomes += [outcome for _, outcome in client.submit(TASKS)]
        except WorkerError as error:
            assert len(str(error)) < 2**16, lie
            return outcomes
    assert len(outcomes) == len(TASKS)
    for outcome in outcomes:
        line = json.dumps(evaluation.evaluate(ITEM, "native", outcome).line())
        assert len(line) < 2**16, lie
    return outcomes
