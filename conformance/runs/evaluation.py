"""Evaluate the outcome of a call against the oracle."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from conformance import comparison
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api
from conformance.adapters.runtime import Runtime
from conformance.cases import expectations
from conformance.conventions import alternatives
from conformance.conventions.budget import Budget
from conformance.conventions.diagnosis import Diagnosis, diagnose
from conformance.observations import Mode, Observation, Status
from conformance.question import AnyQuestion, Array, as_canonical
from conformance.recipes import limitations
from conformance.recipes.call_writer import Call
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import Evaluation, PreparedCase, digest_of, plain_bytes
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal
from conformance.workers.program import Skipped
from conformance.workers.worker import NoAnswer


def evaluate(invocation: Invocation, mode: Mode, outcome: Outcome | Inexpressible) -> Observation:
    """Evaluate the outcome of a call against the oracle, in one of the modes of the call.

    The outcome is what the worker returned, or why the call cannot be written. The observation has
    the known limitation of the framework, if that is the only explanation.
    """
    observation = _evaluate_outcome(invocation, mode, outcome)
    if isinstance(outcome, Answer | Refusal) and outcome.retry is not None:
        observation = replace(observation, retry=outcome.retry)
    question = invocation.prepared_case.case.question
    return with_limitation(observation, invocation.api, question, invocation.runtime)


def with_limitation(
    observation: Observation, api: Api, question: AnyQuestion, runtime: Runtime
) -> Observation:
    """Add the known limitation behind an observation, if nothing else explains it."""
    rejected = observation.status == "rejected"
    if observation.mode == "recipe" or not (observation.unexplained or rejected):
        return observation
    search = limitations.refusal if rejected else limitations.behind
    limitation = search(api, question, runtime)
    if limitation is None:
        return observation
    return replace(observation, limitation=limitation.reason)


def _evaluate_outcome(
    invocation: Invocation, mode: Mode, outcome: Outcome | Inexpressible
) -> Observation:
    if isinstance(outcome, Inexpressible):
        return _observation(invocation, mode, "inexpressible", detail=outcome.reason)
    if isinstance(outcome, Answer):
        return _evaluate_array(invocation, mode, outcome.array)
    if isinstance(outcome, Refusal):
        if outcome.type == Skipped.__name__:
            return _observation(invocation, mode, "inexpressible", detail=outcome.first_line)
        status: Status = "match" if invocation.prepared_case.oracle_answer is None else "rejected"
        if outcome.type == NoAnswer.__name__:
            status = "mismatch"  # It did answer, if not with numbers.
        return _observation(invocation, mode, status, detail=outcome.words)
    return _observation(invocation, mode, _STATUS[type(outcome)], detail=outcome.words)


_STATUS: Mapping[type[Outcome], Status] = {Crash: "crashed", Hang: "hung", Flaky: "flaky"}


def _evaluate_array(invocation: Invocation, mode: Mode, answer: Array) -> Observation:
    prepared_case, shape, dtype = invocation.prepared_case, answer.shape, str(answer.dtype)
    case = prepared_case.case
    if prepared_case.oracle_answer is None and answer.size == 0:
        return _observation(invocation, mode, "match", detail=f"nothing, as {dtype} of {shape}")
    digest = digest_of((plain_bytes(answer),))
    answer = as_canonical(case.question, answer)
    evaluations = prepared_case.evaluations
    evaluation = evaluations.get((dtype, shape, digest))
    if evaluation is None:
        evaluation = evaluations[dtype, shape, digest] = replace(
            evaluate_answer(prepared_case, answer),
            claim=expectations.claim_holds(case, answer),
            correction=expectations.correction_holds(case, answer),
        )
    return _observation(
        invocation,
        mode,
        **vars(evaluation),
        shape=shape,
        dtype=dtype,
        digest=digest,
    )


def evaluate_answer(prepared_case: PreparedCase, answer: Array) -> Evaluation:
    """Compare an answer of any shape and dtype with the oracle's, and explain a difference.

    The evaluation has no claim and no correction.
    """
    case, expected = prepared_case.case, prepared_case.oracle_answer
    if expected is None:
        diagnosis = _diagnose(prepared_case, answer)
        return Evaluation(
            "mismatch",
            f"an answer of shape {answer.shape} to a question that has none",
            # Where nothing explains it, the detail has said all.
            diagnosis.words if diagnosis.names else None,
            diagnosis.names,
        )
    within = None if case.exact else prepared_case.reference
    detail = comparison.difference(case.question, expected, answer, exact=case.exact, within=within)
    if detail is None:
        return Evaluation("match") if within is None else _evaluate_close(prepared_case, answer)
    diagnosis = _diagnose(prepared_case, answer)
    possible = within is not None and answer.dtype == expected.dtype and within.allows(answer)
    if possible and not diagnosis.explanations:
        return Evaluation("undecided", detail, _UNDECIDED)
    return Evaluation("mismatch", detail, diagnosis.words, diagnosis.names)


def _diagnose(prepared_case: PreparedCase, answer: Array) -> Diagnosis:
    """Search for conventions that explain an answer, or else for a mistake to remark on."""
    case, expected = prepared_case.case, prepared_case.oracle_answer
    budget = Budget(seconds=prepared_case.seconds)
    search = partial(diagnose, case.question, expected, answer, exact=case.exact, budget=budget)
    diagnosis = search(mistakes=False)
    if diagnosis.explanations or expected is None:
        return diagnosis
    mistake = search()
    if not mistake.explanations:
        return diagnosis
    return replace(diagnosis, remark=f"{diagnosis.remark} By mistake: {mistake.words}".lstrip())


def _evaluate_close(prepared_case: PreparedCase, answer: Array) -> Evaluation:
    """Evaluate a real-valued answer within rounding: it matches unless another fits as well."""
    question, reference = prepared_case.case.question, prepared_case.reference
    rivals = tuple(alternatives.rivals(question, reference, answer))
    if not rivals:
        return Evaluation("match")
    names = "; ".join(map(alternatives.name_of, rivals))
    return Evaluation(
        "undecided",
        "within rounding of the oracle's answer, and of another one",
        f"Rounding hides whether this is the right answer or another one: {names}.",
        tuple(tuple(map(str, rival)) for rival in rivals if rival),
    )


_UNDECIDED = (
    "It is further from the oracle's answer than rounding takes a sum, but no further than it could"
    " take one, and no known convention explains it."
)


def _observation(
    invocation: Invocation, mode: Mode, status: Status, **fields: object
) -> Observation:
    case, call = invocation.prepared_case.case, invocation.call
    return Observation(
        api=invocation.api.id,
        case=case.id,
        mode=mode,
        status=status,
        op=case.op,
        topics=case.labels,
        cost=call.cost.words if isinstance(call, Call) else None,
        rewrites=call.moves if isinstance(call, Call) else (),
        content=invocation.prepared_case.content,
        exact=case.exact,
        **fields,  # type: ignore[arg-type]  # the fields that only some outcomes have
    )
