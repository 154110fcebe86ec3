"""Evaluates an answer: the observation that it comes to, held against the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from conformance import comparison
from conformance.adapters.base import Api, Inexpressible
from conformance.adapters.runtime import Runtime
from conformance.cases import expectations
from conformance.conventions import alternatives
from conformance.conventions.budget import Budget
from conformance.conventions.diagnosis import Diagnosis, diagnose
from conformance.observations import Mode, Observation, Status
from conformance.question import AnyQuestion, Array
from conformance.recipes import limitations
from conformance.recipes.call_writer import Call
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import Evaluation, PreparedCase, digest_of, plain_bytes
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal
from conformance.workers.worker import NoAnswer


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
    dtype, digest = str(got.dtype), digest_of((plain_bytes(got),))
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
    case, wanted, budget = (
        prepared_case.case,
        prepared_case.wanted,
        Budget(seconds=prepared_case.seconds),
    )
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
