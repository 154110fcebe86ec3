"""Limits behind answers: what a framework is known not to do, where a native call asks for it.

A recipe goes around a known limit, and a native call runs into it. No convention explains what
comes of that; the limit does.
"""

from __future__ import annotations

from conformance.adapters.base import Api, Limitation
from conformance.adapters.runtime import Runtime
from conformance.conventions import interpretations
from conformance.question import AnyQuestion, Chain
from conformance.recipes import search

MOST = 2
"""How many conventions are combined at most; what a call is told is seldom read in more ways."""


def behind(api: Api, question: AnyQuestion, runtime: Runtime) -> Limitation | None:
    """The known limit that the native call for a question runs into, if there is one.

    What the call really asks is the question, understood under the fewest conventions, of which
    the API's own arguments make the same call. Nothing is known of a chain.
    """
    if isinstance(question, Chain) or search.has_no_meaning(question):
        return None
    call = api.native(search.handed(api, question))
    for variant in interpretations.variants(question, most=MOST):
        variant_question = search.handed(api, variant)
        if api.recipe(variant_question) == call:
            return search.first_limitation(api, variant_question, runtime)
    return None


def refusal(api: Api, question: AnyQuestion, runtime: Runtime) -> Limitation | None:
    """Find the known limit that a native call was refused for.

    Parameters
    ----------
    api
        What was called.
    asked
        The question.
    runtime
        Where it was called.

    Returns
    -------
    Limit or None
        The first limit that the call runs into, as its arguments stand or as they are understood.
    """
    if isinstance(question, Chain) or search.has_no_meaning(question):
        return None
    call_question = search.handed(api, question)
    for limitation in api.limits:
        if limitation.refused and limitation.stops(call_question, runtime):
            return limitation
    limitation = behind(api, question, runtime)
    return limitation if limitation is not None and limitation.refused else None


def corrupts_process(api: Api, question: AnyQuestion, runtime: Runtime) -> bool:
    """Whether the native call, taken for what it looks like, may break its process's memory."""
    if isinstance(question, Chain) or search.has_no_meaning(question):
        return False
    call_question = search.handed(api, question)
    return any(
        limit.corrupts_process and limit.stops(call_question, runtime) for limit in api.limits
    )
