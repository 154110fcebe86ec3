"""Prove calls by the observations of similar calls in the same environment.

Cases prove a call right if their arguments are of its classes, one by one, and if the same recipe
asked them. A call is known to be refused if all similar calls were refused.
"""

from dataclasses import dataclass

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api
from conformance.adapters.runtime import Runtime
from conformance.observations import ANSWERED
from conformance.question import Question
from conformance.recipes import search
from conformance.translate.arguments import classes
from conformance.translate.records import Record

SEVERAL = 3
"""The fewest refused calls with the same classes of arguments that make a refusal certain."""


@dataclass(frozen=True)
class Proof:
    """The cases of a record that prove a recipe.

    Attributes
    ----------
    arguments
        The class of each argument of the call, in words.
    cases
        The ids of the cases with all these classes that the same recipe asked rightly.
    apart
        For each class, the number of cases with it that the same recipe asked rightly.
    """

    arguments: tuple[str, ...]
    cases: tuple[str, ...]
    apart: tuple[int, ...]


def proof(api: Api, question: Question, moves: tuple[str, ...], record: Record) -> Proof:
    """Look up the cases that prove a recipe.

    Returns
    -------
    Proof
        Without cases where the call is not proven.
    """
    arguments = classes(question)
    right = [
        (observation.case, classes(other))
        for other, observation in record.observations(api, "recipe")
        if (observation.status, observation.op, observation.rewrites)
        == ("match", question.op, moves)
    ]
    return Proof(
        arguments,
        tuple(case for case, others in right if others == arguments),
        tuple(sum(others[i] == name for _, others in right) for i, name in enumerate(arguments)),
    )


@dataclass(frozen=True)
class Objection:
    """Why an API may refuse a call.

    ``reason`` is the known limit, or how the framework refused such calls. ``is_certain`` says
    whether nothing contradicts it.
    """

    reason: str
    is_certain: bool


def refusal(api: Api, question: Question, record: Record) -> Objection | None:
    """Return why an API refuses, or may refuse, the naive call.

    A known limit objects if the call runs into it, and if no call was answered under it. It is not
    certain if the call also runs into a limit under which calls were answered, because that one may
    give the call another meaning. Without such a limit, refused calls with the same classes of
    arguments object. They are certain if there are several, and if all such calls were refused.

    Returns None where nothing objects.
    """
    if isinstance(search.native(api, question), Inexpressible):
        return None
    pairs = [(q, o) for q, o in record.observations(api, "native") if o.op == question.op]
    answered = [search.as_passed_to(api, q) for q, o in pairs if o.status in ANSWERED]
    call_question = search.as_passed_to(api, question)
    limits = [
        limit
        for limit in api.limits_in(record.runtime)
        if limit.is_refusal and limit.stops(call_question)
    ]
    unanswered = [limit for limit in limits if not any(map(limit.stops, answered))]
    if unanswered:
        return Objection(unanswered[0].reason, is_certain=unanswered == limits)
    arguments = classes(question)
    similar = [observation for q, observation in pairs if classes(q) == arguments]
    refused = [observation for observation in similar if observation.status == "rejected"]
    if not refused:
        return None
    reason = refused[0].limitation or refused[0].detail or "all such calls were refused"
    return Objection(reason, is_certain=len(refused) == len(similar) >= SEVERAL)


def falsehood(api: Api, meaning: Question, runtime: Runtime) -> str | None:
    """Return why an API is known to answer a call wrongly.

    Returns the known limit that the call runs into; None where none is known.
    """
    call_question = search.as_passed_to(api, meaning)
    limits = (limit for limit in api.limits_in(runtime) if not limit.is_refusal)
    return next((limit.reason for limit in limits if limit.stops(call_question)), None)
