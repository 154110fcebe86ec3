"""Put questions to a program in any language, by lines of JSON (docs/any-program.md).

A worker imports this module in place of a framework. The program runs in the worker's group of
processes, so its faults are the worker's: if it dies, the worker dies of the same, and if it hangs,
the limit of time ends both.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

VARIABLE = "CONFORMANCE_PROGRAM"
"""The environment variable with the words of the program's command, as a list in JSON."""
PROTOCOL = 1
"""The version of the protocol."""
LONGEST = 2**28
"""Bytes that a line of the program may have."""
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}")
"""What the name and the version of a program may be."""
OPS = ("conv_transpose", "conv", "interpolate")
"""The operators that a program may take; the derivatives of one belong to it."""
DTYPES = {
    "float16": "<f2",
    "float32": "<f4",
    "float64": "<f8",
    "int32": "<i4",
    "int64": "<i8",
    "complex64": "<c8",
    "complex128": "<c16",
}
"""The dtypes of arrays in lines; a bfloat16 is the upper half of a float32."""
LISTED = ("complex64", "complex128")
"""The dtypes that only a program which lists them is asked in."""


class ProgramError(Exception):
    """A line that is no answer to the question."""


class Refused(Exception):
    """The program refuses a question, in its own words."""


class Skipped(Exception):
    """The program does not take such questions."""


class Program:
    """A program that answers questions.

    ``command`` are the words of its command. Raises ``OSError`` if it cannot be started. Raises
    ``ProgramError`` if it does not say in its first line who it is.
    """

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self._process.kill)
        self._number = 0
        self._send({"kind": "hello", "protocol": PROTOCOL, "suite": "conv-transpose-conformance"})
        ready = self._receive("ready")
        self.name, self.version = (_word(ready, key) for key in ("name", "version"))
        self._ops = _words(ready, "ops", OPS)
        dtypes = (*DTYPES, "bfloat16")
        unlisted = {"dtypes": [dtype for dtype in dtypes if dtype not in LISTED]}
        self._dtypes = _words({**unlisted, **ready}, "dtypes", dtypes)

    @property
    def is_alive(self) -> bool:
        """Whether the program still runs."""
        return self._process.poll() is None

    @property
    def title(self) -> str:
        """The name and the version, as one version of a framework."""
        return f"{self.name}-{self.version}"

    def takes(self, op: str) -> bool:
        """Return whether the program takes an operator."""
        return op in self._ops

    def answer(
        self, op: str, dtype: str, /, dtypes: Mapping[str, str] | None = None, **fields: Any
    ) -> NDArray[Any]:
        """Return the program's answer to a question.

        ``dtype`` is the dtype of the answer, and of the arrays that have no other one. ``dtypes``
        are the dtypes of the other arrays, by their names. Returns the answer; bfloat16 as float32.
        Raises ``Refused`` if the program refuses the question. Raises ``Skipped`` if it does not
        take such questions. Raises ``ProgramError`` if its line is no answer. It is started anew,
        as its next line may be late.
        """
        dtypes = dtypes or {}
        for name in (dtype, *dtypes.values()):
            if name not in self._dtypes:
                raise Skipped(f"it takes no {name}")
        self._number += 1
        values = {
            name: _encoded(value, dtypes.get(name, dtype))
            if isinstance(value, np.ndarray)
            else value
            for name, value in fields.items()
        }
        self._send({"kind": "question", "id": self._number, "op": op, "dtype": dtype, **values})
        reply = self._receive("answer", "refusal", "skip")
        if reply.get("id") != self._number:
            self._fail(f"a reply to question {reply.get('id')!r}, and not to {self._number}")
        if reply["kind"] == "answer":
            return decoded(reply.get("y"))
        words = str(reply.get("words") or "")
        if reply["kind"] == "skip":
            raise Skipped(words or "it does not take such a question")
        raise Refused(words or "it says no reason")

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._die()

    def _receive(self, *kinds: str) -> dict[str, Any]:
        """Return the next line; blank ones are passed over."""
        assert self._process.stdout is not None
        line = b""
        while not line.strip():
            line = self._process.stdout.readline(LONGEST)
            if not line:
                self._die()
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or message.get("kind") not in kinds:
            shown = line[:80].decode("utf-8", "replace").strip()
            self._fail(f"a line that is no {' or '.join(kinds)}: {shown!r}")
        return message

    def _fail(self, words: str) -> NoReturn:
        """Raise an error about a line of the program, whose later lines are worth nothing."""
        self._process.kill()
        self._process.wait()
        raise ProgramError(f"the program wrote {words}")

    def _die(self) -> NoReturn:
        """End the worker as the program has ended."""
        status = self._process.wait()
        if status < 0:
            if -status != signal.SIGKILL:  # which keeps its own way
                signal.signal(-status, signal.SIG_DFL)
            os.kill(os.getpid(), -status)
        os._exit(status or 1)


def _word(message: Mapping[str, Any], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise ProgramError(f"{key} must be up to 40 letters, digits, dots or dashes, got {value!r}")
    return value


def _words(message: Mapping[str, Any], key: str, known: tuple[str, ...]) -> frozenset[str]:
    """Return the words of a list, all that are known if there is no list."""
    value = message.get(key, known)
    if not isinstance(value, (list, tuple)) or not set(map(str, value)) <= set(known):
        raise ProgramError(f"{key} must be a list of {', '.join(known)}, got {value!r}")
    return frozenset(value)


def _encoded(array: NDArray[Any], dtype: str) -> dict[str, Any]:
    """Return an array as a line has it: its dtype, shape and bytes, the last axis fastest."""
    if dtype == "bfloat16":
        halves = np.ascontiguousarray(array, "<f4").view("<u2")[..., 1::2]
        data = np.ascontiguousarray(halves).tobytes()
    else:
        data = np.ascontiguousarray(array, DTYPES[dtype]).tobytes()
    return {"dtype": dtype, "shape": array.shape, "data": base64.b64encode(data).decode("ascii")}


def decoded(value: Any) -> NDArray[Any]:
    """Return the array of a line; raise `ProgramError` for anything else."""
    if not isinstance(value, dict):
        raise ProgramError("the program's answer has no array y")
    dtype, shape, data = (value.get(key) for key in ("dtype", "shape", "data"))
    is_shape = isinstance(shape, list) and all(isinstance(n, int) and n >= 0 for n in shape)
    if dtype not in (*DTYPES, "bfloat16") or not is_shape or not isinstance(data, str):
        raise ProgramError("the program's y must have dtype, shape and data")
    try:
        content = base64.b64decode(data, validate=True)
        if dtype == "bfloat16":
            halves = np.frombuffer(content, "<u2").astype(np.uint32) << 16
            return halves.view(np.float32).reshape(shape)
        return np.frombuffer(content, DTYPES[dtype]).reshape(shape).copy()
    except ValueError as error:
        raise ProgramError(f"the program's y is no array of that shape: {error}") from None


_program: Program | None = None


def running() -> Program:
    """Return the program of this worker, which is started first if it does not run."""
    global _program
    if _program is None or not _program.is_alive:
        if VARIABLE not in os.environ:
            raise ProgramError("no program is named, as `conformance run --command` does")
        _program = Program(json.loads(os.environ[VARIABLE]))
    return _program


def ask(op: str, dtype: str, **fields: Any) -> NDArray[Any]:
    """Put a question to the program of this worker, as `Program.answer` does."""
    return running().answer(op, dtype, **fields)
