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


def behind(api: Api, asked: AnyQuestion, runtime: Runtime) -> Limitation | None:
    """The known limit that the native call for a question runs into, if there is one.

    What the call really asks is the question, understood under the fewest conventions, of which
    the API's own arguments make the same call. Nothing is known of a chain.
    """
    if isinstance(asked, Chain) or search.has_no_meaning(asked):
        return None
    called = api.native(search.handed(api, asked))
    for understood in interpretations.understood(asked, most=MOST):
        means = search.handed(api, understood)
        if api.recipe(means) == called:
            return search.refusing(api, means, runtime)
    return None


def refusal(api: Api, asked: AnyQuestion, runtime: Runtime) -> Limitation | None:
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
    if isinstance(asked, Chain) or search.has_no_meaning(asked):
        return None
    handed = search.handed(api, asked)
    for limit in api.limits:
        if limit.refused and limit.stops(handed, runtime):
            return limit
    found = behind(api, asked, runtime)
    return found if found is not None and found.refused else None


def corrupts_process(api: Api, asked: AnyQuestion, runtime: Runtime) -> bool:
    """Whether the native call, taken for what it looks like, may break its process's memory."""
    if isinstance(asked, Chain) or search.has_no_meaning(asked):
        return False
    handed = search.handed(api, asked)
    return any(limit.corrupts_process and limit.stops(handed, runtime) for limit in api.limits)
