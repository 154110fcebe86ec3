"""A survey: every case asked of every API of a framework, in both modes, in one interpreter."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from conformance import calls, comparison, limits, question, shipped
from conformance.api import Api, Framework, Inexpressible
from conformance.calls import Call
from conformance.cases import Case
from conformance.claims import expectations
from conformance.diagnosis import Diagnosis, diagnose
from conformance.interpreters import device_of, probes_of, runtime_of
from conformance.interpreters import interpreter_for as interpreter_for
from conformance.memory import memory_of
from conformance.observations import MODES, Mode, Observation, Status
from conformance.question import Array, Asked, Chain, Question
from conformance.runs import Header
from conformance.runtime import ANY, Runtime
from conformance.workers.controller import Examination, Identity, Task
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal
from conformance.workers.worker import NoAnswer


@dataclass(frozen=True, eq=False)
class Worth:
    """An answer held against the oracle and against what the case's document states."""

    detail: str | None
    diagnosis: Diagnosis | None
    claim: bool | None
    correction: bool | None


@dataclass(frozen=True, eq=False)
class Subject:
    """A case with what is worked out once for all APIs."""

    case: Case

    @cached_property
    def wanted(self) -> Array | None:
        """The oracle's answer; None where the case is that there is none."""
        return None if self.case.expected.error else question.answer(self.case.question)

    @cached_property
    def content(self) -> str:
        """A digest of what is asked, without the words around it."""
        return _digest(_parts(self.case.question))

    @cached_property
    def worth(self) -> dict[tuple[str, tuple[int, ...], str], Worth]:
        """What answers are worth, by dtype, shape and digest: several APIs give the same one."""
        return {}

    def __reduce__(self) -> tuple[type[Subject], tuple[Case]]:
        """Pickled as its case: the rest is worked out again sooner than it is sent."""
        return Subject, (self.case,)


@dataclass(frozen=True, eq=False)
class Item:
    """One call to make, for every mode that it is the call of."""

    subject: Subject
    api: Api
    modes: tuple[Mode, ...]
    call: Call | Inexpressible
    runtime: Runtime = ANY


def header(
    framework: Framework,
    identity: Identity,
    subjects: Iterable[Subject],
    *,
    together: bool = False,
) -> Header:
    """The header of a run in an interpreter that said who it is; ``together`` as it was started."""
    facts = identity.facts
    runtime = runtime_of(framework, identity)
    said = framework.together if together else None
    files: set[str] = set()

    def asked() -> Iterator[bytes]:
        for subject in subjects:  # once, as there may be more than fit into memory
            files.add(subject.case.place.file)
            yield f"{subject.case.id} {subject.content}".encode()

    cases = _digest(asked())
    return Header(
        framework=framework.name,
        version=str(facts["version"]),
        backend=runtime.backend,
        python=identity.python,
        numpy=identity.numpy,
        platform=identity.platform,
        packages=runtime.packages,
        runtime_class=runtime.runtime_class,
        probes=probes_of(framework, identity),
        device=device_of(identity),
        mode="eager",
        threads=_threads(identity),
        architecture=identity.machine.architecture or None,
        cpu_level=identity.machine.level,
        cpu_model=identity.machine.model,
        switches=identity.switches,
        apis={api.id: bool(facts[f"api {api.id}"]) for api in framework.apis},
        cases=cases,
        files=tuple(sorted(file for file in files if file and not _ships(Path(file)))),
        asked=said.words if said else "one by one",
    )


def _threads(identity: Identity) -> int | None:
    words = identity.switches.get("OMP_NUM_THREADS", "")
    return int(words) if words.isdecimal() else None


def _ships(file: Path) -> bool:
    return file.resolve().is_relative_to(shipped.CASES)


def items(
    framework: Framework, runtime: Runtime, apis: Iterable[Api], subjects: Iterable[Subject]
) -> Iterator[Item]:
    """Every call there is to make; where both modes write the same one, it is made once."""
    for subject in subjects:
        for api in apis:
            if not concerns(api, subject.case):
                continue
            asked = subject.case.question
            native, recipe = (calls.write(framework, runtime, api, asked, mode) for mode in MODES)
            if _same(native, recipe):
                yield Item(subject, api, MODES, recipe, runtime)
            else:
                yield Item(subject, api, ("native",), native, runtime)
                yield Item(subject, api, ("recipe",), recipe, runtime)


def _same(one: Call | Inexpressible, other: Call | Inexpressible) -> bool:
    if isinstance(one, Call) and isinstance(other, Call):
        return one.source == other.source
    return False


def observe(examination: Examination, items: Iterable[Item]) -> Iterator[Observation]:
    """What comes of each item, in their order, as it comes."""
    pulled: deque[Item] = deque()

    def tasks() -> Iterator[Task]:
        for item in items:
            pulled.append(item)
            if not isinstance(item.call, Inexpressible):
                yield _task(item, item.call)

    def mute() -> Iterator[Observation]:
        while pulled and isinstance(call := pulled[0].call, Inexpressible):
            item = pulled.popleft()
            yield from (judged(item, mode, call) for mode in item.modes)

    for _, outcome in examination.ask(tasks()):
        yield from mute()
        item = pulled.popleft()
        for mode in item.modes:
            yield judged(item, mode, outcome)
    yield from mute()


def ask(examination: Examination, item: Item) -> Outcome | Inexpressible:
    """What comes of one item, with the very array that was answered; `judged` tells its worth."""
    if isinstance(item.call, Inexpressible):
        return item.call
    ((_, outcome),) = examination.ask([_task(item, item.call)])
    return outcome


def _task(item: Item, call: Call) -> Task:
    last = item.modes == ("native",) and limits.breaks(
        item.api, item.subject.case.question, item.runtime
    )
    key = f"{item.api.id} {item.subject.case.id}"
    return Task(key, call.source, call.arrays, call.stretches, last)


def judged(item: Item, mode: Mode, outcome: Outcome | Inexpressible) -> Observation:
    """The observation that an outcome comes to, held against the oracle."""
    seen = _judged(item, mode, outcome)
    if isinstance(outcome, Answer | Refusal) and outcome.retry is not None:
        seen = replace(seen, retry=outcome.retry)
    if mode == "recipe" or not seen.unexplained:
        return seen
    limit = limits.behind(item.api, item.subject.case.question, item.runtime)
    return seen if limit is None else replace(seen, limit=limit.reason)


def _judged(item: Item, mode: Mode, outcome: Outcome | Inexpressible) -> Observation:
    if isinstance(outcome, Inexpressible):
        return _observation(item, mode, "inexpressible", detail=outcome.reason)
    if isinstance(outcome, Answer):
        return _judged_answer(item, mode, outcome.array)
    if isinstance(outcome, Refusal):
        status: Status = "match" if item.subject.wanted is None else "rejected"
        if outcome.type == NoAnswer.__name__:
            status = "mismatch"  # It did answer, if not with numbers.
        return _observation(item, mode, status, detail=outcome.words)
    return _observation(item, mode, _STATUS[type(outcome)], detail=outcome.words)


_STATUS: Mapping[type[Outcome], Status] = {Crash: "crashed", Hang: "hung", Flaky: "flaky"}


def _judged_answer(item: Item, mode: Mode, got: Array) -> Observation:
    case, wanted = item.subject.case, item.subject.wanted
    if wanted is None and got.size == 0:
        return _observation(item, mode, "match", detail=f"nothing, as {got.dtype} of {got.shape}")
    dtype, digest = str(got.dtype), _digest((_plain(got),))
    known = item.subject.worth
    worth = known.get((dtype, got.shape, digest))
    if worth is None:
        worth = known[dtype, got.shape, digest] = _worth(case, wanted, got)
    return _observation(
        item,
        mode,
        "match" if worth.detail is None else "mismatch",
        detail=worth.detail,
        diagnosis=worth.diagnosis and worth.diagnosis.words,
        explanations=worth.diagnosis.names if worth.diagnosis else (),
        claim=worth.claim,
        correction=worth.correction,
        shape=got.shape,
        dtype=dtype,
        digest=digest,
    )


def _worth(case: Case, wanted: Array | None, got: Array) -> Worth:
    diagnosis = None
    if wanted is None:
        detail: str | None = f"an answer of shape {got.shape} to a question that has none"
    else:
        detail = comparison.difference(case.question, wanted, got, exact=case.exact)
    if detail is not None:
        diagnosis = diagnose(case.question, wanted, got, exact=case.exact)
        if wanted is None and not diagnosis.explanations:
            diagnosis = None  # The detail has said all that can be said.
    return Worth(
        detail,
        diagnosis,
        expectations.claim_holds(case, got),
        expectations.correction_holds(case, got),
    )


def _observation(item: Item, mode: Mode, status: Status, **rest: object) -> Observation:
    case = item.subject.case
    return Observation(
        api=item.api.id,
        case=case.id,
        mode=mode,
        status=status,
        op=case.op,
        topics=case.labels,
        cost=item.call.cost.words if isinstance(item.call, Call) else None,
        moves=item.call.moves if isinstance(item.call, Call) else (),
        content=item.subject.content,
        exact=case.exact,
        **rest,  # type: ignore[arg-type]  # the fields that only some outcomes have
    )


def concerns(api: Api, case: Case) -> bool:
    """A case is for the APIs of its operator, a chain for those that transpose.

    Only layers have parameters of their own to count. A variant is only asked what it is about.
    """
    asked = case.question
    if api.topics and api.topics.isdisjoint(case.topics):
        return False
    if isinstance(asked, Chain):
        return api.operator == "conv_transpose"
    return api.operator == asked.operator and (api.has_parameters or asked.wanted != "parameters")


def _parts(asked: Asked) -> Iterator[bytes]:
    if isinstance(asked, Chain):
        for step in asked.steps:
            yield from _parts(step) if isinstance(step, Question) else (repr(step).encode(),)
        return
    for field in fields(asked):
        value = getattr(asked, field.name)
        if isinstance(value, np.ndarray):
            yield f"{field.name} {value.dtype.str} {value.shape} {memory_of(value)}".encode()
            yield np.ascontiguousarray(value).tobytes()
        else:
            yield f"{field.name} {value!r}".encode()


def _plain(got: Array) -> bytes:
    """The bytes of an answer, the same for equal ones: of no machine, and with one zero only."""
    if got.dtype.kind in "fc":
        got = got + got.dtype.type(0)
    return got.astype(got.dtype.newbyteorder("<")).tobytes()


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()[:16]
