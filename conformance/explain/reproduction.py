"""Write one call as a script that needs the framework and NumPy only.

The script holds the same source that a worker runs.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from conformance import question
from conformance.adapters.framework import Api, Framework
from conformance.adapters.interop import Device
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases import Case
from conformance.comparison import OVERFLOW, Reference
from conformance.observations import Mode, Observation
from conformance.question import Array
from conformance.recipes import literals
from conformance.recipes.call_writer import Call
from conformance.runs import run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Run, RunError
from conformance.utils.text import on, plain, shortened

LINE = literals.WIDTH
LONGEST = 2_000
"""The most characters of a framework's message in a sentence."""
_SETTINGS = re.compile(r"\b(vim?[<=>]?\d{0,4}|ex|Local Variables):")
"""The marks behind which an editor reads its settings in the first and last lines of a file."""


@dataclass(frozen=True)
class CallOutcome:
    """An observation of the call, and its environment.

    Attributes
    ----------
    runtime
        Its backend and runtime class.
    switches
        The environment variables that chose its kernels.
    device
        The device that computed, as the framework reports it.
    """

    observation: Observation
    version: str | None
    runtime: Runtime = ANY
    switches: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None

    @property
    def where(self) -> str:
        """Return the version, the backend and the runtime class."""
        runtime_class = f" ({self.runtime.runtime_class})" if self.runtime.runtime_class else ""
        return f"{self.version}{on(self.runtime.backend)}{runtime_class}"

    @property
    def words(self) -> str:
        """Return the observation in a sentence or two."""
        observation = self.observation
        if observation.status == "match":
            return "Right." if observation.detail is None else plain(observation.detail)
        return plain(observation.full_diagnosis or observation.detail or observation.status)

    @property
    def answered(self) -> bool:
        """Whether there was an answer; if not, a script may end at the call."""
        return self.observation.digest is not None


@dataclass(frozen=True, eq=False, kw_only=True)
class Reproduction:
    """A call to write as a script, and an observation of it, if there is one."""

    framework: Framework
    api: Api
    prepared_case: PreparedCase
    mode: Mode
    call: Call
    outcome: CallOutcome | None = None


def script(r: Reproduction) -> str:
    """Return the source of the script.

    The script leaves the answer in ``y``, and that of the oracle in ``expected``.
    """
    arrays = [literals.assignment(name, array) for name, array in r.call.arrays.items()]
    oracle = r.prepared_case.oracle_answer
    expected = [] if oracle is None else list(_expected(r.prepared_case, oracle))
    packed = any(map(literals.is_packed, (*arrays, *expected)))
    switches = tuple(_switches(r))
    will_answer = oracle is not None and (r.outcome is None or r.outcome.answered)
    return "\n".join(
        (
            *_comments(r),
            *(("import os",) if switches else ()),
            "import platform",
            *(literals.PACKED_IMPORTS if packed else ()),
            "import numpy as np",
            *switches,
            *(line for line in r.call.imports if not (switches and line == "import os")),
            *_device(r).setup,
            "",
            *arrays,
            # A refusal or a crash ends the script, so that the facts are printed before the call.
            *(() if will_answer else ("", *_facts(r))),
            "",
            r.call.source,
            *expected,
            *_results(r),
            *(_facts(r) if will_answer else ()),
            "",
        )
    )


def first_outcome(
    among: Iterable[Run], framework: Framework, api: Api, prepared_case: PreparedCase, mode: Mode,
    backend: str | None,
) -> CallOutcome | None:  # fmt: skip
    """Return the first observation of a call in some runs.

    ``framework``, ``api``, ``prepared_case`` and ``mode`` are the call; an observation of an
    earlier form of the case does not count. ``backend`` is the only backend that counts; None for
    any. Returns None where no run has the call.
    """
    key = (api.id, prepared_case.case.id, mode)
    for run in among:
        if run.header.framework != framework.name or backend not in (None, run.header.backend):
            continue
        for observation in run.observations:
            if observation.key == key and observation.content == prepared_case.content:
                header = run.header
                return CallOutcome(
                    observation, header.version, header.runtime, header.switches, header.device
                )
    return None


def newest(folder: Path) -> Iterator[Run]:
    """Yield the runs in a folder that can be read, the newest first."""
    for path in sorted(folder.glob("*.jsonl"), key=lambda p: p.stat().st_mtime, reverse=True):
        with suppress(RunError):
            yield run_files.read(path)


def _switches(r: Reproduction) -> Iterator[str]:
    """Yield the lines that set the environment variables that chose the kernels."""
    if r.outcome is not None:
        names = r.framework.interop(r.api, r.outcome.runtime.backend).switches
        for name, value in sorted(r.outcome.switches.items()):
            if name in names:
                yield f"os.environ[{name!r}] = {value!r}"


def _device(r: Reproduction) -> Device:
    return r.framework.reported_device(r.outcome.device if r.outcome else None)


def _comments(r: Reproduction) -> Iterator[str]:
    """Yield the head of the script; Python seeks an encoding in its first two lines."""
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


def _expected(prepared_case: PreparedCase, oracle: Array) -> Iterator[str]:
    """Yield the oracle's answer; if it is not exact, unrounded and with the allowed differences."""
    as_passed = partial(question.as_passed, prepared_case.case.question)
    if prepared_case.case.exact:
        yield literals.assignment("expected", as_passed(oracle))
    else:
        reference = prepared_case.reference
        yield literals.assignment("expected", as_passed(_rounded_away(reference)))
        near = np.where(np.isfinite(oracle), reference.near, 0.0)
        yield literals.assignment("allowed", as_passed(near))


def _results(r: Reproduction) -> Iterator[str]:
    if r.prepared_case.oracle_answer is None:
        yield 'print("It answered:", y, sep="\\n")'
        return
    yield 'print("It answered:", y, "Expected:", expected, sep="\\n")'
    yield from _verdict(r, r.prepared_case.oracle_answer)


def _rounded_away(reference: Reference) -> Array:
    """Return the numbers of a reference, with infinities for those beyond the dtype's range."""
    numbers = reference.numbers
    if np.iscomplexobj(numbers):
        return numbers
    is_beyond = np.abs(numbers) >= OVERFLOW.get(reference.dtype, np.inf)
    return np.where(is_beyond, np.copysign(np.inf, numbers), numbers)


def _verdict(r: Reproduction, oracle: Array) -> Iterator[str]:
    """Yield the lines that do what `comparison.difference` does."""
    case = r.prepared_case.case
    if not case.exact:
        yield f'same = y.shape == expected.shape and y.dtype == "{oracle.dtype}"'
        near = "(abs(y.astype(np.float64) - expected) <= allowed).all()"
        if np.iscomplexobj(oracle) or not np.isfinite(oracle).all():
            near = "np.isclose(y, expected, 0, allowed, equal_nan=True).all()"
        # An answer within rounding is not always right, and the script cannot tell.
        undecided = r.outcome is not None and r.outcome.observation.status == "undecided"
        words = "Within rounding, which proves nothing here." if undecided else "Right."
        yield f'print("{words}" if same and {near} else "Wrong.")'
        return
    equal_nan = ", equal_nan=True" if np.isnan(oracle).any() else ""
    same = f"np.array_equal(y, expected{equal_nan})"
    if case.question.questions[0].wanted != "parameters":
        same = f"y.dtype == expected.dtype and {same}"
    yield f'print("Right." if {same} else "Wrong.")'


def _facts(r: Reproduction) -> Iterator[str]:
    if r.prepared_case.oracle_answer is None:
        yield _print(f"There is no answer: {reason_without_answer(r.prepared_case.case)}.")
    if r.outcome is not None:
        yield _print(f"Seen in {r.framework.title} {r.outcome.where}: {r.outcome.words}")
    where = f" on {{{r.framework.backend}}}" if r.framework.backend_variable else ""
    yield (
        f'print(f"Now in {r.framework.title} {{{r.framework.version}}}{where},'
        ' NumPy {np.__version__}, Python {platform.python_version()}")'
    )


def reason_without_answer(case: Case) -> str:
    """Return why the question of a case has no answer.

    ``case`` is a case for which the oracle has no answer.
    """
    try:
        question.answer(case.question)
    except ValueError as refusal:
        return str(refusal).removesuffix(".")
    return case.expected.error or ""


def _print(sentence: str) -> str:
    """Return the statement that prints a sentence, on as many lines as it takes."""
    sentence = _words(sentence)
    text = f"print({_quoted(sentence)})"
    if len(text) <= LINE:
        return text
    parts = textwrap.wrap(sentence, LINE - 10, drop_whitespace=False, break_on_hyphens=False)
    return "\n".join(["print(", *(f"    {_quoted(part)}" for part in parts), ")"])


def _words(sentence: str) -> str:
    """Return a framework's message as text without meaning for Python or an editor."""
    return _SETTINGS.sub(r"\1\\x3a", shortened(plain(sentence), LONGEST))


def _quoted(sentence: str) -> str:
    return json.dumps(sentence, ensure_ascii=False)
