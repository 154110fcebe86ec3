"""Find the known limitation of a framework that explains the answer to a native call.

A recipe avoids a known limitation, and a native call may run into it. Then no convention explains
the answer, and the limitation does.
"""

from conformance.adapters.framework import Api
from conformance.adapters.limitation import NEEDS_BATCH, Limitation
from conformance.adapters.runtime import Runtime
from conformance.conventions import interpretations
from conformance.question import AnyQuestion, Chain
from conformance.recipes import search

MOST = 2
"""The largest number of conventions in a combination; a call seldom involves more."""


def behind(api: Api, question: AnyQuestion, runtime: Runtime) -> Limitation | None:
    """Find the known limitation that the native call for a question runs into.

    The call asks in truth the question under the fewest conventions for which the API's own
    arguments make the same call. If there are none, it is read literally, and a wrong answer is
    what explains it. For a chain no limitation is known.
    """
    if isinstance(question, Chain) or search.is_invalid(question):
        return None
    call_question = search.as_passed_to(api, question)
    call = api.native(call_question)
    for variant in interpretations.variants(question, most=MOST):
        variant_question = search.as_passed_to(api, variant)
        if api.equivalent(variant_question) == call:
            return search.first_limitation(api, variant_question, runtime)
    limits = (limit for limit in api.limits_in(runtime) if not limit.is_refusal)
    return next((limit for limit in limits if limit.stops(call_question)), None)


def refusal(api: Api, question: AnyQuestion, runtime: Runtime) -> Limitation | None:
    """Find the known limitation for which a native call was refused.

    Returns the first limitation that the call runs into, by its arguments as they stand or under
    conventions.
    """
    if isinstance(question, Chain) or search.is_invalid(question):
        return None
    call_question = search.as_passed_to(api, question)
    limits = api.limits_in(runtime)
    for limitation in limits if api.takes_unbatched else (NEEDS_BATCH, *limits):
        if limitation.is_refusal and limitation.stops(call_question):
            return limitation
    cause = behind(api, question, runtime)
    return cause if cause is not None and cause.is_refusal else None


def corrupts_process(api: Api, question: AnyQuestion, runtime: Runtime) -> bool:
    """Return whether the native call, read literally, may break its process's memory.

    A limitation that asks for the answer of a question without one does not hold of it.
    """
    if isinstance(question, Chain):
        return False
    call_question = search.as_passed_to(api, question)

    def holds(limitation: Limitation) -> bool:
        try:
            return limitation.stops(call_question)
        except (ValueError, ZeroDivisionError):
            return False

    return any(limit.corrupts_process and holds(limit) for limit in api.limits_in(runtime))
