"""Reproductions: one call as a script for those who have the framework and nothing of ours.

The call in it is the very text that a worker runs, so that what is reported is what was seen.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from conformance import question
from conformance.adapters.base import Api, Framework
from conformance.adapters.runtime import ANY, Runtime
from conformance.observations import Mode, Observation
from conformance.question import AnyQuestion, Array, Question
from conformance.recipes import literals
from conformance.recipes.call_writer import Call
from conformance.runs import run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Run, RunError
from conformance.utils.text import plain, shortened

LINE = literals.WIDTH
LONGEST = 2_000
"""Characters of the words of others that are told in a sentence."""
_SETTINGS = re.compile(r"\b(vim?[<=>]?\d{0,4}|ex|Local Variables):")
"""What an editor reads its settings behind, in the first and the last lines of a file."""


@dataclass(frozen=True)
class Seen:
    """What was observed of the call, and where.

    switches  environment variables that moved kernels there
    """

    observation: Observation
    version: str | None
    runtime: Runtime = ANY
    switches: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The version, the backend and the runtime class."""
        on = f" on {self.runtime.backend}" if self.runtime.backend else ""
        runtime_class = self.runtime.runtime_class
        return f"{self.version}{on}{f' ({runtime_class})' if runtime_class else ''}"

    @property
    def words(self) -> str:
        """What was seen, in a sentence or two."""
        seen = self.observation
        if seen.status == "match":
            return "Right." if seen.detail is None else plain(seen.detail)
        return plain(seen.told or seen.detail or seen.status)

    @property
    def answered(self) -> bool:
        """Whether there was an answer; if not, what comes after the call may not be reached."""
        return self.observation.digest is not None


@dataclass(frozen=True, eq=False, kw_only=True)
class Reproduction:
    """What a script is made of.

    seen  what was observed of the call, where that is known
    """

    framework: Framework
    api: Api
    prepared_case: PreparedCase
    mode: Mode
    call: Call
    seen: Seen | None = None


def script(r: Reproduction) -> str:
    """The source of the script; it leaves the answer in y, and the oracle's in ``expected``."""
    arrays = [literals.assignment(name, array) for name, array in r.call.arrays.items()]
    wanted = r.prepared_case.wanted
    expected = [] if wanted is None else list(_expected(r.prepared_case, wanted))
    packed = any(map(literals.is_packed, (*arrays, *expected)))
    switches = tuple(_switches(r))
    certain = wanted is not None and (r.seen is None or r.seen.answered)
    return "\n".join(
        (
            *_comments(r),
            *(("import os",) if switches else ()),
            "import platform",
            *(literals.PACKED_IMPORTS if packed else ()),
            "import numpy as np",
            *switches,
            *(line for line in r.call.imports if not (switches and line == "import os")),
            "",
            *arrays,
            # What a refusal or a crash would keep from being printed is printed before it.
            *(() if certain else ("", *_facts(r))),
            "",
            r.call.source,
            *expected,
            *_told(r),
            *(_facts(r) if certain else ()),
            "",
        )
    )


def sighting(
    among: Iterable[Run], framework: Framework, api: Api, prepared_case: PreparedCase, mode: Mode,
    backend: str | None,
) -> Seen | None:  # fmt: skip
    """What the first of the runs has to say of the call, if any has.

    backend  the only one that counts; None for any
    A run of the case as it was before somebody changed it does not count.
    """
    key = (api.id, prepared_case.case.id, mode)
    for run in among:
        if run.header.framework != framework.name or backend not in (None, run.header.backend):
            continue
        for observation in run.observations:
            if observation.key == key and observation.content == prepared_case.content:
                header = run.header
                return Seen(observation, header.version, header.runtime, header.switches)
    return None


def newest(folder: Path) -> Iterator[Run]:
    """The runs in a folder that can be read, the newest first."""
    for path in sorted(folder.glob("*.jsonl"), key=lambda p: p.stat().st_mtime, reverse=True):
        with suppress(RunError):
            yield run_files.read(path)


def _switches(r: Reproduction) -> Iterator[str]:
    """Yield the lines that set what made the framework choose its kernels where it was asked."""
    if r.seen is not None:
        names = r.framework.interop(r.api, r.seen.runtime.backend).switches
        for name, value in sorted(r.seen.switches.items()):
            if name in names:
                yield f"os.environ[{name!r}] = {value!r}"


def _comments(r: Reproduction) -> Iterator[str]:
    """The head of the script; Python seeks an encoding in its first two lines, which are ours."""
    yield "# -*- coding: utf-8 -*-"
    yield f"# One question to {r.framework.title}: this script needs {r.framework.title} and NumPy."
    case = r.prepared_case.case
    how = "native call" if r.mode == "native" else f"recipe ({r.call.cost.words})"
    source = f" From {case.document.title}." if case.document else ""
    for words in (f"{case.id}: {r.api.id}, {how}.{source}", case.why):
        yield from textwrap.wrap(
            _words(words), LINE, initial_indent="# ", subsequent_indent="# ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def _expected(prepared_case: PreparedCase, wanted: Array) -> Iterator[str]:
    """The oracle's answer; where it is not exact, unrounded and with how far each may be off."""
    if prepared_case.case.exact:
        yield literals.assignment("expected", wanted)
        return
    yield literals.assignment("expected", prepared_case.reference.numbers)
    yield literals.assignment("allowed", prepared_case.reference.near)


def _told(r: Reproduction) -> Iterator[str]:
    if r.prepared_case.wanted is None:
        yield 'print("It answered:", y, sep="\\n")'
        return
    yield 'print("It answered:", y, "Expected:", expected, sep="\\n")'
    yield from _verdict(r, r.prepared_case.wanted.dtype)


def _verdict(r: Reproduction, dtype: np.dtype[Any]) -> Iterator[str]:
    """The lines that say what `comparison.difference` does."""
    case = r.prepared_case.case
    if not case.exact:
        yield f'same = y.shape == expected.shape and y.dtype == "{dtype}"'
        near = "(abs(y.astype(np.float64) - expected) <= allowed).all()"
        # What is within rounding is not always right, and only we can tell.
        undecided = r.seen is not None and r.seen.observation.status == "undecided"
        words = "Within rounding, which proves nothing here." if undecided else "Right."
        yield f'print("{words}" if same and {near} else "Wrong.")'
        return
    same = "np.array_equal(y, expected)"
    if not _counts(case.question):
        same = f"y.dtype == expected.dtype and {same}"
    yield f'print("Right." if {same} else "Wrong.")'


def _counts(asked: AnyQuestion) -> bool:
    return isinstance(asked, Question) and asked.wanted == "parameters"


def _facts(r: Reproduction) -> Iterator[str]:
    if r.prepared_case.wanted is None:
        yield _print(f"There is no answer: {_why_none(r.prepared_case)}.")
    if r.seen is not None:
        yield _print(f"Seen in {r.framework.title} {r.seen.where}: {r.seen.words}")
    where = f" on {{{r.framework.backend}}}" if r.framework.backend_variable else ""
    yield (
        f'print(f"Now in {r.framework.title} {{{r.framework.version}}}{where},'
        ' NumPy {np.__version__}, Python {platform.python_version()}")'
    )


def _why_none(prepared_case: PreparedCase) -> str:
    try:
        question.answer(prepared_case.case.question)
    except ValueError as refusal:
        return str(refusal).removesuffix(".")
    return prepared_case.case.expected.error or ""


def _print(sentence: str) -> str:
    """The statement that prints a sentence, on as many lines as it takes."""
    sentence = _words(sentence)
    text = f"print({_quoted(sentence)})"
    if len(text) <= LINE:
        return text
    parts = textwrap.wrap(sentence, LINE - 10, drop_whitespace=False, break_on_hyphens=False)
    return "\n".join(["print(", *(f"    {_quoted(part)}" for part in parts), ")"])


def _words(sentence: str) -> str:
    """Words of others as text that neither Python nor an editor takes for more."""
    return _SETTINGS.sub(r"\1\\x3a", shortened(plain(sentence), LONGEST))


def _quoted(sentence: str) -> str:
    return json.dumps(sentence, ensure_ascii=False)
