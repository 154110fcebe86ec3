"""Draft a case before it is written: the loader checks it, and the oracle fills in its answer.

A draft also has comments for a person, with the source of the case and the length of its answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from conformance.authoring.yaml_writer import READABLE, new_file
from conformance.cases import Case, Loaded, load
from conformance.oracle import geometry
from conformance.quality import mutation, summary
from conformance.question import Question, answer, as_passed
from conformance.runs.prepared_case import PreparedCase
from conformance.utils.printable import PrintableError

SEARCHED = 2**22
"""Products of an answer beyond which the conventions are not tried on a case."""


class NoCase(PrintableError):
    """The fields make no case; the message has a sentence on each line."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A valid case that has not been written.

    Parameters
    ----------
    fields
        Its values by the keys of a case file.
    comments
        Sentences to write before a key.
    """

    case: Case
    fields: Mapping[str, Any]
    comments: Mapping[str, Sequence[str]]


def draft(
    fields: Mapping[str, Any], origins: Sequence[str] = (), *, no_answer: bool = False
) -> Draft:
    """Draft a case, with its expected answer.

    ``fields`` are the values of the case by their keys, without ``expected``. Raises ``NoCase``
    with the problems of the case.
    """
    if no_answer:
        refusal = _refusal(fields)
        if refusal is None:
            raise NoCase("the question has an answer, or is none; --no-answer is for those without")
        expectation: dict[str, Any] = {"error": refusal}
        comment = None
    else:
        case = _load_one(fields)
        expectation, comment = expected_answer(case), _length_comment(case)
    fields = {**fields, "expected": expectation}
    comments = {"id": tuple(origins), "expected": () if comment is None else (comment,)}
    return Draft(_load_one(fields), fields, comments)


def expected_answer(case: Case) -> dict[str, Any]:
    """Return the oracle's answer as the value of ``expected``.

    It is the number of parameters; or the numbers, without batch and channels where there is one
    of each; or only the shape where there are no numbers, or more than `READABLE`.

    Raises ``ValueError`` if the question has no answer.
    """
    array = answer(case.question)
    if case.question.questions[0].wanted == "parameters":
        return {"parameters": int(array)}
    if not 0 < array.size <= READABLE:
        return {"shape": as_passed(case.question, array).shape}
    bare = array.shape[:2] == (1, 1)
    return {"numbers": array[0, 0] if bare else as_passed(case.question, array)}


def remarks(case: Case) -> Iterator[str]:
    """Yield sentences on the conventions that a case distinguishes; none if that takes too long."""
    q = case.question
    if isinstance(q, Question) and len(q.x) * q.kernel.size * prod(q.space) > SEARCHED:
        return
    record = mutation.kill_record(PreparedCase(case), (), ())
    yield from summary.kills([record])
    yield from summary.hidden([record])
    if mutation.is_blind_to_flips(record):
        yield f"{case.id}: {summary.BLIND}"


def _load_one(fields: Mapping[str, Any]) -> Case:
    """Load a case from its fields. Raises `NoCase`."""
    loaded = _load(fields, check=True)
    if loaded.problems:
        sentences = [problem.sentence for problem in loaded.problems]
        if _refusal(fields) is not None:
            sentences.append("a case of a question without an answer is made with --no-answer")
        raise NoCase("\n".join(sentences))
    (case,) = loaded.cases
    return case


def _refusal(fields: Mapping[str, Any]) -> str | None:
    """Return the oracle's reason for a refusal; None for an answer, and for fields without case."""
    loaded = _load({**fields, "expected": {"error": "any"}}, check=False)
    if loaded.problems:
        return None
    try:
        answer(loaded.cases[0].question)
    except ValueError as refusal:
        return str(refusal)
    return None


def _load(fields: Mapping[str, Any], *, check: bool) -> Loaded:
    with TemporaryDirectory() as folder:
        file = Path(folder, "case.yaml")
        file.write_text(new_file(fields, {}), encoding="utf-8")
        return load([file], check=check)


def _length_comment(case: Case) -> str | None:
    """Write the lengths of the answer as sums; None where the question has no such sum."""
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
        (size,) = geometry.effective_kernel_size((k,), (d,))
        if q.operator == "conv":
            yield f"({n} + {b} + {e} - {size}) // {s} + 1 = {length}"
        else:
            crop = f" - {b} - {e}" if b or e else ""
            yield f"({n} - 1) {s} + {size}{crop}{f' + {p}' if p else ''} = {length}"
