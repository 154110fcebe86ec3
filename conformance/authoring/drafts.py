"""A case before it is written: checked as the loader will, with the oracle's answer filled in.

So a program hands over only cases that hold up, and a person reads beside them where they come
from, how long the answer has to be, and what they can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from conformance.authoring.yaml_writer import READABLE, fresh
from conformance.cases import Case, Loaded, load
from conformance.oracle import geometry
from conformance.quality import mutation, summary
from conformance.question import Question, answer
from conformance.runs.prepared_case import PreparedCase
from conformance.utils.printable import PrintableError

SEARCHED = 2**22
"""Products that an answer may take for every convention to be tried on it."""


class NoCase(PrintableError):
    """What was said makes no case; in sentences, one a line."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A case that holds up.

    fields    what it says, by the keys of a case file
    comments  sentences to stand before a key
    """

    case: Case
    fields: Mapping[str, Any]
    comments: Mapping[str, Sequence[str]]


def drafted(
    fields: Mapping[str, Any], whence: Sequence[str] = (), *, no_answer: bool = False
) -> Draft:
    """The case that ``fields`` make, with what is expected of it; ``whence`` says where it is from.

    no_answer  the oracle is expected to refuse the question
    Raises `NoCase`.
    """
    if no_answer:
        refusal = _refusal(fields)
        if refusal is None:
            raise NoCase("the question has an answer, or is none; --no-answer is for those without")
        stated: dict[str, Any] = {"error": refusal}
        comment = None
    else:
        case = _only(fields)
        stated, comment = expected(case), _lengths(case)
    whole = {**fields, "expected": stated}
    comments = {"id": tuple(whence), "expected": () if comment is None else (comment,)}
    return Draft(_only(whole), whole, comments)


def expected(case: Case) -> dict[str, Any]:
    """What ``expected`` says when it says what the oracle answers.

    The number of parameters; or the numbers of the answer, bare where there is one image of one
    channel, if they are few enough to be read; or the answer's shape. Raises ``ValueError`` for a
    question without an answer.
    """
    given = answer(case.question)
    if isinstance(case.question, Question) and case.question.wanted == "parameters":
        return {"parameters": int(given)}
    if not 0 < given.size <= READABLE:
        return {"shape": given.shape}
    return {"numbers": given[0, 0] if given.shape[:2] == (1, 1) else given}


def remarks(case: Case) -> Iterator[str]:
    """What the case can tell apart, in sentences; nothing where finding out takes too long."""
    q = case.question
    if isinstance(q, Question) and len(q.x) * q.kernel.size * prod(q.space) > SEARCHED:
        return
    sight = mutation.kill_record(PreparedCase(case), (), ())
    yield from summary.each([sight])
    yield from summary.hidden([sight])
    if mutation.is_blind_to_flips(sight):
        yield f"{case.id}: cannot see a flipped kernel; other numbers would"


def _only(fields: Mapping[str, Any]) -> Case:
    loaded = _loaded(fields, check=True)
    if loaded.problems:
        said = [problem.sentence for problem in loaded.problems]
        if _refusal(fields) is not None:
            said.append("a case of a question without an answer is made with --no-answer")
        raise NoCase("\n".join(said))
    (case,) = loaded.cases
    return case


def _refusal(fields: Mapping[str, Any]) -> str | None:
    """The oracle's reason not to answer, None where it answers or where nothing is asked."""
    loaded = _loaded({**fields, "expected": {"error": "any"}}, check=False)
    if loaded.problems:
        return None
    try:
        answer(loaded.cases[0].question)
    except ValueError as refusal:
        return str(refusal)
    return None


def _loaded(fields: Mapping[str, Any], *, check: bool) -> Loaded:
    with TemporaryDirectory() as folder:
        file = Path(folder, "case.yaml")
        file.write_text(fresh(fields, {}), encoding="utf-8")
        return load([file], check=check)


def _lengths(case: Case) -> str | None:
    """How long the answer has to be, as a sum to do in one's head; None where that says nothing."""
    q = case.question
    if not isinstance(q, Question) or q.operator == "interpolate" or q.wanted != "output":
        return None
    sums = list(_sums(q))
    if len(set(sums)) == 1 < q.rank:
        return f"{sums[0]} elements along each axis: the oracle's answer."
    return f"{' by '.join(sums)} elements: the oracle's answer."


def _sums(q: Question) -> Iterator[str]:
    axes = zip(
        q.space, q.window, q.stride, q.dilation, q.pairs, q.output_padding, q.output_space,
        strict=True,
    )  # fmt: skip
    for n, k, s, d, (b, e), p, length in axes:
        (reach,) = geometry.effective_kernel_size((k,), (d,))
        if q.operator == "conv":
            yield f"({n} + {b} + {e} - {reach}) // {s} + 1 = {length}"
        else:
            crop = f" - {b} - {e}" if b or e else ""
            yield f"({n} - 1) {s} + {reach}{crop}{f' + {p}' if p else ''} = {length}"
