"""A survey: every case asked of every API of a framework, in both modes, in one interpreter."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from conformance import comparison, question
from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases import Case, expectations
from conformance.comparison import Reference
from conformance.conventions import alternatives
from conformance.conventions.budget import Budget
from conformance.conventions.diagnosis import Diagnosis, diagnose
from conformance.environments.interpreters import device_of, probes_of, runtime_of
from conformance.environments.interpreters import interpreter_for as interpreter_for
from conformance.observations import MODES, Mode, Observation, Status
from conformance.oracle.memory_layout import memory_of
from conformance.question import Array, Asked, Chain, Question
from conformance.recipes import call_writer, limitations
from conformance.recipes.call_writer import Call
from conformance.runs.run_files import Header
from conformance.utils import resources
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal
from conformance.workers.worker import NoAnswer
from conformance.workers.worker_client import Examination, Identity, Task


@dataclass(frozen=True, eq=False)
class Worth:
    """An answer held against the oracle and against what the case's document states.

    Attributes
    ----------
    status
        Whether it is the oracle's answer, as far as that can be known.
    detail
        How it differs, in words.
    diagnosis
        What explains it, in words, and the conventions of that by their names.
    """

    status: Status
    detail: str | None = None
    diagnosis: str | None = None
    explanations: tuple[tuple[str, ...], ...] = ()
    claim: bool | None = None
    correction: bool | None = None


@dataclass(frozen=True, eq=False)
class Subject:
    """A case with what is worked out once for all APIs.

    Attributes
    ----------
    seconds
        How long an explanation may be looked for, where somebody waits for it.
    """

    case: Case
    seconds: float | None = None

    @cached_property
    def wanted(self) -> Array | None:
        """The oracle's answer; None where the case is that there is none."""
        return None if self.case.expected.error else question.answer(self.case.question)

    @cached_property
    def reference(self) -> Reference:
        """The answer in float64 and its bounds, for a real-valued case that has an answer."""
        return comparison.reference(self.case.question)

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
    return file.resolve().is_relative_to(resources.CASES)


def items(
    framework: Framework, runtime: Runtime, apis: Iterable[Api], subjects: Iterable[Subject]
) -> Iterator[Item]:
    """Every call there is to make; where both modes write the same one, it is made once."""
    for subject in subjects:
        for api in apis:
            if not concerns(api, subject.case):
                continue
            asked = subject.case.question
            native, recipe = (
                call_writer.write(framework, runtime, api, asked, mode) for mode in MODES
            )
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
    last = item.modes == ("native",) and limitations.breaks(
        item.api, item.subject.case.question, item.runtime
    )
    key = f"{item.api.id} {item.subject.case.id}"
    return Task(key, call.source, call.arrays, call.stretches, last)


def judged(item: Item, mode: Mode, outcome: Outcome | Inexpressible) -> Observation:
    """The observation that an outcome comes to, held against the oracle."""
    seen = _judged(item, mode, outcome)
    if isinstance(outcome, Answer | Refusal) and outcome.retry is not None:
        seen = replace(seen, retry=outcome.retry)
    return limited(seen, item.api, item.subject.case.question, item.runtime)


def limited(seen: Observation, api: Api, asked: Asked, runtime: Runtime) -> Observation:
    """The observation with the known limit behind it, where that is all that explains it."""
    if seen.mode == "recipe" or not (seen.unexplained or seen.status == "rejected"):
        return seen
    known = limitations.refusal if seen.status == "rejected" else limitations.behind
    limit = known(api, asked, runtime)
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
    case = item.subject.case
    if item.subject.wanted is None and got.size == 0:
        return _observation(item, mode, "match", detail=f"nothing, as {got.dtype} of {got.shape}")
    dtype, digest = str(got.dtype), _digest((_plain(got),))
    known = item.subject.worth
    worth = known.get((dtype, got.shape, digest))
    if worth is None:
        worth = known[dtype, got.shape, digest] = replace(
            evaluated(item.subject, got),
            claim=expectations.claim_holds(case, got),
            correction=expectations.correction_holds(case, got),
        )
    return _observation(
        item,
        mode,
        worth.status,
        detail=worth.detail,
        diagnosis=worth.diagnosis,
        explanations=worth.explanations,
        claim=worth.claim,
        correction=worth.correction,
        shape=got.shape,
        dtype=dtype,
        digest=digest,
    )


def evaluated(subject: Subject, got: Array) -> Worth:
    """An answer held against the oracle's, with what explains it where it is another one."""
    case, wanted = subject.case, subject.wanted
    if wanted is None:
        found = _diagnosed(subject, got)
        return Worth(
            "mismatch",
            f"an answer of shape {got.shape} to a question that has none",
            # Where nothing explains it, that has said all that can be said.
            found.words if found.names else None,
            found.names,
        )
    within = None if case.exact else subject.reference
    detail = comparison.difference(case.question, wanted, got, exact=case.exact, within=within)
    if detail is None:
        return Worth("match") if within is None else _decided(subject, got)
    found = _diagnosed(subject, got)
    unknown = within is not None and got.dtype == wanted.dtype and within.allows(got)
    if unknown and not found.explanations:
        return Worth("undecided", detail, _UNKNOWN)
    return Worth("mismatch", detail, found.words, found.names)


def _diagnosed(subject: Subject, got: Array) -> Diagnosis:
    """What an API may mean that explains an answer; else what it is by mistake, in words."""
    case, wanted, budget = subject.case, subject.wanted, Budget(seconds=subject.seconds)
    search = partial(diagnose, case.question, wanted, got, exact=case.exact, budget=budget)
    diagnosis = search(mistakes=False)
    if diagnosis.explanations or wanted is None:
        return diagnosis
    mistaken = search()
    if not mistaken.explanations:
        return diagnosis
    return replace(diagnosis, remark=f"{diagnosis.remark} By mistake: {mistaken.words}".lstrip())


def _decided(subject: Subject, got: Array) -> Worth:
    """A real-valued answer that is within rounding: right, if nothing else is as good as that."""
    found = tuple(alternatives.rivals(subject.case.question, subject.reference, got))
    if not found:
        return Worth("match")
    named = "; ".join(alternatives.named(rival) for rival in found)
    return Worth(
        "undecided",
        "within rounding of the oracle's answer, and of another one",
        f"Rounding hides whether this is the right answer or another one: {named}.",
        tuple(tuple(map(str, rival)) for rival in found if rival),
    )


_UNKNOWN = (
    "It is further from the oracle's answer than rounding takes a sum, but no further than it could"
    " take one, and no known convention explains it."
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


_LATER = frozenset({"zero_given"})
"""Fields that digests are older than, so that they count only where they say something."""


def _parts(asked: Asked) -> Iterator[bytes]:
    if isinstance(asked, Chain):
        for step in asked.steps:
            yield from _parts(step) if isinstance(step, Question) else (repr(step).encode(),)
        return
    for field in fields(asked):
        value = getattr(asked, field.name)
        if field.name in _LATER and value == field.default:
            continue
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
