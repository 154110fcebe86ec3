"""Collect what the page of a case shows: the question, the calls and the answers.

A run file has no arrays, only digests. The answer under the conventions that explain an observation
is shown where its digest is that of the observation.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.cases.model import Place
from conformance.conventions.axes import BY_NAME
from conformance.conventions.interpretations import answer_under
from conformance.observations import MODES, Observation
from conformance.question import AnyQuestion, Array, Chain, Crop, Pad, Pool, Question
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.report import pictures
from conformance.report.data import ReportData
from conformance.report.environments import Column
from conformance.runs.prepared_case import PreparedCase, digest_of, plain_bytes
from conformance.utils.printable import printable_lines

MOST_NUMBERS = 256
"""The most numbers of an array that a page shows."""


def details(data: ReportData, ids: Mapping[str, int]) -> dict[str, Any]:
    """Return the contents of the pages of all cases.

    ``ids`` are the numbers of the cases, by which everything refers to them.

    Returns
    -------
    dict
        ===========  ==================================================================
        cases        by number: ``yaml``, ``arguments``, ``arrays``, ``expected``, ``size``,
                     and perhaps ``picture``
        texts        the sources of all calls, each once
        calls        for each column: a case, and the numbers of the naive and of the equivalent
                     call or -1, in turns
        answers      arrays that are not the oracle's, each once
        given        for each column: a case, and the number of the answer to its naive call
        imports      for each column, the first lines of a script
        ===========  ==================================================================
    """
    texts: dict[str, int] = {}
    answers: dict[str, tuple[int, Any]] = {}
    prepared = {id_: case for id_, case in data.prepared_cases.items() if id_ in ids}
    return {
        "cases": {ids[id_]: _entry(prepared_case) for id_, prepared_case in prepared.items()},
        "calls": [list(_calls(column, prepared, ids, texts)) for column in data.columns],
        "texts": list(texts),
        "given": [list(_given(column, prepared, ids, answers)) for column in data.columns],
        "answers": [array for _, array in answers.values()],
        "imports": list(map(_imports, data.columns)),
    }


def _entry(prepared_case: PreparedCase) -> dict[str, Any]:
    case = prepared_case.case
    question = case.question
    first = question.questions[0] if isinstance(question, Chain) else question
    arrays = {"x": first.x, **({"w": first.kernel} if first.kernel.ndim > 1 else {})}
    if first.bias is not None:
        arrays["b"] = first.bias
    if first.gradient is not None:
        arrays["g"] = first.gradient
    expected = prepared_case.oracle_answer
    entry = {
        "yaml": printable_lines(yaml_of(case.place)),
        "arguments": _arguments(question),
        "arrays": {name: shown(array) for name, array in arrays.items()},
        "expected": None if expected is None else shown(expected),
        "size": sum(array.size for array in arrays.values()),
        "error": case.expected.error,
    }
    if pictures.has_landings(question) and not case.expected.error:
        assert isinstance(question, Question)
        entry["picture"] = pictures.landings(question, "where each product lands")
    return entry


def _arguments(question: AnyQuestion) -> str:
    """Return the arguments of all steps, with the dtype where it is not float32."""
    if isinstance(question, Chain):
        return ", then ".join(map(_step, question.steps))
    return pictures.arguments(question)


def _step(step: Question | Pool | Pad | Crop) -> str:
    if isinstance(step, Question):
        return f"{step.op} ({pictures.arguments(step)})"
    if isinstance(step, Pool):
        return f"the largest of every {step.size}"
    verb = "padded" if isinstance(step, Pad) else "cropped"
    return f"{verb} by {' x '.join(map(str, step.pairs))}"


def shown(array: Array) -> dict[str, Any]:
    """Return an array with its shape and dtype, and its numbers if they are not too many."""
    entry: dict[str, Any] = {"shape": list(array.shape), "dtype": str(array.dtype)}
    if array.size <= MOST_NUMBERS:
        entry["numbers"] = [_number(value) for value in array.ravel().tolist()]
    return entry


def _number(value: complex) -> float | int | str:
    if isinstance(value, complex) or not np.isfinite(value):
        return str(value).strip("()")  # JSON has no such number
    return int(value) if value == int(value) else value


@cache
def _lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(Path(file).read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError, ValueError):
        return ()


def yaml_of(place: Place) -> str:
    """Return the lines of a case in its file, or nothing where the file is not there any more."""
    lines = _lines(place.file)[place.line - 1 :]
    if not lines:
        return ""
    indent = len(lines[0]) - len(lines[0].lstrip())
    block = [lines[0]]
    for line in lines[1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        block.append(line)
    return "\n".join(line[indent:] for line in block).rstrip()


def _calls(
    column: Column,
    prepared: Mapping[str, PreparedCase],
    ids: Mapping[str, int],
    texts: dict[str, int],
) -> Iterator[int]:
    """Yield a case, and the numbers of its calls, in turns."""
    header, api = column.environment.run.header, APIS.get(column.api)
    framework = FRAMEWORKS[header.framework]
    if api is None or header.failure is not None or framework.without(header.backend):
        return
    cases = {o.case for o in column.environment.run.observations if o.api == column.api}
    for id_ in sorted(cases & prepared.keys()):
        yield ids[id_]
        for mode in MODES:
            question = prepared[id_].case.question
            call = call_writer.write(framework, header.runtime, api, question, mode)
            yield texts.setdefault(call.source, len(texts)) if isinstance(call, Call) else -1


def _given(
    column: Column,
    prepared: Mapping[str, PreparedCase],
    ids: Mapping[str, int],
    answers: dict[str, tuple[int, Any]],
) -> Iterator[int]:
    """Yield a case, and the number of the answer to its naive call, in turns."""
    wrong = (column.api, "native", "mismatch")
    observations = column.environment.run.observations
    for observation in sorted(observations, key=lambda observation: observation.key):
        if (observation.api, observation.mode, observation.status) != wrong:
            continue
        prepared_case = prepared.get(observation.case)
        if prepared_case is None or prepared_case.content != observation.content:
            continue
        digest = observation.digest or ""
        if digest not in answers and (array := _answer(prepared_case, observation)) is not None:
            answers[digest] = len(answers), shown(array)
        if digest in answers:
            yield from (ids[observation.case], answers[digest][0])


def _answer(prepared_case: PreparedCase, observation: Observation) -> Array | None:
    """Return the answer behind an observation, if the conventions that explain it give it."""
    if not observation.explanations or np.prod(observation.shape or (0,)) > MOST_NUMBERS:
        return None
    conventions = tuple(BY_NAME[name] for name in observation.explanations[0] if name in BY_NAME)
    try:
        array = answer_under(prepared_case.case.question, conventions)
    except ValueError:
        return None
    if array is None or digest_of((plain_bytes(array),)) != observation.digest:
        return None
    return array


def _imports(column: Column) -> list[str]:
    header, api = column.environment.run.header, APIS.get(column.api)
    framework = FRAMEWORKS[header.framework]
    if api is None or framework.without(header.backend):
        return []
    return ["import numpy as np", *framework.interop(api, header.backend).imports]
