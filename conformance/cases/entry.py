"""Turn one entry of a case file into a case, or into everything that is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from pydantic import ValidationError

from conformance.cases import expectations, output_lengths, properties
from conformance.cases.error_messages import complaints
from conformance.cases.errors import CaseError, Fault
from conformance.cases.exactness import bound, is_exact, limit, real_parts, unrepresentable_values
from conformance.cases.model import Case, Document, Erratum, Expected, Place, Tolerance
from conformance.cases.question_builder import build_question, path_to_key
from conformance.cases.schema import Entry, ErratumEntry, ExpectedEntry, VaryingEntry
from conformance.cases.size_limits import check_cost, check_size
from conformance.cases.vocabulary import did_you_mean
from conformance.cases.yaml_node import Node
from conformance.cases.yaml_syntax import Complaint
from conformance.question import (
    OPS,
    TANGENTS,
    AnyQuestion,
    Array,
    Operator,
    Question,
    Wanted,
    as_canonical,
    is_complex,
    operator_of,
    tangents_of,
    wanted_of,
)

_CONV = frozenset({"kernel", "stride", "padding", "dilation", "groups"})
_KEYS: Mapping[Operator, frozenset[str]] = {
    "conv": _CONV,
    "conv_transpose": _CONV | {"output_padding", *output_lengths.WORDS},
    "interpolate": frozenset({"stride"}),
}
"""The keys of an operator without a bias."""
_WANTED_KEYS: Mapping[Wanted, frozenset[str]] = {
    "output": frozenset({"bias", "kernel_dtype"}),
    "input_gradient": frozenset({"gradient"}),
    "kernel_gradient": frozenset({"gradient"}),
    "bias_gradient": frozenset({"bias", "gradient"}),
    "jvp": frozenset({"bias"}),
    "double_backward_input": frozenset({"gradient"}),
    "double_backward_kernel": frozenset({"gradient"}),
    "double_backward_gradient": frozenset({"bias", "gradient"}),
    "parameters": frozenset({"bias"}),
}
"""The keys that belong to what is wanted of an operator, beside tangents."""
ALLOWED: Mapping[str, frozenset[str]] = {
    **{
        op: _KEYS[operator_of(op)].union(_WANTED_KEYS[wanted_of(op)], tangents_of(op)) for op in OPS
    },
    "interpolate": _KEYS["interpolate"],
    "chain": frozenset({"steps"}),
}
"""The keys of the question that each operator takes, beside ``x``."""
_CHAINED = "; each of its steps has its own"
_OTHER_OPS: Mapping[str, str] = {
    "steps": "; a case with steps says 'op: chain'",
    "gradient": "; op conv_transpose_input_gradient takes it, as do the other gradients",
    "kernel_dtype": "; the answers of conv and conv_transpose may be of two dtypes",
    **dict.fromkeys(TANGENTS, "; op conv_transpose_jvp takes it, and some double backward ops do"),
}
"""The operators that take a key, for the sentence that refuses it for another operator."""
_QUESTION_KEYS: frozenset[str] = frozenset().union(*ALLOWED.values())


def build_case(
    node: Node, place: Place, document: Document | None, *, check: bool
) -> tuple[Case | None, list[Complaint]]:
    """Build the case of an entry.

    ``document`` is the document that the file is about, if any. Returns None if anything is wrong
    with it.
    """
    try:
        entry = Entry.model_validate(node.value)
    except ValidationError as error:
        return None, list(complaints(error, VaryingEntry, node))
    faults = [*_misplaced_keys(entry), *_incomplete_statements(entry)]
    case = None
    if not faults:
        try:
            case = _case(entry, place, document)
            faults += _contradictions(entry, case, check=check)
        except CaseError as error:
            faults += error.faults
    return (None if faults else case), [(node.find(path), sentence) for path, sentence in faults]


def _case(entry: Entry, place: Place, document: Document | None) -> Case:
    statements = entry.expected if isinstance(entry.expected, ExpectedEntry) else ExpectedEntry()
    erratum = entry.erratum
    try:
        question = build_question(entry)
    except CaseError:
        if statements.error is None:
            raise
        question = build_question(entry, as_written=True)
    return Case(
        id=entry.id,
        op=entry.op,
        question=question,
        why=entry.why,
        exact=is_exact(entry),
        topics=tuple(entry.topics),
        tags=tuple(entry.tags),
        place=place,
        expected=Expected(**_converted(statements, question)),
        erratum=Erratum(**_converted(erratum, question)) if erratum else None,
        claims=tuple(entry.claims),
        document=document,
        section=entry.section,
    )


def _converted(statements: ExpectedEntry | ErratumEntry, question: AnyQuestion) -> dict[str, Any]:
    """Return the statements that are there, lists as arrays and tuples."""
    conversions: dict[str, Callable[[Any], Any]] = {
        "numbers": partial(_full, question=question),
        "shape": tuple,
        "matrix": np.array,
        "parameters": lambda counts: tuple(counts) if isinstance(counts, list) else (counts,),
        "tolerance": lambda tolerance: Tolerance(**dict(tolerance)),
    }
    return {
        key: conversions[key](value) if key in conversions else value
        for key, value in statements
        if value is not None
    }


def _misplaced_keys(entry: Entry) -> Iterator[Fault]:
    """Yield the keys that do not belong to the entry's operator, and those that it lacks."""
    keys = ALLOWED[entry.op]
    for key in sorted((_QUESTION_KEYS & entry.model_fields_set) - keys):
        hint = _CHAINED if entry.op == "chain" else _OTHER_OPS.get(key, "")
        yield (key,), f"{key} has no meaning for op {entry.op}{hint}"
    for key in ("kernel", "steps"):
        has_steps = key == "kernel" and entry.steps is not None  # its own sentence is enough
        if key in keys and getattr(entry, key) is None and not has_steps:
            yield (), f"{key} is missing; op {entry.op} needs it"
    tangents = [key for key in TANGENTS if key in keys]
    if tangents and all(getattr(entry, key) is None for key in tangents):
        yield (), f"{' or '.join(tangents)} is missing; op {entry.op} needs one"
    if tangents and is_complex(entry.dtype):
        yield ("dtype",), f"op {entry.op} takes real numbers, not {entry.dtype}"
    needs_bias = entry.op.endswith("bias_gradient") or entry.bias_tangent is not None
    if needs_bias and "bias" in keys and entry.bias is None:
        yield (), f"bias is missing; {'bias_tangent' if tangents else f'op {entry.op}'} needs it"
    if "bias_tangent" in tangents and entry.bias is not None and entry.bias_tangent is None:
        yield ("bias",), f"bias has no part in op {entry.op} without a bias_tangent"


def _incomplete_statements(entry: Entry) -> Iterator[Fault]:
    """Yield what is missing from, or too much in, the entry's statements of its answer."""
    statements = entry.expected
    if isinstance(statements, ExpectedEntry):
        if not statements.model_fields_set - {"tolerance"}:
            yield ("expected",), "expected states nothing; leave it out for the oracle's answer"
        if statements.error is not None and len(statements.model_fields_set) > 1:
            yield ("expected",), "expected states an error, so that nothing else can be stated"
        if statements.tolerance is not None and statements.numbers is None:
            yield ("expected", "tolerance"), "tolerance is for numbers, and none are stated"
        if statements.matrix is not None and np.array(statements.matrix).ndim != 2:
            yield ("expected", "matrix"), "matrix must be a list of rows"
    if entry.erratum is not None:
        if not entry.erratum.model_fields_set - {"sentence"}:
            yield ("erratum",), "erratum must say what holds instead: numbers, shape or property"
        if not isinstance(statements, ExpectedEntry):
            yield ("erratum",), "erratum needs what the document states, under expected"
    for key in ("expected", "erratum"):
        name = getattr(getattr(entry, key), "property", None)
        if name is not None and name not in properties.PROPERTIES:
            hint = did_you_mean(name, properties.PROPERTIES)
            yield (key, "property"), f"there is no property '{name}'{hint}"


def _contradictions(entry: Entry, case: Case, *, check: bool) -> list[Fault]:
    """Return what contradicts the question: inexact data, no answer, or false statements."""
    if entry.exact:
        faults = [(path, f"{sentence}, but exact is true") for path, sentence in real_parts(entry)]
        if faults:
            return faults
    if case.expected.error is None:
        faults = list(unrepresentable_values(entry, exact=case.exact)) or list(
            _overflows(entry, case)
        )
        if faults:
            return faults
    if not check:
        return []
    if case.expected.matrix is not None and isinstance(case.question, Question):
        _check_matrix_cost(case.question)
    try:
        sentence = expectations.check(case)
    except (ValueError, ArithmeticError, MemoryError) as error:
        sentence = str(error)
    if sentence is None:
        return []
    if "erratum" in sentence:
        return [(("erratum",), sentence)]
    return [(("expected", *path_to_key(sentence, ExpectedEntry.model_fields)), sentence)]


def _overflows(entry: Entry, case: Case) -> Iterator[Fault]:
    """Yield why a question has no answer, or that its dtype cannot hold the sums."""
    try:
        largest_sum = bound(case.question)
    except (ValueError, MemoryError) as error:
        yield path_to_key(str(error), entry.model_fields_set), str(error)
        return
    maximum = limit(case.question, exact=case.exact)
    if not largest_sum <= maximum:
        dtype = case.question.dtype if isinstance(case.question, Question) else entry.dtype
        meaning = "holds every whole number" if case.exact else "holds numbers"
        yield (
            (),
            f"sums may reach {largest_sum:.0f}; {dtype} {meaning} only up to {maximum:.0f}",
        )


def _check_matrix_cost(q: Question) -> None:
    size = int(np.prod(q.x.shape[1:]))
    shape = (size, *q.x.shape[1:])
    try:
        check_size("the matrix", (size, q.output_channels, *q.output_space), ("expected", "matrix"))
        check_size("the matrix", shape, ("expected", "matrix"))
        check_cost(q.but(x=np.broadcast_to(np.zeros(()), shape), bias=None, gradient=None))
    except ValueError:
        return


def _full(numbers: list[Any], question: AnyQuestion) -> Array:
    """Return stated numbers with batch and channel axes, (batch, channels, *space)."""
    first = question.questions[0]
    array = np.array(numbers)
    if first.answer_space == "bias":
        return array
    return array[None, None] if array.ndim == first.rank else as_canonical(question, array)
