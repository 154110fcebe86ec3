"""Proofs: what the observations of one environment say of a call that was not made there yet.

A call is proven right by cases whose arguments are of its classes, one by one, and that were asked
by the same recipe; and it is known to be refused where everything that is like it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.adapters.base import Api, Inexpressible
from conformance.adapters.runtime import Runtime
from conformance.observations import ANSWERED
from conformance.question import Question
from conformance.recipes import search
from conformance.translate.arguments import classes
from conformance.translate.records import Record

SEVERAL = 3
"""How many calls with the same classes of arguments have to be refused, and none answered."""


@dataclass(frozen=True)
class Proof:
    """What the cases of a record say of a recipe.

    Attributes
    ----------
    arguments
        The class of each argument of the call, in words.
    cases
        Those that were asked by the same recipe and were right, with all these arguments.
    apart
        For each class, how many cases with it were asked by the same recipe and were right.
    """

    arguments: tuple[str, ...]
    cases: tuple[str, ...]
    apart: tuple[int, ...]


def proof(api: Api, question: Question, moves: tuple[str, ...], record: Record) -> Proof:
    """Look up the cases that prove a recipe.

    Parameters
    ----------
    api
        What is called.
    question
        What is asked, in canonical terms.
    moves
        How the recipe rewrites it.
    record
        What was observed in the environment that the recipe is for.

    Returns
    -------
    Proof
        Without cases where the call is not proven.
    """
    wanted = classes(question)
    right = [
        (o.case, classes(asked))
        for asked, o in record.observations(api, "recipe")
        if (o.status, o.op, o.moves) == ("match", question.op, moves)
    ]
    return Proof(
        wanted,
        tuple(case for case, own in right if own == wanted),
        tuple(sum(own[i] == name for _, own in right) for i, name in enumerate(wanted)),
    )


@dataclass(frozen=True)
class Objection:
    """Why an API may refuse a call.

    Attributes
    ----------
    reason
        The known limit, or what was said to such calls.
    is_certain
        Whether nothing speaks against it.
    """

    reason: str
    is_certain: bool


def refusal(api: Api, question: Question, record: Record) -> Objection | None:
    """Say why an API refuses, or may refuse, the same-looking call.

    Parameters
    ----------
    api
        What is called.
    question
        What is asked, in the words of the API.
    record
        What was observed in the environment that is called.

    Returns
    -------
    Objection or None
        For a known limit that the call runs into, and that no call was answered under. It is not
        certain where the call runs into another one, too, that calls were answered under: that one
        gives them another meaning. Without such a limit, for what was said to calls with the same
        classes of arguments; it is certain where there were several, and all were refused.
    """
    if isinstance(search.native(api, question), Inexpressible):
        return None
    seen = [(q, o) for q, o in record.observations(api, "native") if o.op == question.op]
    answered = [search.handed(api, asked) for asked, o in seen if o.status in ANSWERED]
    handed = search.handed(api, question)
    limits = [one for one in api.limits if one.refused and one.stops(handed, record.runtime)]
    holding = [one for one in limits if not any(one.stops(q, record.runtime) for q in answered)]
    if holding:
        return Objection(holding[0].reason, is_certain=holding == limits)
    wanted = classes(question)
    alike = [o for asked, o in seen if classes(asked) == wanted]
    refused = [o for o in alike if o.status == "rejected"]
    if not refused:
        return None
    reason = refused[0].limit or refused[0].detail or "all such calls were refused"
    return Objection(reason, is_certain=len(refused) == len(alike) >= SEVERAL)


def falsehood(api: Api, meaning: Question, runtime: Runtime) -> str | None:
    """Say why an API is known to answer a call wrongly.

    Parameters
    ----------
    api
        What is called.
    meaning
        What the call means, in canonical terms.
    runtime
        Where it is called.

    Returns
    -------
    str or None
        The known limit that the call runs into; None where none is known.
    """
    handed = search.handed(api, meaning)
    wrong = (limit for limit in api.limits if not limit.refused)
    return next((one.reason for one in wrong if one.stops(handed, runtime)), None)
