"""One entry of a case file made into a case, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import ValidationError

from conformance.cases import expectations, properties
from conformance.cases.error_messages import complaints
from conformance.cases.errors import Refused, Wrong
from conformance.cases.exactness import bound, is_exact, limit, real_parts, unfaithful
from conformance.cases.model import Case, Document, Erratum, Expected, Place, Tolerance
from conformance.cases.question_builder import ask, ask_as_written, blamed, misplaced
from conformance.cases.schema import (
    Entry,
    ErratumEntry,
    ExpectedEntry,
    ToleranceEntry,
    VaryingEntry,
)
from conformance.cases.size_limits import affordable, limited
from conformance.cases.vocabulary import did_you_mean
from conformance.cases.yaml_source import Complaint, Node
from conformance.question import AnyQuestion, Array, Chain, Question


def case_of(
    node: Node, place: Place, document: Document | None, *, check: bool
) -> tuple[Case | None, list[Complaint]]:
    """The case that ``node`` describes, None if anything is wrong with it, and what is wrong.

    With ``check``, what the case states is held against the oracle as well.
    """
    try:
        entry = Entry.model_validate(node.value)
    except ValidationError as error:
        return None, list(complaints(error, VaryingEntry, node))
    wrongs = [*misplaced(entry), *_unsaid(entry)]
    case = None
    if not wrongs:
        try:
            case = _case(entry, place, document)
            wrongs += _contradictions(entry, case, check=check)
        except Refused as refused:
            wrongs += refused.wrongs
    found = [(node.find(path), sentence) for path, sentence in wrongs]
    return (None if found else case), found


def _case(entry: Entry, place: Place, document: Document | None) -> Case:
    said = entry.expected if isinstance(entry.expected, ExpectedEntry) else ExpectedEntry()
    try:
        question = ask(entry)
    except Refused:
        if said.error is None:
            raise
        question = ask_as_written(entry)
    return Case(
        id=entry.id,
        op=entry.op,
        question=question,
        why=entry.why,
        exact=is_exact(entry),
        topics=tuple(entry.topics),
        tags=tuple(entry.tags),
        place=place,
        expected=Expected(
            numbers=_full(said.numbers, question),
            shape=_tuple(said.shape),
            matrix=None if said.matrix is None else np.array(said.matrix),
            parameters=_tuple(said.parameters),
            error=said.error,
            property=said.property,
            tolerance=_tolerance(said.tolerance),
        ),
        erratum=_erratum(entry.erratum, question),
        claims=tuple(entry.claims),
        document=document,
        section=entry.section,
    )


def _tolerance(said: ToleranceEntry | None) -> Tolerance | None:
    return None if said is None else Tolerance(said.absolute, said.reason)


def _erratum(said: ErratumEntry | None, question: AnyQuestion) -> Erratum | None:
    if said is None:
        return None
    return Erratum(
        sentence=said.sentence,
        numbers=_full(said.numbers, question),
        shape=_tuple(said.shape),
        property=said.property,
    )


def _unsaid(entry: Entry) -> Iterator[Wrong]:
    """What is missing from, or too much in, what the entry states of its answer."""
    said = entry.expected
    if isinstance(said, ExpectedEntry):
        if not said.model_fields_set - {"tolerance"}:
            yield ("expected",), "expected states nothing; leave it out for the oracle's answer"
        if said.error is not None and len(said.model_fields_set) > 1:
            yield ("expected",), "expected states an error, so that nothing else can be stated"
        if said.tolerance is not None and said.numbers is None:
            yield ("expected", "tolerance"), "tolerance is for numbers, and none are stated"
        if said.matrix is not None and np.array(said.matrix).ndim != 2:
            yield ("expected", "matrix"), "matrix must be a list of rows"
    if entry.erratum is not None:
        if not entry.erratum.model_fields_set - {"sentence"}:
            yield ("erratum",), "erratum must say what holds instead: numbers, shape or property"
        if not isinstance(said, ExpectedEntry):
            yield ("erratum",), "erratum needs what the document states, under expected"
    for key in ("expected", "erratum"):
        name = getattr(getattr(entry, key), "property", None)
        if name is not None and name not in properties.PROPERTIES:
            known = did_you_mean(name, properties.PROPERTIES)
            yield (key, "property"), f"there is no property '{name}'{known}"


def _contradictions(entry: Entry, case: Case, *, check: bool) -> list[Wrong]:
    """What the question cannot bear: data that is not exact, no answer, or statements not so."""
    if entry.exact:
        wrongs = [(at, f"{sentence}, but exact is true") for at, sentence in real_parts(entry)]
        if wrongs:
            return wrongs
    if case.expected.error is None:
        wrongs = list(unfaithful(entry) if case.exact else ()) or list(_unbounded(entry, case))
        if wrongs:
            return wrongs
    if not check:
        return []
    if case.expected.matrix is not None and isinstance(case.question, Question):
        _affordable_matrix(case.question)
    try:
        sentence = expectations.check(case)
    except (ValueError, ArithmeticError, MemoryError) as problem:
        sentence = str(problem)
    if sentence is None:
        return []
    if "erratum" in sentence:
        return [(("erratum",), sentence)]
    return [(("expected", *blamed(sentence, ExpectedEntry.model_fields)), sentence)]


def _unbounded(entry: Entry, case: Case) -> Iterator[Wrong]:
    """A question without an answer, or with sums that its dtype cannot hold."""
    try:
        largest = bound(case.question)
    except (ValueError, MemoryError) as problem:
        yield blamed(str(problem), entry.model_fields_set), str(problem)
        return
    most = limit(case.question, exact=case.exact)
    if not largest <= most:
        meaning = "holds every whole number" if case.exact else "holds numbers"
        yield (), f"sums may reach {largest:.0f}; {entry.dtype} {meaning} only up to {most:.0f}"


def _affordable_matrix(q: Question) -> None:
    size = int(np.prod(q.x.shape[1:]))
    shape = (size, *q.x.shape[1:])
    try:
        limited("the matrix", (size, q.output_channels, *q.output_space), ("expected", "matrix"))
        limited("the matrix", shape, ("expected", "matrix"))
        affordable(q.but(x=np.broadcast_to(np.zeros(()), shape), bias=None, gradient=None))
    except ValueError:
        return


def _full(numbers: list[Any] | None, question: AnyQuestion) -> Array | None:
    """Stated numbers with batch and channel axes."""
    if numbers is None:
        return None
    first = question.questions[0] if isinstance(question, Chain) else question
    stated = np.array(numbers)
    return stated[None, None] if stated.ndim == first.rank else stated


def _tuple(numbers: int | list[int] | None) -> tuple[int, ...] | None:
    if numbers is None:
        return None
    return tuple(numbers) if isinstance(numbers, list) else (numbers,)
