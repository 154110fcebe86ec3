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
from conformance.question import Array, AnyQuestion, Chain, Question
from conformance.recipes import call_writer, limitations
from conformance.recipes.call_writer import Call
from conformance.runs.run_files import Header
from conformance.utils import resources
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal
from conformance.workers.worker import NoAnswer
from conformance.workers.worker_client import WorkerClient, RuntimeInfo, Task


@dataclass(frozen=True, eq=False)
class Evaluation:
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
class PreparedCase:
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
    def worth(self) -> dict[tuple[str, tuple[int, ...], str], Evaluation]:
        """What answers are worth, by dtype, shape and digest: several APIs give the same one."""
        return {}

    def __reduce__(self) -> tuple[type[PreparedCase], tuple[Case]]:
        """Pickled as its case: the rest is worked out again sooner than it is sent."""
        return PreparedCase, (self.case,)


@dataclass(frozen=True, eq=False)
class Invocation:
    """One call to make, for every mode that it is the call of."""

    prepared_case: PreparedCase
    api: Api
    modes: tuple[Mode, ...]
    call: Call | Inexpressible
    runtime: Runtime = ANY


def header(
    framework: Framework,
    identity: RuntimeInfo,
    prepared_cases: Iterable[PreparedCase],
    *,
    together: bool = False,
) -> Header:
    """The header of a run in an interpreter that said who it is; ``together`` as it was started."""
    facts = identity.facts
    runtime = runtime_of(framework, identity)
    said = framework.together if together else None
    files: set[str] = set()

    def asked() -> Iterator[bytes]:
        for prepared_case in prepared_cases:  # once, as there may be more than fit into memory
            files.add(prepared_case.case.place.file)
            yield f"{prepared_case.case.id} {prepared_case.content}".encode()

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


def _threads(identity: RuntimeInfo) -> int | None:
    words = identity.switches.get("OMP_NUM_THREADS", "")
    return int(words) if words.isdecimal() else None


def _ships(file: Path) -> bool:
    return file.resolve().is_relative_to(resources.CASES)


def invocations(
    framework: Framework, runtime: Runtime, apis: Iterable[Api], prepared_cases: Iterable[PreparedCase]
) -> Iterator[Invocation]:
    """Every call there is to make; where both modes write the same one, it is made once."""
    for prepared_case in prepared_cases:
        for api in apis:
            if not is_applicable(api, prepared_case.case):
                continue
            asked = prepared_case.case.question
            native, recipe = (
                call_writer.write(framework, runtime, api, asked, mode) for mode in MODES
            )
            if _same(native, recipe):
                yield Invocation(prepared_case, api, MODES, recipe, runtime)
            else:
                yield Invocation(prepared_case, api, ("native",), native, runtime)
                yield Invocation(prepared_case, api, ("recipe",), recipe, runtime)


def _same(one: Call | Inexpressible, other: Call | Inexpressible) -> bool:
    if isinstance(one, Call) and isinstance(other, Call):
        return one.source == other.source
    return False


def run_invocations(client: WorkerClient, items: Iterable[Invocation]) -> Iterator[Observation]:
    """What comes of each item, in their order, as it comes."""
    pulled: deque[Invocation] = deque()

    def tasks() -> Iterator[Task]:
        for item in items:
            pulled.append(item)
            if not isinstance(item.call, Inexpressible):
                yield _task(item, item.call)

    def mute() -> Iterator[Observation]:
        while pulled and isinstance(call := pulled[0].call, Inexpressible):
            item = pulled.popleft()
            yield from (evaluate(item, mode, call) for mode in item.modes)

    for _, outcome in client.ask(tasks()):
        yield from mute()
        item = pulled.popleft()
        for mode in item.modes:
            yield evaluate(item, mode, outcome)
    yield from mute()


def invoke(client: WorkerClient, item: Invocation) -> Outcome | Inexpressible:
    """What comes of one item, with the very array that was answered; `judged` tells its worth."""
    if isinstance(item.call, Inexpressible):
        return item.call
    ((_, outcome),) = client.ask([_task(item, item.call)])
    return outcome


def _task(item: Invocation, call: Call) -> Task:
    last = item.modes == ("native",) and limitations.corrupts_process(
        item.api, item.prepared_case.case.question, item.runtime
    )
    key = f"{item.api.id} {item.prepared_case.case.id}"
    return Task(key, call.source, call.arrays, call.traceable_spans, last)


def evaluate(item: Invocation, mode: Mode, outcome: Outcome | Inexpressible) -> Observation:
    """The observation that an outcome comes to, held against the oracle."""
    seen = _judged(item, mode, outcome)
    if isinstance(outcome, Answer | Refusal) and outcome.retry is not None:
        seen = replace(seen, retry=outcome.retry)
    return limited(seen, item.api, item.prepared_case.case.question, item.runtime)


def limited(seen: Observation, api: Api, asked: AnyQuestion, runtime: Runtime) -> Observation:
    """The observation with the known limit behind it, where that is all that explains it."""
    if seen.mode == "recipe" or not (seen.unexplained or seen.status == "rejected"):
        return seen
    known = limitations.refusal if seen.status == "rejected" else limitations.behind
    limit = known(api, asked, runtime)
    return seen if limit is None else replace(seen, limit=limit.reason)


def _judged(item: Invocation, mode: Mode, outcome: Outcome | Inexpressible) -> Observation:
    if isinstance(outcome, Inexpressible):
        return _observation(item, mode, "inexpressible", detail=outcome.reason)
    if isinstance(outcome, Answer):
        return _judged_answer(item, mode, outcome.array)
    if isinstance(outcome, Refusal):
        status: Status = "match" if item.prepared_case.wanted is None else "rejected"
        if outcome.type == NoAnswer.__name__:
            status = "mismatch"  # It did answer, if not with numbers.
        return _observation(item, mode, status, detail=outcome.words)
    return _observation(item, mode, _STATUS[type(outcome)], detail=outcome.words)


_STATUS: Mapping[type[Outcome], Status] = {Crash: "crashed", Hang: "hung", Flaky: "flaky"}


def _judged_answer(item: Invocation, mode: Mode, got: Array) -> Observation:
    case = item.prepared_case.case
    if item.prepared_case.wanted is None and got.size == 0:
        return _observation(item, mode, "match", detail=f"nothing, as {got.dtype} of {got.shape}")
    dtype, digest = str(got.dtype), _digest((_plain(got),))
    known = item.prepared_case.worth
    worth = known.get((dtype, got.shape, digest))
    if worth is None:
        worth = known[dtype, got.shape, digest] = replace(
            evaluate_answer(item.prepared_case, got),
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


def evaluate_answer(prepared_case: PreparedCase, got: Array) -> Evaluation:
    """An answer held against the oracle's, with what explains it where it is another one."""
    case, wanted = prepared_case.case, prepared_case.wanted
    if wanted is None:
        found = _diagnosed(prepared_case, got)
        return Evaluation(
            "mismatch",
            f"an answer of shape {got.shape} to a question that has none",
            # Where nothing explains it, that has said all that can be said.
            found.words if found.names else None,
            found.names,
        )
    within = None if case.exact else prepared_case.reference
    detail = comparison.difference(case.question, wanted, got, exact=case.exact, within=within)
    if detail is None:
        return Evaluation("match") if within is None else _decided(prepared_case, got)
    found = _diagnosed(prepared_case, got)
    unknown = within is not None and got.dtype == wanted.dtype and within.allows(got)
    if unknown and not found.explanations:
        return Evaluation("undecided", detail, _UNKNOWN)
    return Evaluation("mismatch", detail, found.words, found.names)


def _diagnosed(prepared_case: PreparedCase, got: Array) -> Diagnosis:
    """What an API may mean that explains an answer; else what it is by mistake, in words."""
    case, wanted, budget = prepared_case.case, prepared_case.wanted, Budget(seconds=prepared_case.seconds)
    search = partial(diagnose, case.question, wanted, got, exact=case.exact, budget=budget)
    diagnosis = search(mistakes=False)
    if diagnosis.explanations or wanted is None:
        return diagnosis
    mistaken = search()
    if not mistaken.explanations:
        return diagnosis
    return replace(diagnosis, remark=f"{diagnosis.remark} By mistake: {mistaken.words}".lstrip())


def _decided(prepared_case: PreparedCase, got: Array) -> Evaluation:
    """A real-valued answer that is within rounding: right, if nothing else is as good as that."""
    found = tuple(alternatives.rivals(prepared_case.case.question, prepared_case.reference, got))
    if not found:
        return Evaluation("match")
    named = "; ".join(alternatives.named(rival) for rival in found)
    return Evaluation(
        "undecided",
        "within rounding of the oracle's answer, and of another one",
        f"Rounding hides whether this is the right answer or another one: {named}.",
        tuple(tuple(map(str, rival)) for rival in found if rival),
    )


_UNKNOWN = (
    "It is further from the oracle's answer than rounding takes a sum, but no further than it could"
    " take one, and no known convention explains it."
)


def _observation(item: Invocation, mode: Mode, status: Status, **rest: object) -> Observation:
    case = item.prepared_case.case
    return Observation(
        api=item.api.id,
        case=case.id,
        mode=mode,
        status=status,
        op=case.op,
        topics=case.labels,
        cost=item.call.cost.words if isinstance(item.call, Call) else None,
        moves=item.call.moves if isinstance(item.call, Call) else (),
        content=item.prepared_case.content,
        exact=case.exact,
        **rest,  # type: ignore[arg-type]  # the fields that only some outcomes have
    )


def is_applicable(api: Api, case: Case) -> bool:
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


def _parts(asked: AnyQuestion) -> Iterator[bytes]:
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
